import { isoOfUs, Refusal, refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import type { DataStore } from '@contrail/data'
import type { Clock } from '@contrail/runtime'
import type { CandleColumns, TickColumns } from '@contrail/trading'
import { instrumentOfMarket, symbolOf } from '../source/live/client.ts'
import { mayPass } from './exchange.ts'
import type { HistoryClient } from './exchange.ts'
import { barsOf, compareTrades, ticksOf } from './rows.ts'

export type DownloadOptions = {
  client: HistoryClient
  store: DataStore
  exchange: string
  instrument: string
  kind: 'candles' | 'ticks'
  timeframe?: Timeframe | undefined
  fromUs: number
  toUs: number
  clock: Clock
  onProgress?: ((rows: number, part: number) => void) | undefined
}
export type DownloadReport = {
  exchange: string
  instrument: string
  kind: 'candles' | 'ticks'
  timeframe: Timeframe | undefined
  /** Requests for rows. */
  requests: number
  /** Rows that came, and those of them that were new. */
  rows: number
  added: number
  /** Periods that were missing when it began. */
  missing: { from: string; to: string }[]
}
type Span = { readonly fromUs: number; readonly toUs: number }

/** Rows of one answer. 1,000 is what most exchanges give at most; one that gives fewer is asked more often. */
const PAGE_ROWS = 1000
/** Rows that are put into the store at once: what an interruption loses. */
const FLUSH_ROWS = 20_000
const ATTEMPTS_MAX = 6
const FIRST_PAUSE_MS = 500
const MISSING_SHOWN_MAX = 20

/** What the store lacks of a period, from an exchange. What is there already is not asked for again, so it resumes. */
export async function downloadMarket(options: DownloadOptions): Promise<DownloadReport> {
  const { client, exchange, instrument, kind } = options
  await patiently(options.clock, () => client.loadMarkets())
  const market = client.markets?.[symbolOf(instrument)]
  if (!market) throw refuse('unknown_instrument', 'instrument', instrument, `${exchange} does not list it`)
  const method = kind === 'candles' ? 'fetchOHLCV' : 'fetchTrades'
  if (client.has[method] !== true)
    throw refuse('not_offered', 'kind', kind, `${exchange} does not give it; take another exchange`)
  const definition = instrumentOfMarket(exchange, instrument, market)
  return await new Download(options, definition).run()
}

class Download {
  readonly #options: DownloadOptions
  readonly #definition: Instrument
  readonly #symbol: string
  readonly #report: DownloadReport
  #bars: number[][] = []
  #ticks: Parameters<typeof ticksOf>[2][number][] = []

  constructor(options: DownloadOptions, definition: Instrument) {
    this.#options = options
    this.#definition = definition
    this.#symbol = symbolOf(options.instrument)
    const { exchange, instrument, kind, timeframe } = options
    this.#report = { exchange, instrument, kind, timeframe, requests: 0, rows: 0, added: 0, missing: [] }
  }

  async run(): Promise<DownloadReport> {
    const spans = await this.#missing()
    this.#report.missing = spans
      .slice(0, MISSING_SHOWN_MAX)
      .map(({ fromUs, toUs }) => ({ from: isoOfUs(fromUs), to: isoOfUs(toUs) }))
    try {
      for (const span of spans) await (this.#options.kind === 'candles' ? this.#candles(span) : this.#trades(span))
    } finally {
      // What has come is kept, whatever ended the download.
      await this.#flush()
    }
    return this.#report
  }

  async #missing(): Promise<Span[]> {
    const { store, exchange, instrument, kind, timeframe, fromUs, toUs } = this.#options
    const query = { venue: exchange, instrument, kind, timeframe, fromUs, toUs }
    const known = await store.times(query)
    if (known.length === 0) return [{ fromUs, toUs }]
    // Trades have no grid: they go on after the last one, and are asked for anew before the first one.
    if (kind === 'ticks') {
      const [first, last] = [known[0]!, known.at(-1)!]
      const before = first - fromUs > DAY_OF_TRADES_US ? [{ fromUs, toUs: first }] : []
      return [...before, { fromUs: last, toUs }]
    }
    const frameUs = TIMEFRAME_US[timeframe ?? '1m']
    const spans: Span[] = []
    let wantedUs = Math.ceil(fromUs / frameUs) * frameUs
    for (const us of known) {
      if (us > wantedUs) spans.push({ fromUs: wantedUs, toUs: us })
      wantedUs = us + frameUs
    }
    if (wantedUs + frameUs <= toUs) spans.push({ fromUs: wantedUs, toUs })
    return spans
  }

  async #candles({ fromUs, toUs }: Span): Promise<void> {
    const { client, timeframe, clock } = this.#options
    if (!timeframe) throw refuse('missing', 'timeframe', 'nothing', 'say which bars, e.g. --timeframe 1m')
    if (client.timeframes && !(timeframe in client.timeframes))
      throw refuse(
        'unknown_timeframe',
        'timeframe',
        timeframe,
        `${this.#options.exchange} has ${Object.keys(client.timeframes).join(', ')}`,
      )
    const frameUs = TIMEFRAME_US[timeframe]
    for (let sinceUs = fromUs; sinceUs < toUs;) {
      const page = await this.#ask(() => client.fetchOHLCV(this.#symbol, timeframe, sinceUs / 1000, PAGE_ROWS))
      // A bar that is not over is not a bar.
      const endUs = Math.min(toUs, clock.nowUs() - frameUs + 1)
      const rows = page.map((bar) => bar.map(Number)).filter(([ms = 0]) => ms * 1000 >= sinceUs && ms * 1000 < endUs)
      this.#bars.push(...rows)
      const lastUs = page.reduce((latest, [ms = 0]) => Math.max(latest, ms * 1000), 0)
      // Where nothing was traded there are no bars: the next page begins after this one's period.
      sinceUs = lastUs >= sinceUs ? lastUs + frameUs : sinceUs + PAGE_ROWS * frameUs
      await this.#told(rows.length, sinceUs)
    }
  }

  async #trades({ fromUs, toUs }: Span): Promise<void> {
    const { client, exchange } = this.#options
    let sinceMs = Math.floor(fromUs / 1000)
    let lastId: string | undefined
    for (;;) {
      // By id where ids can be asked for: more trades than a page holds may lie in one millisecond.
      const byId = exchange === 'binance' && lastId !== undefined
      const answer = await this.#ask(() =>
        byId
          ? client.fetchTrades(this.#symbol, undefined, PAGE_ROWS, { fromId: Number(lastId) + 1 })
          : client.fetchTrades(this.#symbol, sinceMs, PAGE_ROWS),
      )
      const page = [...answer].sort(compareTrades)
      const fresh = page.filter(
        ({ timestamp, id }) => timestamp !== undefined && id !== lastId && timestamp * 1000 < toUs,
      )
      this.#ticks.push(...fresh)
      const last = page.at(-1)
      await this.#told(fresh.length, (last?.timestamp ?? 0) * 1000)
      const full = page.length >= PAGE_ROWS && last?.timestamp === sinceMs
      const stuck = last?.id === lastId || (exchange !== 'binance' && full)
      if (!last || stuck || page.length < PAGE_ROWS / 2 || (last.timestamp ?? 0) * 1000 >= toUs) return
      lastId = last.id
      sinceMs = last.timestamp ?? sinceMs
    }
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    this.#report.requests++
    return await patiently(this.#options.clock, request)
  }

  async #told(rows: number, untilUs: number): Promise<void> {
    const { fromUs, toUs, onProgress } = this.#options
    this.#report.rows += rows
    onProgress?.(this.#report.rows, Math.min(1, Math.max(0, (untilUs - fromUs) / (toUs - fromUs))))
    if (this.#bars.length + this.#ticks.length >= FLUSH_ROWS) await this.#flush()
  }

  async #flush(): Promise<void> {
    const { store, exchange, timeframe } = this.#options
    const pieces: (CandleColumns | TickColumns)[] = []
    if (this.#bars.length > 0 && timeframe) pieces.push(barsOf(this.#definition, timeframe, this.#bars))
    if (this.#ticks.length > 0) pieces.push(ticksOf(this.#definition, this.#options, this.#ticks))
    this.#bars = []
    this.#ticks = []
    for (const piece of pieces)
      this.#report.added += (await store.write(piece, this.#definition, `download ${exchange}`)).added
  }
}
/** Trades before the first stored one are only asked for when it is not simply the first of its day. */
const DAY_OF_TRADES_US = 86_400_000_000

/** Again after a pause that doubles, while the fault may pass; an exchange's refusal is said as one line. */
async function patiently<T>(clock: Clock, request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request()
    } catch (error) {
      if (error instanceof Refusal) throw error
      const text = error instanceof Error ? error.message : String(error)
      if (!mayPass(error))
        throw refuse('exchange_refused', 'exchange', text, 'change the request, or take another exchange')
      if (attempt >= ATTEMPTS_MAX)
        throw refuse('unavailable', 'exchange', text, 'run the same command later: it goes on where it stopped')
      await new Promise<void>((resolve) => clock.setTimer(FIRST_PAUSE_MS * 2 ** (attempt - 1), resolve))
    }
  }
}
