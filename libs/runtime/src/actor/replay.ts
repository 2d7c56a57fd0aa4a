import type { Bus } from '../bus/bus.ts'
import { anchorKeys, versionKey } from './anchor.ts'
import { Backlog } from './backlog.ts'
import { canonicalJson, firstDifference } from './canonical.ts'
import type { StoredCheckpoint } from './checkpoint.ts'
import { decodeOwn, decodeValue, describeInput, describeThrow } from './messages.ts'
import type { DecisionMessage, OwnMessage } from './messages.ts'
import type { ActorInput, ActorProgram } from './program.ts'
import { InputsLost } from './types.ts'

export type Recorded = DecisionMessage & Record<string, unknown>
export type ReplayDifference = {
  /** Of the decision as recorded; of the next one when it was made but never recorded. */
  readonly number: number
  readonly input: string
  readonly difference: string
}
export type ReplayResult = {
  readonly inputs: number
  readonly recorded: number
  /** Made again on the same input, byte for byte. */
  readonly equal: number
  readonly differing: number
  /** Recorded, but not made again on that input. */
  readonly missing: number
  /** Made on an input on which none was recorded. */
  readonly extra: number
  readonly first: ReplayDifference | undefined
}

const BACKLOG_MESSAGES = 4096
/** The oldest kept checkpoint of the version that runs now from which every input can still be read. */
export async function replayStart(bus: Bus, id: string): Promise<StoredCheckpoint | undefined> {
  const bucket = await bus.kv('actors')
  const [began, ...entries] = await Promise.all(
    [versionKey(id), id, ...anchorKeys(id)].map(async (key) => {
      const entry = await bucket.get(key)
      return entry?.value ? (decodeValue(entry.value) as StoredCheckpoint) : undefined
    }),
  )
  // What was decided before is by other code: made again by this one it would differ, and say nothing.
  const found = [began, ...entries].filter((one) => one !== undefined && one.epoch >= (began?.epoch ?? 0))
  const usable: StoredCheckpoint[] = []
  for (const checkpoint of found) if (checkpoint && (await isWhole(bus, checkpoint))) usable.push(checkpoint)
  return usable.sort((a, b) => a.number - b.number || a.inputs - b.inputs)[0]
}

async function isWhole(bus: Bus, { cursors }: StoredCheckpoint): Promise<boolean> {
  for (const [stream, cursor] of Object.entries(cursors)) {
    const state = await bus.streamState(stream)
    if (!state || state.incarnation !== cursor.incarnation || state.firstSequence > cursor.sequence + 1) return false
  }
  return true
}

/** Decisions after a checkpoint, oldest first. */
export async function recordedDecisions(
  bus: Bus,
  output: { stream: string; subject: string },
  after: number,
): Promise<Recorded[]> {
  const last = await bus.lastOnSubject(output.stream, output.subject)
  const recorded: Recorded[] = []
  if (!last) return recorded
  const done = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream: output.stream,
    fromSequence: 1,
    filterSubjects: [output.subject],
    onMessage: (message) => {
      const own: OwnMessage = decodeOwn(message)
      if (own.kind === 'decision' && own.number > after) recorded.push(own as Recorded)
      if (message.sequence >= last.sequence) done.resolve()
    },
    onLost: (reason) => done.reject(new InputsLost([output.stream], reason)),
  })
  await done.promise.finally(() => reader.stop())
  return recorded
}

/**
 * What a program decides on the inputs that a strategy really had, in the order it had them. Goes on after a difference:
 * the program keeps its own state and every later decision is compared too.
 */
export async function replayDecisions(options: {
  bus: Bus
  program: ActorProgram
  checkpoint: StoredCheckpoint
  recorded: readonly Recorded[]
}): Promise<ReplayResult> {
  const { bus, program, checkpoint, recorded } = options
  const after = Object.fromEntries(Object.entries(checkpoint.cursors).map(([name, { sequence }]) => [name, sequence]))
  const backlog = await Backlog.open({ bus, mailbox: program.mailbox, after, limit: BACKLOG_MESSAGES })
  const comparison = new Comparison(program, recorded, checkpoint.number)
  try {
    for (const { trail } of recorded)
      for (const [stream, through] of trail)
        while (backlog.peek(stream) || (await backlog.fill(stream))) {
          const input = backlog.peek(stream) as ActorInput
          if (input.sequence > through) break
          backlog.shift(stream)
          comparison.take(input)
        }
  } finally {
    await backlog.stop()
  }
  return comparison.result()
}

class Comparison {
  readonly #program: ActorProgram
  readonly #recorded: readonly Recorded[]
  #next = 0
  #number: number
  #inputs = 0
  #equal = 0
  #differing = 0
  #missing = 0
  #extra = 0
  #first: ReplayDifference | undefined

  constructor(program: ActorProgram, recorded: readonly Recorded[], number: number) {
    this.#program = program
    this.#recorded = recorded
    this.#number = number
  }

  take(input: ActorInput): void {
    this.#inputs += 1
    const expected = this.#expectedOn(input)
    const number = expected?.number ?? this.#number + 1
    const made = this.#step(input, number)
    if (expected) {
      this.#next += 1
      this.#number = expected.number
    }
    if (!expected && !made) return
    if (!expected) {
      this.#extra += 1
      return this.#note(number, input, 'decided here, where nothing was recorded')
    }
    if (!made) {
      this.#missing += 1
      return this.#note(number, input, 'decided nothing, where a decision was recorded')
    }
    const before = Object.fromEntries(Object.keys(made).map((key) => [key, expected[key]]))
    if (canonicalJson(before) === canonicalJson(made)) this.#equal += 1
    else {
      this.#differing += 1
      this.#note(number, input, firstDifference(before, made) ?? 'differs')
    }
  }

  result(): ReplayResult {
    const recorded = this.#recorded.length
    const missing = this.#missing + recorded - this.#next
    const { inputs, equal, differing, extra, first } = {
      inputs: this.#inputs,
      equal: this.#equal,
      differing: this.#differing,
      extra: this.#extra,
      first: this.#first,
    }
    return { inputs, recorded, equal, differing, missing, extra, first }
  }

  #expectedOn(input: ActorInput): Recorded | undefined {
    const next = this.#recorded[this.#next]
    return next && next.cause.stream === input.stream && next.cause.sequence === input.sequence ? next : undefined
  }

  #step(input: ActorInput, number: number): Record<string, unknown> | undefined {
    try {
      return this.#program.step(input, number)?.body
    } catch (error) {
      throw new Error(describeThrow(error, input), { cause: error })
    }
  }

  #note(number: number, input: ActorInput, difference: string): void {
    this.#first ??= { number, input: describeInput(input), difference }
  }
}
