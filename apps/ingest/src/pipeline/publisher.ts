import { PublishRefused } from '@contrail/runtime'
import type { Bus, Clock, Logger, Metrics } from '@contrail/runtime'

/** Acknowledgements outstanding at once: where the rate stops growing (nats.md, section 3). */
export const WINDOW_MESSAGES = 256
/** While the server is away a live feed is held back: at 10,000 trades a second these last 20 s. */
const BACKLOG_MESSAGES_MAX = 200_000
const RETRY_MS = 100

type Item = { readonly subject: string; data: Uint8Array; readonly keep: Keep }
/** `all`: a trade, a bar, a status: never dropped for its age. `latest`: a quote or book; a newer one replaces it. */
export type Keep = 'all' | 'latest'

export type PublisherOptions = {
  bus: Bus
  clock: Clock
  log: Logger
  metrics: Metrics
  stream?: string
  /** Something that had to be kept is gone for good: the feed must say `gap`. */
  onLost: (subject: string, reason: string) => void
}

/**
 * Market data into the stream through a bounded window of acks, in order. Nothing is sent while the server is away; what
 * was in flight when it went is compared with what the stream holds, and only the rest is sent again.
 */
export class MarketPublisher {
  readonly #options: PublisherOptions
  readonly #window: ReturnType<Bus['windowedPublisher']>
  #backlog: Item[] = []
  #head = 0
  readonly #latest = new Map<string, Item>()
  /** The last messages handed to the window, in order: what can be in flight is in here. */
  readonly #sent: Item[] = []
  #failed: Item[] = []
  #blocked = false
  #recovering = false
  #closed = false
  #room: { promise: Promise<void>; resolve: () => void } | undefined
  readonly #published
  readonly #dropped

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#window = options.bus.windowedPublisher({
      windowMessages: WINDOW_MESSAGES,
      onError: (error, subject, data) => this.#onError(error, subject, data),
    })
    const { metrics } = options
    this.#published = metrics.counter('ingest_published_total', 'Messages sent to the MD stream')
    this.#dropped = metrics.counter('ingest_dropped_total', 'Messages not published', ['why'])
  }

  /** Messages that wait for room. */
  get waiting(): number {
    return this.#backlog.length - this.#head
  }

  /** A promise = the window is full; a file waits for it, a live feed goes on and the backlog takes it. */
  send(subject: string, data: Uint8Array, keep: Keep): void | Promise<void> {
    if (!this.#blocked && this.waiting === 0) {
      this.#transmit({ subject, data, keep })
      if (!this.#blocked) return undefined
    } else this.#enqueue({ subject, data, keep })
    this.#room ??= Promise.withResolvers<void>()
    return this.#room.promise
  }

  /** All that was sent is in the stream or was told to `onLost`. */
  async drained(): Promise<void> {
    while (!this.#closed && (this.#blocked || this.waiting > 0)) {
      this.#room ??= Promise.withResolvers<void>()
      await this.#room.promise
    }
    await this.#window.drained()
    if (this.#recovering && !this.#closed) await this.drained()
  }

  close(): void {
    this.#closed = true
    this.#room?.resolve()
  }

  #enqueue(item: Item): void {
    if (item.keep === 'latest') {
      const older = this.#latest.get(item.subject)
      if (older) {
        older.data = item.data
        this.#dropped.inc({ why: 'replaced_by_newer' })
        return
      }
      this.#latest.set(item.subject, item)
    }
    if (this.waiting >= BACKLOG_MESSAGES_MAX) {
      this.#dropped.inc({ why: 'backlog_full' })
      if (item.keep === 'latest') this.#latest.delete(item.subject)
      else this.#options.onLost(item.subject, `more than ${BACKLOG_MESSAGES_MAX} messages wait for the server`)
      return
    }
    this.#backlog.push(item)
  }

  #transmit(item: Item): void {
    this.#sent.push(item)
    if (this.#sent.length > 4 * WINDOW_MESSAGES) this.#sent.splice(0, this.#sent.length - 2 * WINDOW_MESSAGES)
    this.#published.inc()
    const full = this.#window.send(item.subject, item.data)
    if (!full) return
    this.#blocked = true
    void full.then(() => this.#resume())
  }

  #resume(): void {
    if (this.#recovering) return
    this.#blocked = false
    while (!this.#blocked && this.waiting > 0) {
      const item = this.#backlog[this.#head++] as Item
      if (item.keep === 'latest') this.#latest.delete(item.subject)
      if (this.#head > 4096) {
        this.#backlog = this.#backlog.slice(this.#head)
        this.#head = 0
      }
      this.#transmit(item)
    }
    if (this.#blocked) return
    const room = this.#room
    this.#room = undefined
    room?.resolve()
  }

  #onError(error: Error, subject: string, data: Uint8Array): void {
    const item = this.#sent.findLast((each) => each.data === data)
    if (error instanceof PublishRefused && error.constructor === PublishRefused) {
      this.#dropped.inc({ why: 'refused' })
      this.#options.log.error({ err: error, subject }, 'the server refused market data')
      if (item?.keep !== 'latest') this.#options.onLost(subject, error.message)
      return
    }
    if (item?.keep === 'latest') this.#dropped.inc({ why: 'unknown_outcome' })
    else this.#failed.push(item ?? { subject, data, keep: 'all' })
    if (!this.#recovering) void this.#recover()
  }

  async #recover(): Promise<void> {
    this.#recovering = true
    this.#blocked = true
    for (;;) {
      if (this.#closed) break
      try {
        await this.#window.drained()
        const failed = this.#failed
        const missing = await this.#notStored(failed)
        this.#failed = this.#failed.slice(failed.length)
        this.#backlog = [...missing, ...this.#backlog.slice(this.#head)]
        this.#head = 0
        this.#options.log.warn({ unknown: failed.length, again: missing.length }, 'market data published again')
        break
      } catch (error) {
        this.#options.log.debug({ err: error }, 'the stream does not answer yet')
        await new Promise<void>((resolve) => this.#options.clock.setTimer(RETRY_MS, resolve))
      }
    }
    this.#recovering = false
    this.#resume()
  }

  /** Per subject, order is kept: all up to the last stored one are stored, the later ones are not. */
  async #notStored(failed: readonly Item[]): Promise<Item[]> {
    const { bus, stream = 'MD' } = this.#options
    if (!bus.connected || !(await bus.streamState(stream))) throw new Error(`no stream ${stream} yet`)
    const missing: Item[] = []
    for (const subject of new Set(failed.map((item) => item.subject))) {
      const last = await bus.lastOnSubject(stream, subject)
      const mine = this.#sent.filter((item) => item.subject === subject)
      const stored = last ? mine.findLastIndex((item) => equalBytes(item.data, last.data)) : -1
      for (const item of failed) if (item.subject === subject && mine.lastIndexOf(item) > stored) missing.push(item)
    }
    return missing.sort((a, b) => this.#sent.lastIndexOf(a) - this.#sent.lastIndexOf(b))
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
