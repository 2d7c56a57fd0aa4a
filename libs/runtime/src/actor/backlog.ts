import type { Bus, BusMessage, Reader } from '../bus/bus.ts'
import { InputsLost } from './types.ts'

/** What one stream still holds for one actor: the reader is made when the first message is wanted. */
class StreamBacklog {
  readonly #bus: Bus
  readonly #stream: string
  readonly #filterSubjects: readonly string[]
  readonly #limit: number
  /** Last sequence that is for this actor; nothing after it is wanted. */
  readonly throughSequence: number
  #fromSequence: number
  #queue: BusMessage[] = []
  #at = 0
  #reader: Reader | undefined
  #starting: Promise<void> | undefined
  #failure: Error | undefined
  #wake: (() => void) | undefined
  #resume: (() => void) | undefined
  #stopped = false
  /** The reader is beyond the last wanted message: what has not come by now will not come. */
  #past = false

  constructor(options: {
    bus: Bus
    stream: string
    filterSubjects: readonly string[]
    afterSequence: number
    throughSequence: number
    limit: number
  }) {
    this.#bus = options.bus
    this.#stream = options.stream
    this.#filterSubjects = options.filterSubjects
    this.#limit = options.limit
    this.#fromSequence = options.afterSequence + 1
    this.throughSequence = options.throughSequence
  }

  get done(): boolean {
    return this.#fromSequence > this.throughSequence
  }

  /** The next message without waiting; undefined when none is at hand. */
  peek(): BusMessage | undefined {
    return this.#queue[this.#at]
  }

  shift(): void {
    this.#fromSequence = (this.peek()?.sequence ?? 0) + 1
    this.#at += 1
    if (this.#at < this.#queue.length) return
    this.#queue = []
    this.#at = 0
    this.#resume?.()
    this.#resume = undefined
  }

  /** True when a message is at hand; false when there is none any more. */
  async fill(): Promise<boolean> {
    for (;;) {
      if (this.peek()) return true
      if (this.done) return false
      if (this.#past) throw new InputsLost([this.#stream], `${this.#stream}: ${this.throughSequence} was not read`)
      if (this.#failure) throw this.#failure
      if (!this.#reader) await (this.#starting ??= this.#start())
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#resume?.()
    await this.#starting?.catch(() => undefined)
    await this.#reader?.stop()
  }

  async #start(): Promise<void> {
    this.#reader = await this.#bus.read({
      stream: this.#stream,
      fromSequence: this.#fromSequence,
      filterSubjects: this.#filterSubjects,
      onMessage: (message) => this.#arrive(message),
      onLost: (reason) => {
        this.#failure = new InputsLost([this.#stream], `${this.#stream}: ${reason}`)
        this.#wakeUp()
      },
    })
  }

  #arrive(message: BusMessage): void | Promise<void> {
    if (this.#stopped || message.sequence < this.#fromSequence) return
    if (message.sequence > this.throughSequence) this.#past = true
    else this.#queue.push(message)
    this.#wakeUp()
    if (this.#queue.length - this.#at >= this.#limit) return new Promise<void>((resolve) => (this.#resume = resolve))
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

/** All that the streams still hold for one actor, read by its own readers: along a recorded trail, or by time. */
export class Backlog {
  readonly #streams: ReadonlyMap<string, StreamBacklog>

  private constructor(streams: ReadonlyMap<string, StreamBacklog>) {
    this.#streams = streams
  }

  /** Asks each subject for its last message, so that it is known where the backlog ends and whether there is one. */
  static async open(options: {
    bus: Bus
    mailbox: Readonly<Record<string, readonly string[]>>
    after: Readonly<Record<string, number>>
    limit: number
  }): Promise<Backlog> {
    const streams = new Map<string, StreamBacklog>()
    const opening = Object.entries(options.mailbox).map(async ([stream, filterSubjects]) => {
      const afterSequence = options.after[stream] ?? 0
      const last = await Promise.all(filterSubjects.map((subject) => options.bus.lastOnSubject(stream, subject)))
      const throughSequence = Math.max(afterSequence, ...last.map((message) => message?.sequence ?? 0))
      const { bus, limit } = options
      streams.set(stream, new StreamBacklog({ bus, stream, filterSubjects, afterSequence, throughSequence, limit }))
    })
    await Promise.all(opening)
    return new Backlog(streams)
  }

  throughSequence(stream: string): number {
    return this.#streams.get(stream)?.throughSequence ?? 0
  }

  /** The next message of one stream, without waiting. */
  peek(stream: string): BusMessage | undefined {
    return this.#streams.get(stream)?.peek()
  }
  fill(stream: string): Promise<boolean> {
    return this.#streams.get(stream)?.fill() ?? Promise.resolve(false)
  }
  shift(stream: string): void {
    this.#streams.get(stream)?.shift()
  }

  /** The earliest message of all streams as the server stored them; undefined when nothing is left. */
  async earliest(): Promise<BusMessage | undefined> {
    let first: BusMessage | undefined
    for (const stream of this.#streams.values()) {
      if (stream.done || (!stream.peek() && !(await stream.fill()))) continue
      const next = stream.peek() as BusMessage
      if (!first || next.timeUs < first.timeUs) first = next
    }
    return first
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.stop()))
  }
}
