import { TIMEFRAME_US } from '@contrail/contracts'
import type { Book, Candle, InstrumentId, Quote, Tick, Us, VenueId } from '@contrail/contracts'
import type { BookColumns, CandleColumns, QuoteColumns, TickColumns } from './columns.ts'

/*
 * One row of a series with the fields that the live message has. A view is made for each event, is two words large, never
 * changes and may be kept; JSON of it is the message.
 */
type Named = { readonly venue: string; readonly instrument: string }

function fieldsOf<T extends object>(view: T, names: readonly string[]): Record<string, unknown> {
  const read = view as Record<string, unknown>
  return Object.fromEntries(names.map((name) => [name, read[name]]))
}
const CANDLE_FIELDS =
  'schema timeframe openTimeUs closeTimeUs open high low close volume quoteVolume trades receiveTimeUs'.split(' ')

export class CandleRow implements Candle, Named {
  readonly #columns: CandleColumns
  readonly #row: number
  constructor(columns: CandleColumns, row: number) {
    this.#columns = columns
    this.#row = row
  }
  get venue(): VenueId {
    return this.#columns.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#columns.instrument as InstrumentId
  }
  get schema(): 1 {
    return 1
  }
  get timeframe(): Candle['timeframe'] {
    return this.#columns.timeframe
  }
  get openTimeUs(): Us {
    return this.#columns.openTimeUs[this.#row] as Us
  }
  get closeTimeUs(): Us {
    return (this.#columns.openTimeUs[this.#row]! + TIMEFRAME_US[this.#columns.timeframe]) as Us
  }
  get receiveTimeUs(): Us {
    return this.closeTimeUs
  }
  get open(): number {
    return this.#columns.open[this.#row]!
  }
  get high(): number {
    return this.#columns.high[this.#row]!
  }
  get low(): number {
    return this.#columns.low[this.#row]!
  }
  get close(): number {
    return this.#columns.close[this.#row]!
  }
  get volume(): number {
    return this.#columns.volume[this.#row]!
  }
  get quoteVolume(): number {
    return this.#columns.quoteVolume[this.#row]!
  }
  get trades(): number {
    return this.#columns.trades[this.#row]!
  }
  toJSON(): Record<string, unknown> {
    return fieldsOf(this, [...CANDLE_FIELDS, 'venue', 'instrument'])
  }
}

export class TickRow implements Tick, Named {
  readonly #columns: TickColumns
  readonly #row: number
  constructor(columns: TickColumns, row: number) {
    this.#columns = columns
    this.#row = row
  }
  get venue(): VenueId {
    return this.#columns.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#columns.instrument as InstrumentId
  }
  get tradeId(): string {
    const given = this.#columns.tradeId[this.#row]!
    return String(Number.isNaN(given) ? this.#row : given)
  }
  get side(): Tick['side'] {
    const side = this.#columns.side[this.#row]!
    return side > 0 ? 'buy' : side < 0 ? 'sell' : 'unknown'
  }
  get price(): number {
    return this.#columns.price[this.#row]!
  }
  get quantity(): number {
    return this.#columns.quantity[this.#row]!
  }
  get venueTimeUs(): Us {
    return this.#columns.venueTimeUs[this.#row] as Us
  }
  get receiveTimeUs(): Us {
    return this.#columns.receiveTimeUs[this.#row] as Us
  }
  toJSON(): Record<string, unknown> {
    const names = 'tradeId side price quantity venueTimeUs receiveTimeUs venue instrument'
    return fieldsOf(this, names.split(' '))
  }
}

export class QuoteRow implements Quote, Named {
  readonly #columns: QuoteColumns
  readonly #row: number
  constructor(columns: QuoteColumns, row: number) {
    this.#columns = columns
    this.#row = row
  }
  get venue(): VenueId {
    return this.#columns.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#columns.instrument as InstrumentId
  }
  get bid(): number {
    return this.#columns.bid[this.#row]!
  }
  get bidQuantity(): number {
    return this.#columns.bidQuantity[this.#row]!
  }
  get ask(): number {
    return this.#columns.ask[this.#row]!
  }
  get askQuantity(): number {
    return this.#columns.askQuantity[this.#row]!
  }
  get venueTimeUs(): Us {
    return this.#columns.venueTimeUs[this.#row] as Us
  }
  get receiveTimeUs(): Us {
    return this.#columns.receiveTimeUs[this.#row] as Us
  }
  toJSON(): Record<string, unknown> {
    return fieldsOf(this, 'bid bidQuantity ask askQuantity venueTimeUs receiveTimeUs venue instrument'.split(' '))
  }
}

export class BookRow implements Book, Named {
  readonly #columns: BookColumns
  readonly #row: number
  constructor(columns: BookColumns, row: number) {
    this.#columns = columns
    this.#row = row
  }
  get venue(): VenueId {
    return this.#columns.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#columns.instrument as InstrumentId
  }
  get schema(): 1 {
    return 1
  }
  get bids(): [number, number][] {
    return this.#side(this.#columns.bidPrice, this.#columns.bidQuantity)
  }
  get asks(): [number, number][] {
    return this.#side(this.#columns.askPrice, this.#columns.askQuantity)
  }
  #side(prices: Float64Array, quantities: Float64Array): [number, number][] {
    const { depth } = this.#columns
    const levels: [number, number][] = []
    for (let at = this.#row * depth; at < (this.#row + 1) * depth && prices[at]! > 0; at++)
      levels.push([prices[at]!, quantities[at]!])
    return levels
  }
  get updateId(): number {
    return this.#columns.updateId[this.#row]!
  }
  get venueTimeUs(): Us {
    return this.#columns.venueTimeUs[this.#row] as Us
  }
  get receiveTimeUs(): Us {
    return this.#columns.receiveTimeUs[this.#row] as Us
  }
  toJSON(): Record<string, unknown> {
    return fieldsOf(this, 'schema bids asks updateId venueTimeUs receiveTimeUs venue instrument'.split(' '))
  }
}
