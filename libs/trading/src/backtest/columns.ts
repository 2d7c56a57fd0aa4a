import type { Timeframe } from '@contrail/contracts'

/*
 * Market data in columns: what files hold and backtests read. Times are whole microseconds in doubles (exact to the year 2255), ascending
 * within a series; all columns of a series have `rows` entries. A series is never changed once made.
 */
type Series = { readonly venue: string; readonly instrument: string; readonly rows: number }
type Column = Float64Array

/** Closed bars; a bar is seen at `openTimeUs` + its timeframe. Where no quote volume is known it is volume x close. */
export type CandleColumns = Series & {
  readonly kind: 'candles'
  readonly timeframe: Timeframe
  readonly openTimeUs: Column
  readonly open: Column
  readonly high: Column
  readonly low: Column
  readonly close: Column
  /** In base. */
  readonly volume: Column
  readonly quoteVolume: Column
  readonly trades: Column
}
export type TickColumns = Series & {
  readonly kind: 'ticks'
  readonly receiveTimeUs: Column
  readonly venueTimeUs: Column
  readonly price: Column
  readonly quantity: Column
  /** Of the taker: 1 buy, -1 sell, 0 unknown. */
  readonly side: Int8Array
  /** Decimal ids of the venue; NaN where it has none: then the row number stands for it. */
  readonly tradeId: Column
}
export type QuoteColumns = Series & {
  readonly kind: 'quotes'
  readonly receiveTimeUs: Column
  readonly venueTimeUs: Column
  readonly bid: Column
  readonly bidQuantity: Column
  readonly ask: Column
  readonly askQuantity: Column
}
/** The first `depth` levels of each side, best first, row after row: level i of row r is at r * depth + i; 0 = none. */
export type BookColumns = Series & {
  readonly kind: 'book'
  readonly depth: number
  readonly receiveTimeUs: Column
  readonly venueTimeUs: Column
  readonly updateId: Column
  readonly bidPrice: Column
  readonly bidQuantity: Column
  readonly askPrice: Column
  readonly askQuantity: Column
}
/** A payment from long to short of `rate` x notional at `timeUs`. */
export type FundingColumns = Series & { readonly kind: 'funding'; readonly timeUs: Column; readonly rate: Column }
export type MarketColumns = CandleColumns | TickColumns | QuoteColumns | BookColumns | FundingColumns
