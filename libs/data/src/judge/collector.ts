import { isoOfUs, TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import { QuoteFilter, TickFilter } from '@contrail/trading'
import { cellsOf, KIND_SPECS, sharedColumns } from '../columns/kinds.ts'
import type { ColumnArray, Kind, Rows } from '../columns/kinds.ts'
import { RefusalCounts } from '../files/counts.ts'
import type { RefusedRows } from '../files/counts.ts'
import { Steps } from './steps.ts'
import { isBarTime, missingBars, orderFault } from './bar-times.ts'

export type CollectorOptions = {
  /** Trade ids count up by one: a missing one is a gap. */
  readonly consecutiveIds: boolean
  /** Of the bars. */
  readonly timeframe: Timeframe | undefined
  readonly volumeIn: 'base' | 'quote'
  /** Levels of a side of book rows. */
  readonly depth: number
  /** Takes accepted rows; the arrays are used again afterwards, unless all rows are kept. */
  readonly onRows: (kind: Kind, rows: Rows) => void
  /** All rows of a kind are given at the end and at once, over shared memory. As many as this are likely. */
  readonly keep?: { readonly rows: number } | undefined
  /** The text of a line, asked for when the first row is refused for a reason. */
  readonly textOf: () => string
}
export type Judged = {
  rows: number
  accepted: number
  refused: RefusedRows
  gaps: { count: number; missing: number; first: { line: number; atUs: number; missing: number }[] }
  firstUs: number | undefined
  lastUs: number | undefined
  longestSilenceUs: number
}

/** Rows that are handed on at once. */
export const CHUNK_ROWS = 65_536
const GAPS_SHOWN_MAX = 20
/** Accepted trade ids that are remembered: a smaller one among them is a repeat, any other is late. */
const IDS_REMEMBERED = 10_000
/** Bars are far apart: a price moves further between them than between two trades. */
const BAR_FACTOR_MAX = 10

/** Judges the rows of a file by the rules of the live feed and puts what passes into columns. No object per row. */
export class Collector {
  readonly #options: CollectorOptions
  readonly #refused = new RefusalCounts()
  readonly #filter: TickFilter
  readonly #bars = new TickFilter({ factorMax: BAR_FACTOR_MAX })
  readonly #quotes = new QuoteFilter()
  readonly #probe = { tradeId: '', price: 0, quantity: 0, venueTimeUs: 0 }
  readonly #chunks = new Map<Kind, Chunk>()
  /** The one that rows came into last. */
  #kind: Kind | undefined
  #latest: Chunk | undefined
  readonly #frameUs: number
  readonly #ids = new Float64Array(IDS_REMEMBERED)
  #idCount = 0
  readonly prices: Steps
  readonly quantities: Steps
  readonly #gaps: Judged['gaps'] = { count: 0, missing: 0, first: [] }
  #rows = 0
  #accepted = 0
  #firstUs: number | undefined
  #lastUs = Number.NEGATIVE_INFINITY
  #lastOpenUs = Number.NEGATIVE_INFINITY
  #silenceUs = 0

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#filter = new TickFilter({ sequentialIds: options.consecutiveIds })
    this.#frameUs = options.timeframe ? TIMEFRAME_US[options.timeframe] : 0
    this.prices = new Steps()
    this.quantities = new Steps()
  }

  bad(line: number, reason: string, text?: string): void {
    this.#rows++
    this.#refuse(line, reason, text)
  }

  /** `quoteVolume` and `trades` NaN where the file does not say. */
  candle(
    line: number,
    openUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    quoteVolume: number,
    trades: number,
  ): void {
    this.#rows++
    const reason = this.#judgeBar(openUs, open, high, low, close, volume)
    if (reason !== undefined) return this.#refuse(line, reason)
    const missing = missingBars(openUs, this.#lastOpenUs, this.#frameUs)
    if (missing > 0) this.#gap(line, openUs, missing)
    this.#lastOpenUs = openUs
    this.#accept(openUs + this.#frameUs)
    const inQuote = this.#options.volumeIn === 'quote'
    const { list, rows } = this.#chunk('candles')
    const base = inQuote ? volume / close : volume
    // In the order of KIND_SPECS: found by place sooner than by name.
    list[0]![rows] = openUs
    list[1]![rows] = open
    list[2]![rows] = high
    list[3]![rows] = low
    list[4]![rows] = close
    list[5]![rows] = base
    list[6]![rows] = quoteVolume >= 0 ? quoteVolume : inQuote ? volume : volume * close
    list[7]![rows] = trades >= 0 ? trades : 0
    this.prices.see(open)
    this.prices.see(high)
    this.prices.see(low)
    this.prices.see(close)
    this.quantities.see(base)
    this.#done('candles')
  }

  /** `id` NaN and `idText` '' where the file has none; `idText` only of ids that are no numbers. Side 1 buy, -1 sell. */
  tick(
    line: number,
    receiveUs: number,
    venueUs: number,
    id: number,
    idText: string,
    side: number,
    price: number,
    quantity: number,
  ): void {
    this.#rows++
    const reason = this.#judgeTick(venueUs, id, idText, price, quantity)
    if (reason !== undefined) return this.#refuse(line, reason)
    if (id >= 0) this.#takeId(line, venueUs, id)
    const atUs = this.#accept(receiveUs)
    const { columns, rows } = this.#chunk('ticks')
    columns['receiveTimeUs']![rows] = atUs
    columns['venueTimeUs']![rows] = venueUs
    columns['price']![rows] = price
    columns['quantity']![rows] = quantity
    columns['tradeId']![rows] = id
    columns['side']![rows] = side
    this.prices.see(price)
    this.quantities.see(quantity)
    this.#done('ticks')
  }

  /** `updateId` NaN where there is none. */
  quote(
    line: number,
    receiveUs: number,
    venueTimeUs: number,
    bid: number,
    bidQuantity: number,
    ask: number,
    askQuantity: number,
    updateId: number,
  ): void {
    this.#rows++
    const known = Number.isNaN(updateId) ? undefined : updateId
    const verdict = this.#quotes.check({ bid, bidQuantity, ask, askQuantity, venueTimeUs, updateId: known })
    if (!verdict.ok) return this.#refuse(line, verdict.reason)
    const { columns, rows } = this.#chunk('quotes')
    columns['receiveTimeUs']![rows] = this.#accept(receiveUs)
    columns['venueTimeUs']![rows] = venueTimeUs
    columns['bid']![rows] = bid
    columns['bidQuantity']![rows] = bidQuantity
    columns['ask']![rows] = ask
    columns['askQuantity']![rows] = askQuantity
    this.prices.see(bid)
    this.prices.see(ask)
    this.quantities.see(bidQuantity)
    this.quantities.see(askQuantity)
    this.#done('quotes')
  }

  /** A row of the file that changed the book; `levels` undefined while the book is not whole. */
  book(receiveUs: number, venueUs: number, updateId: number, levels: BookLevels | undefined): void {
    this.#rows++
    const atUs = this.#accept(receiveUs)
    if (!levels) return
    const { columns, rows } = this.#chunk('book')
    const { depth } = this.#options
    columns['receiveTimeUs']![rows] = atUs
    columns['venueTimeUs']![rows] = venueUs
    columns['updateId']![rows] = updateId
    for (const [side, prefix] of [
      [levels.bids, 'bid'],
      [levels.asks, 'ask'],
    ] as const)
      for (let level = 0; level < depth; level++) {
        columns[`${prefix}Price`]![rows * depth + level] = side[level]?.[0] ?? 0
        columns[`${prefix}Quantity`]![rows * depth + level] = side[level]?.[1] ?? 0
      }
    this.#done('book')
  }

  funding(line: number, timeUs: number, rate: number): void {
    this.#rows++
    // A rate beyond 10 % for one interval has never been paid: the cap of the largest venues is 4 %.
    if (!(Math.abs(rate) <= 0.1)) return this.#refuse(line, Number.isFinite(rate) ? 'rate_absurd' : 'not_a_number')
    if (timeUs <= this.#lastOpenUs)
      return this.#refuse(line, timeUs === this.#lastOpenUs ? 'duplicate_rate' : 'rate_out_of_order')
    this.#lastOpenUs = timeUs
    const { columns, rows } = this.#chunk('funding')
    columns['timeUs']![rows] = this.#accept(timeUs)
    columns['rate']![rows] = rate
    this.#done('funding')
  }

  /** Hands on what is left. */
  end(): Judged {
    for (const kind of this.#chunks.keys()) this.#flush(kind)
    const none = this.#firstUs === undefined
    return {
      rows: this.#rows,
      accepted: this.#accepted,
      refused: this.#refused.report(),
      gaps: this.#gaps,
      firstUs: this.#firstUs,
      lastUs: none ? undefined : this.#lastUs,
      longestSilenceUs: this.#silenceUs,
    }
  }

  #judgeBar(
    openUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
  ): string | undefined {
    // One comparison each refuses NaN and infinity too.
    if (!(open > 0 && high > 0 && low > 0 && close > 0 && open + high + low + close < Infinity)) return 'bad_price'
    if (high < open || high < close || high < low || low > open || low > close) return 'high_below_low'
    if (!(volume >= 0 && volume < Infinity)) return 'bad_quantity'
    if (!isBarTime(openUs, this.#frameUs)) return 'off_grid_time'
    const fault = orderFault(openUs, this.#lastOpenUs, this.#frameUs)
    if (fault !== undefined) return fault
    return this.#passes(this.#bars, '', close, 1, openUs)
  }

  #judgeTick(venueUs: number, id: number, idText: string, price: number, quantity: number): string | undefined {
    if (!(Number.isFinite(price) && Number.isFinite(quantity) && Number.isFinite(venueUs))) return 'not_a_number'
    if (price <= 0) return 'price_not_positive'
    if (quantity <= 0) return 'quantity_not_positive'
    if (id >= 0 && this.#idCount > 0 && id <= this.#ids[(this.#idCount - 1) % IDS_REMEMBERED]!)
      return this.#knowsId(id) ? 'duplicate_trade' : 'trade_out_of_order'
    return this.#passes(this.#filter, idText, price, quantity, venueUs)
  }

  #passes(filter: TickFilter, idText: string, price: number, quantity: number, venueUs: number): string | undefined {
    const probe = this.#probe
    probe.tradeId = idText
    probe.price = price
    probe.quantity = quantity
    probe.venueTimeUs = venueUs
    const verdict = filter.check(probe)
    return verdict.ok ? undefined : verdict.reason
  }

  #knowsId(id: number): boolean {
    const known = Math.min(this.#idCount, IDS_REMEMBERED)
    for (let i = 0; i < known; i++) if (this.#ids[i] === id) return true
    return false
  }

  #takeId(line: number, atUs: number, id: number): void {
    const count = this.#idCount++
    if (this.#options.consecutiveIds && count > 0) {
      const missing = id - this.#ids[(count - 1) % IDS_REMEMBERED]! - 1
      if (missing > 0) this.#gap(line, atUs, missing)
    }
    this.#ids[count % IDS_REMEMBERED] = id
  }

  /** Our time never runs back, whatever the rows say. */
  #accept(timeUs: number): number {
    const atUs = timeUs > this.#lastUs ? timeUs : this.#lastUs
    if (this.#firstUs === undefined) this.#firstUs = atUs
    else if (atUs - this.#lastUs > this.#silenceUs) this.#silenceUs = atUs - this.#lastUs
    this.#lastUs = atUs
    this.#accepted++
    return atUs
  }

  #refuse(line: number, reason: string, text?: string): void {
    this.#refused.addLazily(reason, line, text === undefined ? this.#options.textOf : () => text)
  }

  #gap(line: number, atUs: number, missing: number): void {
    this.#gaps.count++
    this.#gaps.missing += missing
    if (this.#gaps.first.length < GAPS_SHOWN_MAX) this.#gaps.first.push({ line, atUs, missing })
  }

  #chunk(kind: Kind): Chunk {
    if (this.#kind === kind) return this.#latest!
    const { keep, depth } = this.#options
    const room = keep && kind !== 'book' ? Math.max(CHUNK_ROWS, keep.rows) : CHUNK_ROWS
    const chunk = this.#chunks.get(kind) ?? chunkOf(columnsOf(kind, room, depth, keep !== undefined), room)
    this.#chunks.set(kind, chunk)
    this.#kind = kind
    this.#latest = chunk
    return chunk
  }

  #done(kind: Kind): void {
    const chunk = this.#latest!
    if (++chunk.rows < chunk.room) return
    if (this.#options.keep) this.#grow(kind, chunk)
    else this.#flush(kind)
  }

  #grow(kind: Kind, chunk: Chunk): void {
    chunk.room *= 2
    const larger = columnsOf(kind, chunk.room, this.#options.depth, true)
    for (const [name, column] of Object.entries(larger)) column.set(chunk.columns[name]!)
    chunk.columns = larger
    chunk.list = Object.values(larger)
  }

  #flush(kind: Kind): void {
    const chunk = this.#chunks.get(kind)!
    const { rows, columns } = chunk
    chunk.rows = 0
    if (rows > 0) this.#options.onRows(kind, { rows, columns })
  }
}

type Columns = Record<string, ColumnArray>
type Chunk = { columns: Columns; list: readonly ColumnArray[]; rows: number; room: number }
const chunkOf = (columns: Columns, room: number): Chunk => ({ columns, list: Object.values(columns), rows: 0, room })

function columnsOf(kind: Kind, rows: number, depth: number, isShared: boolean): Record<string, ColumnArray> {
  if (isShared) return sharedColumns(kind, rows, depth)
  const columns = KIND_SPECS[kind].columns.map((spec): [string, ColumnArray] => {
    const cells = cellsOf(spec, rows, depth)
    return [spec.name, spec.type === 'f64' ? new Float64Array(cells) : new Int8Array(cells)]
  })
  return Object.fromEntries(columns)
}

export type BookLevels = {
  readonly bids: readonly (readonly [number, number])[]
  readonly asks: readonly (readonly [number, number])[]
}
export const isoOf = (us: number | undefined): string | undefined => (us === undefined ? undefined : isoOfUs(us))
