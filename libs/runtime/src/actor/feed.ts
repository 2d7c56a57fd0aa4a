import type { Bus, BusMessage, Reader } from '../bus/bus.ts'
import { Mailboxes } from './mailbox.ts'
import type { ActorInput } from './program.ts'
import type { Position, Positions } from './types.ts'

/** Who is fed: with every input of its own at once, or, while it says so, from the ring. */
export interface Receiver {
  readonly mailbox: Readonly<Record<string, readonly string[]>>
  /** One that cannot take it now has it kept, and comes for it. */
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
 * One reader per stream for all actors of a worker. While an actor cannot take inputs (a decision in flight) or is about
 * to join, what arrives is kept in one ring in the order of arrival: nobody needs a buffer of its own, only a place in it.
 */
export class SharedFeed {
  readonly #bus: Bus
  readonly #capacity: number
  readonly #ring: (ActorInput | undefined)[]
  readonly #streams = new Map<string, StreamFeed>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Number of inputs that ever arrived: the next place in the ring. */
  #head = 0
  /** What lies before is of a feed that has ended, or was not kept. */
  #floor = 0
  /** Those who will come and take from the ring. Without any, nothing is kept. */
  readonly #keepers = new Set<Receiver>()

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
  /** From here on all that arrives is kept, until it has let go. */
  keepFor(receiver: Receiver): void {
    if (this.#keepers.size === 0) this.#beginAnew()
    this.#keepers.add(receiver)
  }
  letGo(receiver: Receiver): void {
    this.#keepers.delete(receiver)
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

  /** It is another program now: its subjects may be others, and what they mean to it is asked again. */
  renew(receiver: Receiver, before: Receiver['mailbox']): void {
    for (const [stream, patterns] of Object.entries(before))
      for (const pattern of patterns) this.#streams.get(stream)?.mailboxes.remove(pattern, receiver)
    for (const [stream, patterns] of Object.entries(receiver.mailbox))
      for (const pattern of patterns) this.#streams.get(stream)?.mailboxes.add(pattern, receiver)
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
    const { list, resolved, subject } = feed.mailboxes.route(message.subject)
    feed.lastSequence = message.sequence
    if (this.#keepers.size > 0) this.#keep(message, subject)
    for (let i = 0; i < list.length; i++) (list[i] as Receiver).receive(message, resolved[i])
  }

  /** Only what is asked for later: the rest of a message lives as long as its place in the ring otherwise. */
  #keep({ stream, sequence, data }: BusMessage, subject: string): void {
    const place = this.#head % this.#capacity
    const old = this.#ring[place]
    if (old) {
      const its = this.#streams.get(old.stream)
      if (its && old.sequence > its.evictedSequence) its.evictedSequence = old.sequence
    }
    this.#ring[place] = { stream, sequence, subject, data }
    this.#head += 1
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
    this.#beginAnew()
  }

  #beginAnew(): void {
    this.#floor = this.#head
    for (const feed of this.#streams.values()) feed.evictedSequence = feed.lastSequence
  }
}
