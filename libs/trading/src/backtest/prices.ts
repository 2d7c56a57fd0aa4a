import { onBarOpen } from '../venue/bar.ts'
import { onBook, onQuote, onTick } from '../venue/simulated.ts'
import type { BookColumns, CandleColumns, QuoteColumns, TickColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import { TickRow } from './rows.ts'
import type { BookRow, QuoteRow } from './rows.ts'
import type { Stock } from './stock.ts'

/* What the venue does with an open, a trade, a quote and a book. */

/** A bar opens: where the data stands, and its price. */
export function toOpen(stock: Stock, cause: Cause, columns: CandleColumns, row: number, openUs: number): number {
  const open = columns.open[row]!
  stock.row = row
  stock.mark = open
  // A column that is not looked at takes no room in the cache of the processor.
  if (stock.usesVolume) stock.volume = columns.volume[row]!
  cause.row = row
  if (openUs > cause.nowUs) cause.nowUs = openUs
  return open
}

/** `isBar`: a trade is a bar of one price. */
export function printed(stock: Stock, columns: TickColumns, row: number, isBar: boolean): void {
  const { market } = stock
  stock.volume = columns.quantity[row]!
  if (market.orders.length === 0) return
  if (isBar) onBarOpen(market, columns.receiveTimeUs[row]!, columns.price[row]!)
  else onTick(market, new TickRow(columns, row))
}

export function quoted(stock: Stock, columns: QuoteColumns, row: number, view: QuoteRow): void {
  stock.bid = columns.bid[row]!
  stock.ask = columns.ask[row]!
  stock.market.quoted = true
  if (stock.market.orders.length > 0) onQuote(stock.market, view)
  else stock.unseen = view
}

export function booked(stock: Stock, columns: BookColumns, row: number, view: BookRow): void {
  stock.bid = columns.bidPrice[row * columns.depth]! || NaN
  stock.ask = columns.askPrice[row * columns.depth]! || NaN
  stock.market.quoted = true
  if (stock.market.orders.length > 0) onBook(stock.market, view)
  else stock.unseen = view
}
