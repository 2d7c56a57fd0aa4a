import {
  DAY_US,
  encodeJson,
  encodeCandle,
  encodeQuote,
  encodeTick,
  HOUR_US,
  MINUTE_US,
  parseSubject,
  SECOND_US,
  subjects,
} from '@contrail/contracts'
import type { Candle, Clock as ClockMessage, Instrument, Us } from '@contrail/contracts'
import type { Bus, Clock, Logger, Metrics } from '@contrail/runtime'
import type { BadRow, RawEvent, SourceSink } from '../source/port.ts'
import { InstrumentFeed } from './instrument-feed.ts'
import type { FeedOptions } from './instrument-feed.ts'
import { MarketPublisher } from './publisher.ts'
import type { Recent } from './recent.ts'

export type PipelineOptions = {
  venue: string
  instruments: readonly Instrument[]
  /** `event`: the time of the events is the time; `wall`: ours is. */
  time: 'wall' | 'event'
  /** `sparse`: in a replay at full speed a silence rings once a minute, not once a second. */
  ring: 'second' | 'sparse'
  feed: FeedOptions
  clock: Clock
  metrics: Metrics
  log: Logger
  bus: Bus
  recent: Recent
}

export type FeedView = {
  venue: string
  instrument: string
  status: string
  detail: string
  refused: Record<string, number>
  ticks: number
  lateTrades: number
  lastPrice: number | null
  receiveTimeUs: number
}

/** A long silence in a replay rings at the finest of these steps that makes at most so many rings. */
const STEPS_US = [SECOND_US, MINUTE_US, HOUR_US, DAY_US] as const
const RINGS_MAX = 3600

/** From what a source says to what is on the bus, for all instruments of one venue, in one order of time. */
export class Pipeline implements SourceSink {
  readonly #options: PipelineOptions
  readonly #feeds = new Map<string, InstrumentFeed>()
  readonly #publisher: MarketPublisher
  readonly #events
  readonly #refused
  #nowUs = 0
  #rungUs = 0
  #wait: Promise<void> | undefined
  #timer: { cancel(): void } | undefined

  constructor(options: PipelineOptions) {
    this.#options = options
    const { metrics, venue, bus, clock, log } = options
    this.#publisher = new MarketPublisher({ bus, clock, log, metrics, onLost: (...lost) => this.#lost(...lost) })
    this.#events = metrics.counter('ingest_events_total', 'Messages published by kind', ['venue', 'kind'])
    this.#refused = metrics.gauge('ingest_refused', 'Refused since the start', ['venue', 'instrument', 'reason'])
    for (const { instrument } of options.instruments) this.#feeds.set(instrument, this.#feedOf(venue, instrument))
  }

  /** Starts the clock of a live source; a replay rings by its events. */
  start(): void {
    if (this.#options.time === 'wall') this.#ringWall()
  }

  /** All that was said so far is in the stream. */
  drained(): Promise<void> {
    return this.#publisher.drained()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#publisher.close()
  }

  restoreBars(instrument: string, forming: readonly Candle[]): void {
    this.#feeds.get(instrument)?.restoreBars(forming)
  }

  event(event: RawEvent): void | Promise<void> {
    const feed = this.#feeds.get(event.instrument)
    if (!feed) throw new Error(`${event.instrument} is not an instrument of this feed`)
    this.#wait = undefined
    const { time, clock } = this.#options
    const receivedUs = time === 'wall' ? clock.nowUs() : (event.receiveTimeUs ?? event.venueTimeUs)
    if (time === 'event') this.#ringTo(receivedUs)
    this.#nowUs = Math.max(this.#nowUs, receivedUs)
    feed.handle(event, this.#nowUs)
    return this.#wait
  }

  bad(row: BadRow, instrument: string): void {
    this.#feeds.get(instrument)?.bad(row)
  }

  views(): FeedView[] {
    return [...this.#feeds].map(([instrument, feed]) => ({
      venue: this.#options.venue,
      instrument,
      status: feed.status,
      detail: feed.detail,
      refused: feed.refused.counts(),
      ticks: feed.ticks,
      lateTrades: feed.lateTrades,
      lastPrice: feed.lastPrice ?? null,
      receiveTimeUs: feed.lastTickUs ?? this.#nowUs,
    }))
  }

