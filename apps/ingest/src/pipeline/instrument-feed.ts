import { LIVE_TIMEFRAMES } from '@contrail/contracts'
import type { Book, Candle, FeedStatus, Quote, Tick, Us } from '@contrail/contracts'
import { RefusalCounts } from '@contrail/data'
import { CandleSet, OrderBook, QuoteFilter, TickFilter } from '@contrail/trading'
import type { BadRow, Level, RawEvent } from '../source/port.ts'
import { Throttle } from './throttle.ts'

export type FeedOutput = {
  tick(tick: Tick): void
  quote(quote: Quote): void
  book(book: Book): void
  candle(candle: Candle): void
  status(status: FeedStatus): void
}
export type FeedOptions = {
  quotesPerSecond: number
  booksPerSecond: number
  bookLevels: number
  /** Silence after which the feed is stale; 0 = never. */
  staleUs: number
  /** Trades may arrive this much later than those before them and still get into their bar. */
  graceUs: number
  /** Ids of this venue count up by one. */
  sequentialIds: boolean
}

/** The venue's clock is read from the trades themselves: from the latest of so many. */
const OFFSET_TRADES = 64

/** One instrument: what the venue said, judged, stamped and made into bars. No clock, no bus: times come with events. */
export class InstrumentFeed {
  readonly refused = new RefusalCounts()
  readonly #options: FeedOptions
  readonly #out: FeedOutput
  readonly #tickFilter: TickFilter
  readonly #quoteFilter = new QuoteFilter()
  readonly #candles = new CandleSet(LIVE_TIMEFRAMES)
  readonly #book = new OrderBook()
  readonly #quotes: Throttle<Quote>
  readonly #books: Throttle<{ venueTimeUs: number }>
  readonly #offsets: number[] = []
  #lastQuote: Quote | undefined
  #lastEventUs = 0
  #refusedTold = 0
  status: FeedStatus['status'] | 'starting' = 'starting'
  detail = ''
  ticks = 0
  lastPrice: number | undefined
  lastTickUs: number | undefined

  constructor(options: FeedOptions, out: FeedOutput) {
    this.#options = options
    this.#out = out
    this.#tickFilter = new TickFilter({ sequentialIds: options.sequentialIds })
    this.#quotes = new Throttle(options.quotesPerSecond)
    this.#books = new Throttle(options.booksPerSecond)
  }

  get lateTrades(): number {
    return this.#candles.late['1s'] ?? 0
  }

