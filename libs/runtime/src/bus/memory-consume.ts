import type { BusMessage } from './bus.ts'
import { matchesAny } from './memory-stream.ts'
import type { MemoryStream } from './memory-stream.ts'
import type { Delivery, Source, SourceSettings } from './source.ts'

/** A durable consumer in memory. It outlives its sources: what was not answered is delivered again to the next. */
export class MemoryDurable {
  readonly settings: SourceSettings
  readonly #stream: MemoryStream
  readonly #filter: readonly string[]
  readonly #deliveries = new Map<number, number>()
  readonly #again: number[] = []
  #next: number
  #owner: MemorySource | undefined

  constructor(stream: MemoryStream, filter: readonly string[], attemptsMax: number) {
    this.#stream = stream
    this.#filter = filter
    this.#next = stream.state().firstSequence
    this.settings = { attemptsMax, ackWaitMs: 30_000 }
    stream.onStored(() => this.#owner?.wake())
  }

  source(): Source {
    this.#owner = new MemorySource(this)
    return this.#owner
  }

  /** A source that ended: its unanswered messages are first for the next one. */
  leave(source: MemorySource, open: Iterable<number>): void {
    for (const sequence of open) this.putBack(sequence)
    if (this.#owner === source) this.#owner = undefined
  }

  putBack(sequence: number): void {
    this.#again.push(sequence)
    this.#again.sort((a, b) => a - b)
    this.#owner?.wake()
  }

  answered(sequence: number): void {
    this.#deliveries.delete(sequence)
  }

  take(): { message: BusMessage; deliveries: number } | undefined {
    const sequence = this.#again.shift() ?? this.#advance()
    const message = sequence === undefined ? undefined : this.#stream.get(sequence)
    if (sequence === undefined || !message) return undefined
    const deliveries = (this.#deliveries.get(sequence) ?? 0) + 1
    this.#deliveries.set(sequence, deliveries)
    return { message, deliveries }
  }

  #advance(): number | undefined {
    const { firstSequence, lastSequence } = this.#stream.state()
    this.#next = Math.max(this.#next, firstSequence)
    while (this.#next <= lastSequence) {
      const sequence = this.#next++
      if (matchesAny(this.#filter, this.#stream.get(sequence)?.subject ?? '')) return sequence
    }
    return undefined
  }
}

export class MemorySource implements Source {
  readonly #durable: MemoryDurable
  readonly #open = new Set<number>()
  #onDelivery: (delivery: Delivery) => void = () => undefined
  #wanted = 0
  #waking = false
  #paused = false

  constructor(durable: MemoryDurable) {
    this.#durable = durable
  }

  get settings(): SourceSettings {
    return this.#durable.settings
  }

  open(onDelivery: (delivery: Delivery) => void): void {
    this.#onDelivery = onDelivery
  }

  want(count: number): void {
    this.#wanted = count
    this.wake()
  }

  pause(): void {
    this.#paused = true
  }

  async close(): Promise<void> {
    this.#paused = true
    this.#durable.leave(this, this.#open)
    this.#open.clear()
  }

  wake(): void {
    if (this.#waking || this.#paused) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      while (!this.#paused && this.#wanted > 0) {
        const next = this.#durable.take()
        if (!next) return
        this.#wanted--
        this.#onDelivery(this.#delivery(next.message, next.deliveries))
      }
    })
  }

  #delivery(message: BusMessage, deliveries: number): Delivery {
    const { sequence } = message
    this.#open.add(sequence)
    const final = () => {
      this.#open.delete(sequence)
      this.#durable.answered(sequence)
    }
    const giveBack = () => {
      if (this.#open.delete(sequence)) this.#durable.putBack(sequence)
    }
    return { message, deliveries, ack: final, giveUp: final, giveBack, touch: () => undefined }
  }
}