  #lost(subject: string, reason: string): void {
    const parsed = parseSubject(subject)
    if ('instrument' in parsed) this.#feeds.get(parsed.instrument)?.tell('gap', reason, this.#nowUs)
  }

  #ringWall(): void {
    this.#nowUs = Math.max(this.#nowUs, this.#options.clock.nowUs())
    this.#ring(this.#nowUs)
    const untilUs = SECOND_US - (this.#options.clock.nowUs() % SECOND_US)
    this.#timer = this.#options.clock.setTimer(Math.max(1, Math.ceil(untilUs / 1000)), () => this.#ringWall())
  }

  /** Every whole second up to `toUs`; in a sparse replay whole minutes and the last second. */
  #ringTo(toUs: number): void {
    const last = toUs - (toUs % SECOND_US)
    if (this.#rungUs === 0) this.#rungUs = last - SECOND_US
    const steps = this.#options.ring === 'sparse' ? STEPS_US.slice(1) : STEPS_US
    const stepUs = steps.find((step) => last - this.#rungUs <= step * RINGS_MAX) ?? Number.POSITIVE_INFINITY
    // A hole of years in a file is passed in one step.
    if (stepUs === Number.POSITIVE_INFINITY) return this.#ring(last)
    for (let at = this.#rungUs - (this.#rungUs % stepUs) + stepUs; at < last; at += stepUs) this.#ring(at)
    if (last > this.#rungUs) this.#ring(last)
  }

  /** Bars first, then the clock: who acts on the second has seen what it ended. */
  #ring(atUs: number): void {
    if (atUs <= this.#rungUs) return
    this.#rungUs = atUs
    this.#nowUs = Math.max(this.#nowUs, atUs)
    for (const [instrument, feed] of this.#feeds) {
      feed.advance(atUs)
      for (const [reason, count] of Object.entries(feed.refused.counts()))
        this.#refused.set({ venue: this.#options.venue, instrument, reason }, count)
    }
    const message: ClockMessage = { schema: 1, receiveTimeUs: atUs as Us }
    this.#send('clock', subjects.clock(), encodeJson(message))
  }

  #feedOf(venue: string, instrument: string): InstrumentFeed {
    const { recent } = this.#options
    return new InstrumentFeed(this.#options.feed, {
      tick: (tick) => {
        recent.addTick(venue, instrument, tick)
        this.#send('tick', subjects.tick(venue, instrument), encodeTick(tick))
      },
      quote: (quote) => this.#send('quote', subjects.quote(venue, instrument), encodeQuote(quote)),
      book: (book) => this.#send('book', subjects.book(venue, instrument), encodeJson(book)),
      candle: (candle) => {
        recent.addCandle(venue, instrument, candle)
        this.#send('candle', subjects.candle(venue, instrument, candle.timeframe), encodeCandle(candle))
      },
      status: (status) => this.#send('status', subjects.feedStatus(venue, instrument), encodeJson(status)),
    })
  }

  #send(kind: 'tick' | 'quote' | 'book' | 'candle' | 'status' | 'clock', subject: string, data: Uint8Array): void {
    this.#events.inc({ venue: this.#options.venue, kind })
    // In a replay nothing is skipped: it waits, and comes out the same each time.
    const replaceable = this.#options.time === 'wall' && (kind === 'quote' || kind === 'book' || kind === 'clock')
    const wait = this.#publisher.send(subject, data, replaceable ? 'latest' : 'all')
    if (wait) this.#wait = wait
  }
}
