import type { Candle } from '@contrail/contracts'

/** A price level as the venue says it: quantity 0 removes it. */
export type Level = readonly [price: number, quantity: number]

/** What a row of a file says, not judged yet. Times are microseconds. */
export type FileEvent = {
  readonly instrument: string
  /** The venue's own clock. */
  readonly venueTimeUs: number
  /** When it reached whoever recorded it; undefined where the file does not say. */
  readonly receiveTimeUs?: number | undefined
  /** Line or row of the file it came from, for reports. */
  readonly line?: number
} & (
  | { readonly kind: 'trade'; tradeId: string; side: 'buy' | 'sell' | 'unknown'; price: number; quantity: number }
  | { readonly kind: 'quote'; bid: number; bidQuantity: number; ask: number; askQuantity: number; updateId?: number }
  | { readonly kind: 'snapshot'; updateId: number; bids: readonly Level[]; asks: readonly Level[] }
  | {
      readonly kind: 'diff'
      firstUpdateId: number
      lastUpdateId: number
      bids: readonly Level[]
      asks: readonly Level[]
    }
  /** Paid by longs to shorts, times the notional. */
  | { readonly kind: 'funding'; rate: number }
  | { readonly kind: 'candle'; candle: Omit<Candle, 'schema' | 'receiveTimeUs'> }
)

/** A row that is not even an event: it cannot reach the filter. */
export type BadRow = { readonly kind: 'bad'; readonly reason: string; readonly line: number; readonly text: string }
