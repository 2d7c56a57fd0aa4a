import { StrategyFailure } from '../strategy/handlers.ts'
import type { BookColumns, MarketColumns, QuoteColumns } from './columns.ts'
import type { Feed } from './feed.ts'
import { BookRow, CandleRow, QuoteRow, TickRow } from './rows.ts'

export const middle = ({ bid, ask }: QuoteColumns, row: number): number => (bid[row]! + ask[row]!) / 2

export function middleOfBook({ bidPrice, askPrice, depth }: BookColumns, row: number): number {
  const bid = bidPrice[row * depth]!
  const ask = askPrice[row * depth]!
  return bid > 0 && ask > 0 ? (bid + ask) / 2 : NaN
}

/** A row as its handler sees it, and the price that it states. */
export function viewOf({ columns }: Feed, row: number): [object, number] {
  switch (columns.kind) {
    case 'candles':
      return [new CandleRow(columns, row), columns.close[row]!]
    case 'ticks':
      return [new TickRow(columns, row), columns.price[row]!]
    case 'quotes':
      return [new QuoteRow(columns, row), middle(columns, row)]
    case 'book':
      return [new BookRow(columns, row), middleOfBook(columns, row)]
    case 'funding':
      return [{}, NaN]
  }
}

/** What the author's code threw, with the row that did it. */
export function located(error: unknown, strategy: string, columns: MarketColumns, row: number): unknown {
  if (!(error instanceof StrategyFailure)) return error
  const subject = `${columns.venue}.${columns.instrument}`
  const input = { stream: columns.kind, sequence: row, subject, data: new Uint8Array(0) }
  return new StrategyFailure(strategy, error.handler, input, error.cause)
}
