import { onBarOpen } from '../venue/bar.ts'
import { onBook, onQuote, onTick } from '../venue/simulated.ts'
import type { BookColumns, QuoteColumns, TickColumns } from './columns.ts'
import { TickRow } from './rows.ts'
import type { BookRow, QuoteRow } from './rows.ts'
import type { Stock } from './stock.ts'

/* What the venue does with a trade, a quote and a book. */

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
