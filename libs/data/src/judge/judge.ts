import { isoOfUs, TIMEFRAME_US, LIVE_TIMEFRAMES } from '@contrail/contracts'
import type { Candle, Tick, Timeframe, Us } from '@contrail/contracts'
import { CandleSet, QuoteFilter, TickFilter } from '@contrail/trading'
import { RefusalCounts } from '../files/counts.ts'
import type { RefusedRows } from '../files/counts.ts'
import { eventsOf } from '../files/feed.ts'
import type { FileFeed } from '../files/feed.ts'
import type { FileEvent } from '../files/event.ts'
import { missingBars, orderFault } from './bar-times.ts'

export type FileGap = { line: number; atUs: number; missing: number }
/** What a file holds and what is wrong with it. */
export type FileReport = {
  file: string
  format: string
  instrument: string
  holds: FileFeed['holds']
  timeUnit: string
  rows: number
  accepted: number
  refused: RefusedRows
  /** Missing trade ids where they count up by one, or missing bars. `first` are the first of them. */
  gaps: { count: number; missing: number; first: FileGap[] }
  firstTime: string | undefined
  lastTime: string | undefined
  /** Longest time without a trade, microseconds. */
  longestSilenceUs: number
  /** Bars by timeframe: those of the file, or those that its trades make. */
  candles: Partial<Record<Timeframe, number>>
}

export type JudgedRow =
  | { readonly kind: 'tick'; readonly line: number; readonly tick: Tick }
  | { readonly kind: 'candle'; readonly line: number; readonly candle: Candle }

const GAPS_SHOWN_MAX = 20

/** Reads a file as the pipeline would and hands on what it would let through. Bounded memory. */
export async function judgeFile(feed: FileFeed, onRow?: (row: JudgedRow) => void | Promise<void>): Promise<FileReport> {
  const judge = new Judge(feed)
  for await (const event of eventsOf(feed)) {
    const rows = event.kind === 'bad' ? judge.bad(event.reason, event.line, event.text) : judge.take(event)
    if (onRow) for (const row of rows) await onRow(row)
  }
  const rows = judge.end()
  if (onRow) for (const row of rows) await onRow(row)
  return judge.report()
}

const NOTHING: readonly JudgedRow[] = []

class Judge {
  readonly #feed: FileFeed
  readonly #refused = new RefusalCounts()
  readonly #ticks: TickFilter
  readonly #quotes = new QuoteFilter()
  readonly #candles = new CandleSet(LIVE_TIMEFRAMES)
  readonly #bars: Partial<Record<Timeframe, number>> = {}
  readonly #gaps = { count: 0, missing: 0, first: [] as FileGap[] }
  #rows = 0
  #accepted = 0
  #firstUs: number | undefined
  #lastUs: number | undefined
  #lastLine = 0
  #silenceUs = 0
  #lastOpenUs = Number.NEGATIVE_INFINITY

  constructor(feed: FileFeed) {
    this.#feed = feed
    this.#ticks = new TickFilter({ sequentialIds: feed.format.consecutiveIds })
  }

  bad(reason: string, line: number, text: string): readonly JudgedRow[] {
    this.#rows++
    this.#refused.add(reason, line, text)
    return NOTHING
  }

  take(event: FileEvent): readonly JudgedRow[] {
    this.#rows++
    this.#lastLine = event.line ?? this.#rows
    if (event.kind === 'trade') return this.#trade(event)
    if (event.kind === 'candle') return this.#candle(event)
    if (event.kind === 'quote') {
      const verdict = this.#quotes.check(event)
      if (!verdict.ok) this.#refused.add(verdict.reason, event.line, `${event.bid} ${event.ask}`)
      else this.#accepted++
    } else this.#accepted++
    return NOTHING
  }

  end(): readonly JudgedRow[] {
    return this.#tell(this.#candles.advance(Number.MAX_SAFE_INTEGER, this.#lastUs ?? 0))
  }

  report(): FileReport {
    const { format, name, instrument, holds, timeUnit } = this.#feed
    return {
      file: name,
      format: format.name,
      instrument: instrument.instrument,
      holds,
      timeUnit,
      rows: this.#rows,
      accepted: this.#accepted,
      refused: this.#refused.report(),
      gaps: this.#gaps,
      firstTime: this.#firstUs === undefined ? undefined : isoOfUs(this.#firstUs),
      lastTime: this.#lastUs === undefined ? undefined : isoOfUs(this.#lastUs),
      longestSilenceUs: this.#silenceUs,
      candles: this.#bars,
    }
  }

  #trade(event: Extract<FileEvent, { kind: 'trade' }>): readonly JudgedRow[] {
    const verdict = this.#ticks.check(event)
    if (!verdict.ok) {
      this.#refused.add(verdict.reason, event.line, `${event.tradeId} ${event.price} x ${event.quantity}`)
      return NOTHING
    }
    if (verdict.gap > 0) this.#gap(event.venueTimeUs, verdict.gap)
    const receiveTimeUs = this.#accept(event)
    const { tradeId, side, price, quantity } = event
    const tick: Tick = { tradeId, side, price, quantity, venueTimeUs: event.venueTimeUs as Us, receiveTimeUs }
    return [...this.#tell(this.#candles.trade(tick)), { kind: 'tick', line: this.#lastLine, tick }]
  }

  #candle(event: Extract<FileEvent, { kind: 'candle' }>): readonly JudgedRow[] {
    const { openTimeUs, timeframe } = event.candle
    const reason = orderFault(openTimeUs, this.#lastOpenUs, TIMEFRAME_US[timeframe])
    if (reason !== undefined) {
      this.#refused.add(reason, event.line, isoOfUs(openTimeUs))
      return NOTHING
    }
    const missing = missingBars(openTimeUs, this.#lastOpenUs, TIMEFRAME_US[timeframe])
    if (missing > 0) this.#gap(openTimeUs, missing)
    this.#lastOpenUs = openTimeUs
    const receiveTimeUs = this.#accept(event)
    return this.#tell([{ schema: 1, ...event.candle, receiveTimeUs }])
  }

  /** Our time never runs back, whatever the rows say. */
  #accept(event: FileEvent): Us {
    const atUs = Math.max(this.#lastUs ?? 0, event.receiveTimeUs ?? event.venueTimeUs)
    if (this.#lastUs !== undefined) this.#silenceUs = Math.max(this.#silenceUs, atUs - this.#lastUs)
    this.#firstUs ??= atUs
    this.#lastUs = atUs
    this.#accepted++
    return atUs as Us
  }

  #gap(atUs: number, missing: number): void {
    this.#gaps.count++
    this.#gaps.missing += missing
    if (this.#gaps.first.length < GAPS_SHOWN_MAX) this.#gaps.first.push({ line: this.#lastLine, atUs, missing })
  }

  #tell(candles: readonly Candle[]): JudgedRow[] {
    return candles.map((candle) => {
      this.#bars[candle.timeframe] = (this.#bars[candle.timeframe] ?? 0) + 1
      return { kind: 'candle', line: this.#lastLine, candle }
    })
  }
}
