import type { Bus, BusMessage, Reader } from '../bus/bus.ts'
import { Mailboxes } from './mailbox.ts'
import type { ActorInput } from './program.ts'
import type { Position, Positions } from './types.ts'

/** Who is fed. While `attached` it gets every input of its own at once; else it comes and takes from the ring. */
export interface Receiver {
  readonly mailbox: Readonly<Record<string, readonly string[]>>
  readonly attached: boolean
  receive(input: ActorInput, resolved: unknown): void
  /** What a subject means to it: asked once, and given back with every input of that subject. */
  resolve(subject: string): unknown
  /** The stream it is fed from is another one now, or has lost what comes next. */
  lost(stream: string, reason: string): void
}

type StreamFeed = {
  readonly incarnation: string
  readonly mailboxes: Mailboxes<Receiver>
  /** Last sequence that was read, whoever it was for. */
  lastSequence: number
  /** Highest sequence that is not in the ring any more. */
  evictedSequence: number
  reader: Reader | undefined
  failed: boolean
}

/**
 * One reader per stream for all actors of a worker. What arrives is kept in one ring in the order of arrival, so that an
 * actor that could not take an input (a decision in flight) needs no buffer of its own: it remembers its place in the ring.
 */
export class SharedFeed {
  readonly #bus: Bus
  readonly #capacity: number
  readonly #ring: (ActorInput | undefined)[]
  readonly #streams = new Map<string, StreamFeed>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Number of inputs that ever arrived: the next place in the ring. */
  #head = 0
  /** What lies before is of a feed that has ended. */
  #floor = 0

  constructor(bus: Bus, capacity: number) {
    this.#bus = bus
    this.#capacity = capacity
    this.#ring = Array.from<ActorInput | undefined>({ length: capacity })
  }

  get head(): number {
    return this.#head
  }
  /** Oldest place that is still there. */
  get tail(): number {
    return Math.max(this.#floor, this.#head - this.#capacity)
  }
  at(place: number): ActorInput {
    return this.#ring[place % this.#capacity] as ActorInput
  }
  lastSequence(stream: string): number | undefined {
    return this.#streams.get(stream)?.lastSequence
  }
  streams(): [string, number][] {
    return [...this.#streams].map(([stream, { lastSequence }]) => [stream, lastSequence])
  }
  isFor(receiver: Receiver, input: ActorInput): boolean {
    return this.#streams.get(input.stream)?.mailboxes.route(input.subject).set.has(receiver) ?? false
  }

  /** Makes sure each stream is read; one that is not yet begins behind the given position. */
  async open(positions: Positions): Promise<void> {
    await Promise.all(Object.entries(positions).map(([stream, position]) => this.#open(stream, position)))
  }

  /** True when nothing between these positions and now is missing: the ring holds all of it. Then it is fed. */
  join(receiver: Receiver, positions: Positions): boolean {
    for (const [stream, position] of Object.entries(positions)) {
      const feed = this.#streams.get(stream)
      if (!feed || feed.failed || feed.incarnation !== position.incarnation) return false
      if (position.sequence < feed.evictedSequence) return false
    }
    for (const [stream, patterns] of Object.entries(receiver.mailbox))
      for (const pattern of patterns) this.#streams.get(stream)?.mailboxes.add(pattern, receiver)
    return true
  }

  leave(receiver: Receiver): void {
    for (const [stream, patterns] of Object.entries(receiver.mailbox)) {
      const feed = this.#streams.get(stream)
      for (const pattern of patterns) feed?.mailboxes.remove(pattern, receiver)
      if (feed?.mailboxes.empty) this.#close(stream, feed)
    }
  }

  async close(): Promise<void> {
    const readers = [...this.#streams.values()].flatMap(({ reader }) => reader ?? [])
    this.#streams.clear()
    await Promise.all(readers.map((reader) => reader.stop()))
  }

  async #open(stream: string, position: Position): Promise<void> {
    if (this.#streams.has(stream)) return
    let opening = this.#opening.get(stream)
    if (!opening) {
      opening = this.#start(stream, position).finally(() => this.#opening.delete(stream))
      this.#opening.set(stream, opening)
    }
    await opening
  }

  async #start(stream: string, { incarnation, sequence }: Position): Promise<void> {
    const feed: StreamFeed = {
      incarnation,
      mailboxes: new Mailboxes((receiver, subject) => receiver.resolve(subject)),
      lastSequence: sequence,
      evictedSequence: sequence,
      reader: undefined,
      failed: false,
    }
    this.#streams.set(stream, feed)
    try {
      feed.reader = await this.#bus.read({
        stream,
        fromSequence: sequence + 1,
        onMessage: (message) => this.#arrive(feed, message),
        onLost: (reason) => this.#fail(stream, feed, reason),
      })
    } catch (error) {
      this.#streams.delete(stream)
      throw error
    }
    if (this.#streams.get(stream) !== feed) await feed.reader.stop()
  }

  #arrive(feed: StreamFeed, message: BusMessage): void {
    if (feed.failed || message.sequence <= feed.lastSequence) return
    const place = this.#head % this.#capacity
    const old = this.#ring[place]
    if (old) {
      const its = this.#streams.get(old.stream)
      if (its && old.sequence > its.evictedSequence) its.evictedSequence = old.sequence
    }
    const { subject, list, resolved } = feed.mailboxes.route(message.subject)
    const { stream, sequence, data } = message
    const input: ActorInput = { stream, sequence, subject, data }
    this.#ring[place] = input
    this.#head += 1
    feed.lastSequence = sequence
    for (let i = 0; i < list.length; i++) {
      const receiver = list[i] as Receiver
      if (receiver.attached) receiver.receive(input, resolved[i])
    }
  }

  #fail(stream: string, feed: StreamFeed, reason: string): void {
    if (this.#streams.get(stream) !== feed) return
    feed.failed = true
    this.#forget(stream)
    const receivers = new Set<Receiver>()
    feed.mailboxes.each((receiver) => receivers.add(receiver))
    for (const receiver of receivers) receiver.lost(stream, reason)
  }

  #close(stream: string, feed: StreamFeed): void {
    feed.failed = true
    this.#forget(stream)
    void feed.reader?.stop()
  }

  /** A feed that begins again may repeat what the ring holds: nobody may take both, so the ring begins anew. */
  #forget(stream: string): void {
    this.#streams.delete(stream)
    this.#floor = this.#head
    for (const feed of this.#streams.values()) feed.evictedSequence = feed.lastSequence
  }
}