  /** Bars that a former life had begun go on. */
  restoreBars(forming: readonly Candle[]): void {
    this.#candles.restore(
      forming.map((bar) => ({ timeframe: bar.timeframe, forming: bar, closedUs: bar.openTimeUs, late: 0 })),
    )
  }

  handle(event: RawEvent, nowUs: number): void {
    if (event.kind === 'status') return this.#venueStatus(event, nowUs)
    if (event.kind === 'time') return
    this.#lastEventUs = nowUs
    if (this.status === 'starting' || this.status === 'stale') this.tell('live', '', nowUs)
    if (event.kind === 'trade') this.#trade(event, nowUs)
    else if (event.kind === 'quote') this.#quote(event, nowUs)
    else if (event.kind === 'candle') this.#out.candle({ schema: 1, ...event.candle, receiveTimeUs: nowUs as Us })
    else this.#bookEvent(event, nowUs)
    this.#flush(nowUs)
  }

  bad(row: BadRow): void {
    this.refused.add(row.reason, row.line, row.text)
  }

  /** Nothing of this instrument is older than `nowUs` any more: bars end, held-back quotes go, silence is noticed. */
  advance(nowUs: number): void {
    const venueUs = nowUs + this.#offsetUs() - this.#options.graceUs
    for (const candle of this.#candles.advance(venueUs, nowUs)) this.#out.candle(candle)
    this.#flush(nowUs)
    const { staleUs } = this.#options
    const silentUs = nowUs - this.#lastEventUs
    if (
      staleUs > 0 &&
      this.#lastEventUs > 0 &&
      silentUs > staleUs &&
      this.status !== 'stale' &&
      this.status !== 'ended'
    )
      this.tell('stale', `nothing for ${Math.round(silentUs / 1000)} ms`, nowUs)
    else if (this.refused.total > this.#refusedTold && this.status !== 'starting')
      this.tell(this.status, this.detail, nowUs)
  }

  /** The file is over: what is forming will never get more. */
  end(detail: string, nowUs: number): void {
    for (const candle of this.#candles.advance(Number.MAX_SAFE_INTEGER, nowUs)) this.#out.candle(candle)
    this.tell('ended', detail, nowUs)
  }

  tell(status: FeedStatus['status'], detail: string, nowUs: number): void {
    this.status = status
    this.detail = detail
    this.#refusedTold = this.refused.total
    this.#out.status({ schema: 1, status, detail, refused: this.refused.counts(), receiveTimeUs: nowUs as Us })
  }

  #venueStatus(event: Extract<RawEvent, { kind: 'status' }>, nowUs: number): void {
    if (event.status === 'ended') this.end(event.detail, nowUs)
    else this.tell(event.status, event.detail, nowUs)
  }

  #trade(event: Extract<RawEvent, { kind: 'trade' }>, nowUs: number): void {
    const verdict = this.#tickFilter.check(event)
    if (!verdict.ok) return this.refused.add(verdict.reason, event.line, `${event.tradeId} ${event.price}`)
    if (verdict.gap > 0) this.tell('gap', `${verdict.gap} trades are missing before ${event.tradeId}`, nowUs)
    else if (this.status === 'gap' || this.status === 'reconnected') this.tell('live', '', nowUs)
    const { tradeId, side, price, quantity } = event
    const venueTimeUs = event.venueTimeUs as Us
    const tick: Tick = { tradeId, side, price, quantity, venueTimeUs, receiveTimeUs: nowUs as Us }
    this.#offsets.push(venueTimeUs - nowUs)
    if (this.#offsets.length > OFFSET_TRADES) this.#offsets.shift()
    for (const candle of this.#candles.trade(tick)) this.#out.candle(candle)
    this.ticks++
    this.lastPrice = price
    this.lastTickUs = nowUs
    this.#out.tick(tick)
  }

  #quote(event: Extract<RawEvent, { kind: 'quote' }>, nowUs: number): void {
    const verdict = this.#quoteFilter.check(event)
    if (!verdict.ok) return this.refused.add(verdict.reason, event.line, `${event.bid} ${event.ask}`)
    const { bid, bidQuantity, ask, askQuantity } = event
    const quote = {
      bid,
      bidQuantity,
      ask,
      askQuantity,
      venueTimeUs: event.venueTimeUs as Us,
      receiveTimeUs: nowUs as Us,
    }
    const due = this.#quotes.offer(quote, nowUs)
    if (due) this.#tellQuote(due, nowUs)
  }

  #bookEvent(event: Extract<RawEvent, { kind: 'snapshot' | 'diff' }>, nowUs: number): void {
    if (!levelsValid(event.bids) || !levelsValid(event.asks))
      return this.refused.add('bad_book', event.line, `${event.bids.length} bids, ${event.asks.length} asks`)
    if (event.kind === 'snapshot') this.#book.applySnapshot(event)
    else if (this.#book.applyDiff(event) === 'gap')
      this.tell('gap', `the book misses updates before ${event.firstUpdateId}`, nowUs)
    if (this.#book.state !== 'live') return
    const due = this.#books.offer({ venueTimeUs: event.venueTimeUs }, nowUs)
    if (due) this.#tellBook(due.venueTimeUs, nowUs)
  }

  #flush(nowUs: number): void {
    const quote = this.#quotes.due(nowUs)
    if (quote) this.#tellQuote(quote, nowUs)
    const book = this.#books.due(nowUs)
    if (book) this.#tellBook(book.venueTimeUs, nowUs)
  }

  #tellQuote(quote: Quote, nowUs: number): void {
    const last = this.#lastQuote
    const same =
      last?.bid === quote.bid &&
      last.ask === quote.ask &&
      last.bidQuantity === quote.bidQuantity &&
      last.askQuantity === quote.askQuantity
    if (same) return
    this.#lastQuote = quote
    this.#out.quote({ ...quote, receiveTimeUs: nowUs as Us })
  }

  #tellBook(venueTimeUs: number, nowUs: number): void {
    const { bids, asks } = this.#book.top(this.#options.bookLevels)
    const [bid, ask] = [bids[0], asks[0]]
    if (bid && ask && bid[0] >= ask[0]) return this.refused.add('crossed_book', undefined, `${bid[0]} ${ask[0]}`)
    this.#out.book({
      schema: 1,
      bids: bids.map(([price, quantity]) => [price, quantity]),
      asks: asks.map(([price, quantity]) => [price, quantity]),
      updateId: this.#book.updateId,
      venueTimeUs: venueTimeUs as Us,
      receiveTimeUs: nowUs as Us,
    })
  }

  /** The venue's clock against ours: the most backward of the last trades, so that no bar ends before its trades. */
  #offsetUs(): number {
    return this.#offsets.length === 0 ? 0 : Math.min(...this.#offsets)
  }
}

function levelsValid(levels: readonly Level[]): boolean {
  return levels.every(([price, quantity]) => price > 0 && quantity >= 0 && price < Infinity && quantity < Infinity)
}
