import type { Bus, BusMessage, Reader } from '../bus/bus.ts'
import { Batch, BATCH_MAX, Readers } from './batch.ts'
import type { Member } from './batch.ts'
import type { ActorInput, ActorRun } from './program.ts'
import type { Position, Positions } from './types.ts'

/** Who is fed: with every input of its own at once, or, while it says so, from the ring. */
export interface Receiver extends Member {
  readonly mailbox: Readonly<Record<string, readonly string[]>>
  /** One that cannot take it now has it kept, and comes for it. The run is another's after this call. */
  receive(run: ActorRun): void
  /** The stream it is fed from is another one now, or has lost what comes next. */
  lost(stream: string, reason: string): void
}

type StreamFeed = {
  readonly stream: string
  readonly incarnation: string
  readonly readers: Readers<Receiver>
  /** Last sequence that was read, and of what was handed out, whoever it was for. */
  arrivedSequence: number
  lastSequence: number
  /** Highest sequence that is not in the ring any more. */
  evictedSequence: number
  reader: Reader | undefined
  failed: boolean
}

/** A read of the socket is up to 64 kB: so many messages are a good part of it. */
const MORE_COMES = 64

type Arrived = { readonly feed: StreamFeed; readonly batch: Batch }

/**
 * One reader per stream for all actors of a worker. What is there at once is handed out together, one actor after the
 * other: between two actors nothing is shared, and what an actor works with is fetched once for all its inputs. No input
 * waits for another: a batch is what the socket has delivered, and ends before an input of another stream.
 *
 * While an actor cannot take inputs (a decision in flight) or is about to join, what arrives is kept in one ring in the
 * order of arrival: nobody needs a buffer of its own, only a place in it.
 */
export class SharedFeed {
  readonly #bus: Bus
  readonly #capacity: number
  readonly #ring: (ActorInput | undefined)[]
  readonly #streams = new Map<string, StreamFeed>()
  readonly #opening = new Map<string, Promise<void>>()
  /** Number of inputs that were ever kept: the next place in the ring. */
  #head = 0
  /** What lies before is of a feed that has ended, or was not kept. */
  #floor = 0
  /** Those who will come and take from the ring. Without any, nothing is kept. */
  readonly #keepers = new Set<Receiver>()
  /** What has arrived and was not handed out; the last one is still filled. */
  readonly #waiting: Arrived[] = []
  readonly #spare: Batch[] = []
  /** What is handed out now, and its first place in the ring. */
  #handing: Arrived | undefined
  #base = 0
  #called = false

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
  /** The place in the ring of what is handed out at this moment, from this input of the batch on; or of what comes next. */
  placeOf(index: number): number {
    return this.#handing ? this.#base + index : this.#head
  }
  letGo(receiver: Receiver): void {
    this.#keepers.delete(receiver)
  }
  isFor(receiver: Receiver, input: ActorInput): boolean {
    return this.#streams.get(input.stream)?.readers.isFor(receiver, input.subject) ?? false
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
    this.#add(receiver)
    return true
  }

  /** It is another program now: its subjects may be others, and what they mean to it is asked again. */
  renew(receiver: Receiver, before: Receiver['mailbox']): void {
    for (const stream of Object.keys(before)) this.#streams.get(stream)?.readers.remove(receiver)
    this.#add(receiver)
  }

  leave(receiver: Receiver): void {
    for (const stream of Object.keys(receiver.mailbox)) {
      const feed = this.#streams.get(stream)
      feed?.readers.remove(receiver)
      if (feed?.readers.empty) this.#close(stream, feed)
    }
  }

  #add(receiver: Receiver): void {
    for (const [stream, patterns] of Object.entries(receiver.mailbox))
      this.#streams.get(stream)?.readers.add(receiver, patterns)
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
      stream,
      incarnation,
      readers: new Readers(),
      arrivedSequence: sequence,
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

  /** Handed out when the reader has nothing more at hand, or enough is there. */
  #arrive(feed: StreamFeed, message: BusMessage): void {
    if (feed.failed || message.sequence <= feed.arrivedSequence) return
    feed.arrivedSequence = message.sequence
    let last = this.#waiting.at(-1)
    if (last === undefined || last.feed !== feed || last.batch.count === BATCH_MAX) {
      if (last !== undefined) this.#handOut()
      const batch = this.#spare.pop() ?? new Batch()
      batch.begin(feed.stream)
      this.#waiting.push((last = { feed, batch }))
    }
    last.batch.add(message)
    if (this.#called) return
    this.#called = true
    queueMicrotask(this.#onCalled)
  }

  /** Where much has come with one read of the socket there is more in it: that is handed out together. */
  readonly #onCalled = (): void => {
    if ((this.#waiting[0]?.batch.count ?? 0) >= MORE_COMES) setImmediate(this.#onRead)
    else this.#onRead()
  }

  readonly #onRead = (): void => {
    this.#called = false
    this.#handOut()
  }

  /** What arrives while it works comes after: it does not begin within itself. */
  #handOut(): void {
    if (this.#handing) return
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      if (!next.feed.failed) this.#hand(next)
      this.#spare.push(next.batch)
    }
  }

  #hand(arrived: Arrived): void {
    const { feed, batch } = arrived
    this.#handing = arrived
    if (this.#keepers.size > 0) this.#keep(batch)
    for (const group of feed.readers.divide(batch)) {
      const { members, tables } = group
      for (let i = 0, count = members.length; i < count; i++) {
        group.at = 0
        group.resolved = tables[i] as readonly unknown[]
        ;(members[i] as Receiver).receive(group)
      }
      group.count = 0
    }
    this.#handing = undefined
    feed.lastSequence = batch.sequences[batch.count - 1] as number
  }

  /** Only what is asked for later: the rest of a message lives as long as its place in the ring otherwise. */
  #keep({ inputs, count }: Batch): void {
    this.#base = this.#head
    for (let i = 0; i < count; i++) {
      const { stream, sequence, subject, data } = inputs[i] as ActorInput
      const place = this.#head % this.#capacity
      const old = this.#ring[place]
      if (old) {
        const its = this.#streams.get(old.stream)
        if (its && old.sequence > its.evictedSequence) its.evictedSequence = old.sequence
      }
      this.#ring[place] = { stream, sequence, subject, data }
      this.#head += 1
    }
  }

  #fail(stream: string, feed: StreamFeed, reason: string): void {
    if (this.#streams.get(stream) !== feed) return
    this.#handOut()
    feed.failed = true
    this.#forget(stream)
    for (const receiver of feed.readers.all) receiver.lost(stream, reason)
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
    if (this.#handing?.feed.failed === false) this.#keep(this.#handing.batch)
  }
}
