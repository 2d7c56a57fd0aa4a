import type { Bus, BusMessage, PublishAck } from '../bus/bus.ts'
import { PublishUnknown, WrongLastSequence } from '../bus/bus.ts'
import type { Clock } from '../clock.ts'
import { crashPoint, crashPointSoon } from './crash-point.ts'
import { Fenced, Halted } from './types.ts'

/** Pause before the subject is read back again while the server does not answer, ms: doubles up to the last. */
const READ_BACK_MS = [20, 50, 100, 250, 500, 1_000]

export type CommitterOptions = {
  readonly bus: Bus
  readonly clock: Clock
  readonly stream: string
  readonly subject: string
  /** Sequence of this copy's own last message on the subject. */
  readonly ownSequence: number
  /** The waiting decision is on its way: the actor may go on. */
  readonly onRoom: () => void
  /** The outcome of a publish is not known and cannot be asked for: for the log. */
  readonly onTrouble: (cause: Error) => void
  /** Fenced, or refused for good: nothing more will be published. */
  readonly onEnd: (cause: Error) => void
}

/**
 * Commit is the publish: one message in flight, fenced by the sequence of the one before. A second one waits, a third
 * may not be offered. After no answer or `wrong last sequence` the last message of the subject says what happened.
 */
export class Committer {
  readonly #options: CommitterOptions
  #ownSequence: number
  #inFlight: Uint8Array | undefined
  #waiting: Uint8Array | undefined
  #ended = false
  #idle: (() => void)[] = []

  constructor(options: CommitterOptions) {
    this.#options = options
    this.#ownSequence = options.ownSequence
  }

  get ownSequence(): number {
    return this.#ownSequence
  }
  /** Something is decided but not known to be stored. */
  get pending(): boolean {
    return this.#inFlight !== undefined
  }
  get full(): boolean {
    return this.#waiting !== undefined
  }

  offer(message: Uint8Array): void {
    if (this.#ended) return
    if (this.#inFlight === undefined) this.#send(message)
    else if (this.#waiting === undefined) this.#waiting = message
    else throw new Error('a third decision was offered while one is in flight and one waits')
  }

  /** Nothing is in flight any more, one way or the other. */
  async idle(): Promise<void> {
    if (this.pending && !this.#ended) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  end(): void {
    this.#ended = true
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** The usual way is one publish and one answer, with nothing else between a decision and the socket. */
  #send(message: Uint8Array): void {
    this.#inFlight = message
    publish(this.#options, message, this.#ownSequence).then(
      (ack) => this.#stored(ack.sequence),
      (error: unknown) => this.#doubt(message, error),
    )
  }

  #doubt(message: Uint8Array, error: unknown): void {
    if (this.#ended) return
    if (!isDoubt(error)) return this.#failed(error)
    settleDoubt(this.#options, message, this.#ownSequence, () => this.#ended).then(
      (sequence) => this.#stored(sequence),
      (cause: unknown) => this.#failed(cause),
    )
  }

  #stored(sequence: number): void {
    crashPoint('actor.acknowledged')
    if (this.#ended) return
    this.#ownSequence = sequence
    const next = this.#waiting
    this.#waiting = undefined
    this.#inFlight = undefined
    if (next) {
      this.#send(next)
      this.#options.onRoom()
    } else for (const resolve of this.#idle.splice(0)) resolve()
  }

  #failed(error: unknown): void {
    if (this.#ended) return
    this.end()
    this.#options.onEnd(error instanceof Error ? error : new Error(String(error)))
  }
}

type Where = Pick<CommitterOptions, 'bus' | 'clock' | 'stream' | 'subject' | 'onTrouble'>

/** The sequence under which exactly this message is stored. Throws `Fenced`, or what the server said for good. */
export async function publishFenced(where: Where, message: Uint8Array, ownSequence: number): Promise<number> {
  try {
    return (await publish(where, message, ownSequence)).sequence
  } catch (error) {
    if (!isDoubt(error)) throw error
    return await settleDoubt(where, message, ownSequence, () => false)
  }
}

/** Not known, or another message was faster. */
const isDoubt = (error: unknown): boolean => error instanceof PublishUnknown || error instanceof WrongLastSequence

function publish(where: Where, message: Uint8Array, ownSequence: number): Promise<PublishAck> {
  crashPoint('actor.before_publish')
  const sent = where.bus.publish(where.subject, message, { expectedLastSubjectSequence: ownSequence })
  crashPointSoon('actor.published')
  return sent
}

/** The last message of the subject says what happened. */
async function settleDoubt(
  where: Where,
  message: Uint8Array,
  ownSequence: number,
  ended: () => boolean,
): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const last = await readBack(where, ended)
    if (last && sameBytes(last.data, message)) return last.sequence
    if ((last?.sequence ?? 0) !== ownSequence) throw new Fenced(describe(last))
    // My previous message is still the last one: it was not stored. The same bytes again are the same decision.
    await pause(where.clock, READ_BACK_MS[Math.min(attempt, READ_BACK_MS.length - 1)] as number)
    try {
      return (await publish(where, message, ownSequence)).sequence
    } catch (error) {
      if (!isDoubt(error)) throw error
    }
  }
}

async function readBack(where: Where, ended: () => boolean): Promise<BusMessage | undefined> {
  for (let attempt = 0; ; attempt++) {
    if (ended()) throw new Halted('stopped before the outcome of its last decision was known')
    try {
      return await where.bus.lastOnSubject(where.stream, where.subject)
    } catch (error) {
      where.onTrouble(error instanceof Error ? error : new Error(String(error)))
      // Not reachable: the outcome stays unknown until it is, and nothing else may be published before.
      await pause(where.clock, READ_BACK_MS[Math.min(attempt, READ_BACK_MS.length - 1)] as number)
    }
  }
}

export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimer(ms, resolve))

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function describe(last: BusMessage | undefined): string {
  if (!last) return 'its last message is gone from the stream'
  try {
    const { epoch, worker, number } = JSON.parse(new TextDecoder().decode(last.data)) as Record<string, unknown>
    const by = typeof worker === 'string' ? ` by ${worker}` : ''
    return `epoch ${String(epoch)}${by} wrote number ${String(number)} as message ${last.sequence}`
  } catch {
    return `message ${last.sequence} was written by another`
  }
}
