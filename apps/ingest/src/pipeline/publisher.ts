import { PublishRefused } from '@contrail/runtime'
import type { Bus, Clock, Logger, Metrics, WindowedPublisher } from '@contrail/runtime'

/**
 * Acknowledgements outstanding at once: where the rate stops growing (nats.md, section 3). In four lanes: a lane is filled
 * and then waits until all of it is acknowledged while the next is filled. So no lane ever queues inside the bus, where
 * a message would be sent after a reconnect, ahead of older ones that were lost with the connection.
 */
const LANES = 4
const LANE_MESSAGES = 64
const IN_FLIGHT_MAX = LANES * LANE_MESSAGES
/** While the server is away a live feed is held back: at 10,000 trades a second these last 20 s. */
const BACKLOG_MESSAGES_MAX = 200_000
const RETRY_MS = 100

type Lane = { readonly window: WindowedPublisher; sent: number; open: boolean }
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
  readonly #lanes: readonly Lane[]
  #lane = 0
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
    const onError = (error: Error, subject: string, data: Uint8Array) => this.#onError(error, subject, data)
    this.#lanes = Array.from({ length: LANES }, () => ({
      window: options.bus.windowedPublisher({ windowMessages: LANE_MESSAGES, onError }),
      sent: 0,
      open: true,
    }))
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
    if (!this.#blocked && !this.#options.bus.connected) void this.#recover()
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
    await this.#lanesDrained()
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

  /** Only while there is room in a lane and a server: `#blocked` is looked at before and set after. */
  #transmit(item: Item): void {
    const lane = this.#lanes[this.#lane] as Lane
    this.#sent.push(item)
    if (this.#sent.length > 4 * IN_FLIGHT_MAX) this.#sent.splice(0, this.#sent.length - 2 * IN_FLIGHT_MAX)
    this.#published.inc()
    lane.sent++
    void lane.window.send(item.subject, item.data)
    if (lane.sent < LANE_MESSAGES) return
    lane.open = false
    void lane.window.drained().then(() => this.#emptied(lane))
    this.#lane = (this.#lane + 1) % LANES
    this.#blocked = !(this.#lanes[this.#lane] as Lane).open
  }

  #emptied(lane: Lane): void {
    lane.sent = 0
    lane.open = true
    if (lane === this.#lanes[this.#lane]) this.#resume()
  }

  async #lanesDrained(): Promise<void> {
    await Promise.all(this.#lanes.map(({ window }) => window.drained()))
  }

  #resume(): void {
    if (this.#recovering) return
    this.#blocked = !(this.#lanes[this.#lane] as Lane).open
    while (!this.#blocked && this.waiting > 0) {
      if (!this.#options.bus.connected) {
        void this.#recover()
        return
      }
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
        await this.#lanesDrained()
        const failed = this.#failed
        const missing = await this.#notStored(failed)
        this.#failed = this.#failed.slice(failed.length)
        this.#backlog = [...missing, ...this.#backlog.slice(this.#head)]
        this.#head = 0
        if (failed.length > 0)
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
