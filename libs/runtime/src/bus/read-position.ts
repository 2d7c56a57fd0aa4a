import type { BusMessage, StreamState } from './bus.ts'

/** A filtered reader that lags by more than this looks whether what it waits for is still there. */
const LAG_US = 10_000_000
const LAG_LOOK_MS = 1000
/** How often an idle filtered reader notes how far the stream has gone on without it. */
const IDLE_LOOK_MS = 30_000

/** Where a reader is in its stream, and whether anything it should have had is gone. */
export class ReadPosition {
  readonly #stream: string
  readonly #filtered: boolean
  readonly #gaps: 'report' | 'ignore'
  /** `fromSequence: 1` asks for the very first message; 0 for whatever is first. */
  readonly #anyFirst: boolean
  #incarnation: string | undefined
  #last: number
  /** Nothing that the filter lets through lies at or below it. */
  #scanned: number
  #lookedMs = -Infinity
  #idle: { lastSequence: number | undefined; sinceMs: number } | undefined

  constructor(stream: string, fromSequence: number, filtered: boolean, gaps: 'report' | 'ignore') {
    this.#stream = stream
    this.#filtered = filtered
    this.#gaps = gaps
    this.#anyFirst = fromSequence === 0
    this.#last = Math.max(0, fromSequence - 1)
    this.#scanned = this.#last
  }

  /** The last one handed on. */
  get last(): number {
    return this.#last
  }
  get next(): number {
    return this.#scanned + 1
  }
  /** The stream was seen before: errors are those of a running reader. */
  get known(): boolean {
    return this.#incarnation !== undefined
  }

  passed(sequence: number): void {
    this.#last = sequence
    this.#scanned = sequence
    this.#idle = undefined
  }

  /** Why reading cannot go on here, if so. */
  wrongWith(state: StreamState | undefined): string | undefined {
    if (!state) return `the stream ${this.#stream} is gone`
    if (this.#incarnation !== undefined && this.#incarnation !== state.incarnation)
      return `the stream ${this.#stream} was made anew`
    this.#incarnation = state.incarnation
    if (this.next > state.lastSequence + 1)
      return `the stream ${this.#stream} ends at ${state.lastSequence}, before ${this.next}`
    const begun = this.#last > 0 || !this.#anyFirst
    return this.#gaps === 'report' && begun ? this.goneFrom(state) : undefined
  }

  goneFrom(state: StreamState): string | undefined {
    if (this.next >= state.firstSequence) return undefined
    return `sequence ${this.next} of ${this.#stream} is gone: it begins at ${state.firstSequence}`
  }

  /** An unfiltered reader sees a hole in the numbers; a filtered one can only look, and does when it is far behind. */
  mustLook(message: BusMessage): boolean {
    if (this.#gaps === 'ignore' || this.#last === 0) return false
    if (!this.#filtered) return message.sequence !== this.#last + 1
    const now = performance.now()
    if (now - this.#lookedMs < LAG_LOOK_MS || Date.now() * 1000 - message.timeUs < LAG_US) return false
    this.#lookedMs = now
    return true
  }

  /**
   * The server says it has nothing for us. What the stream held a while ago, with silence since, does not concern the
   * filter: those sequences may go without being missed. `look` asks for the stream's last sequence.
   */
  idle(look: () => Promise<number | undefined>): void {
    if (!this.#filtered || this.#gaps === 'ignore') return
    const now = performance.now()
    const idle = this.#idle
    if (idle && now - idle.sinceMs < IDLE_LOOK_MS) return
    if (idle?.lastSequence !== undefined) this.#scanned = Math.max(this.#scanned, idle.lastSequence)
    const mark: { lastSequence: number | undefined; sinceMs: number } = { lastSequence: undefined, sinceMs: now }
    this.#idle = mark
    look().then(
      (last) => (mark.lastSequence = last),
      // No answer: the mark stays empty and the next heartbeat after the wait looks again.
      () => undefined,
    )
  }

  /** A new connection: silence on the old one proves nothing. */
  interrupted(): void {
    this.#idle = undefined
  }
}
