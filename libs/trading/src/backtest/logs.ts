import { fromSteps, ORDER_TYPES } from '@contrail/contracts'
import type { Fill, Instrument, OrderId, OrderStatus, PlaceIntent, Side } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import type { Step } from '../venue/steps.ts'
import { Rare } from './rare.ts'
import { Table } from './table.ts'
import type { FillRecord, OrderRecord } from './types.ts'

/*
 * What happened in a run, in columns: an order or a fill costs a dozen stores and keeps no object alive. The records that
 * people read are made from them when somebody asks for them.
 */
const STATUSES = ['new', 'filled', 'cancelled', 'expired', 'rejected', 'denied'] as const
type LoggedStatus = (typeof STATUSES)[number]

/* Columns of an order. */
const STOCK = 0
const SIDE = 1
const TYPE = 2
const LOTS = 3
const PRICE = 4
const STOP = 5
const PLACED = 6
const DONE = 7
const STATUS = 8
const FILLED = 9
/** Sum of ticks x lots. */
const PAID = 10
/** Of the decision that asked for it, and its place there; 0 = the run's own. */
const DECISION = 11
const INDEX = 12
/** Lots before sizing or amends. */
const ASKED = 13
const ORDER_COLUMNS = 14

export class OrderLog {
  readonly #table = new Table(ORDER_COLUMNS)
  readonly #tags = new Rare<string>()
  /** Most orders have none. */
  readonly #reasons = new Map<number, string>()
  readonly #instruments: readonly Instrument[]
  readonly #prefix: string

  constructor(instruments: readonly Instrument[], strategy: string) {
    this.#instruments = instruments
    this.#prefix = strategy
  }

  get count(): number {
    return this.#table.rows
  }

  /** Forgets all orders: nobody asks for them. */
  clear(): void {
    this.#table.clear()
    if (this.#tags.isUsed) this.#tags.clear()
    if (this.#reasons.size > 0) this.#reasons.clear()
  }

  add(stock: number, ask: PlaceAsk, placedUs: number, decision: number, index: number): number {
    const type = ask.orderType === 'market' ? 0 : ORDER_TYPES.indexOf(ask.orderType)
    const row = this.addMarket(stock, ask.side, ask.lots, ask.tag, placedUs, decision, index)
    const { cells } = this.#table
    const at = this.#table.last
    cells[at + TYPE] = type
    cells[at + PRICE] = ask.price
    cells[at + STOP] = ask.stopPrice
    return row
  }

  addMarket(
    stock: number,
    side: Side,
    lots: number,
    tag: string | undefined,
    placedUs: number,
    decision: number,
    index: number,
  ): number {
    const row = this.#table.rows
    const at = this.#table.add()
    const { cells } = this.#table
    cells[at + STOCK] = stock
    cells[at + SIDE] = side === 'buy' ? 1 : -1
    cells[at + TYPE] = 0
    cells[at + LOTS] = lots
    cells[at + PRICE] = 0
    cells[at + STOP] = 0
    cells[at + PLACED] = placedUs
    cells[at + DONE] = NaN
    cells[at + STATUS] = 0
    cells[at + FILLED] = 0
    cells[at + PAID] = 0
    cells[at + DECISION] = decision
    cells[at + INDEX] = index
    cells[at + ASKED] = lots
    this.#tags.add(row, tag)
    return row
  }

  filled(row: number, lots: number, ticks: number): void {
    const cells = this.#table.chunkOf(row)
    const at = this.#table.indexOf(row)
    cells[at + FILLED]! += lots
    cells[at + PAID]! += lots * ticks
  }

  changed(row: number, lots: number, price: number, stopPrice: number): void {
    const cells = this.#table.chunkOf(row)
    const at = this.#table.indexOf(row)
    cells[at + LOTS] = lots
    cells[at + PRICE] = price
    cells[at + STOP] = stopPrice
  }

  ended(row: number, status: LoggedStatus, atUs: number): void {
    const cells = this.#table.chunkOf(row)
    const at = this.#table.indexOf(row)
    cells[at + STATUS] = status === 'filled' ? 1 : STATUSES.indexOf(status)
    cells[at + DONE] = atUs
  }

  explain(row: number, reason: string): void {
    this.#reasons.set(row, reason)
  }

  orderId(row: number): string {
    const decision = this.#table.at(row, DECISION)
    if (decision > 0) return `${this.#prefix}-${decision}-${this.#table.at(row, INDEX)}`
    return `${this.#prefix}-${this.#reasons.get(row)?.toLowerCase() ?? 'own'}-${row}`
  }

  placedUs(row: number): number {
    return this.#table.at(row, PLACED)
  }

  tag(row: number): string | undefined {
    return this.#tags.at(row)
  }

  instrument(row: number): Instrument {
    return this.#instruments[this.#table.at(row, STOCK)]!
  }

  side(row: number): Side {
    return this.#table.at(row, SIDE) > 0 ? 'buy' : 'sell'
  }

  lots(row: number): number {
    return this.#table.at(row, LOTS)
  }

  /** A market order as it was asked for, whatever sizing made of it. */
  plainIntent(row: number): PlaceIntent {
    const instrument = this.instrument(row)
    const tag = this.#tags.at(row)
    return {
      type: 'place',
      orderId: this.orderId(row) as OrderId,
      venue: instrument.venue,
      instrument: instrument.instrument,
      side: this.side(row),
      quantity: fromSteps(this.#table.at(row, ASKED), instrument.lotSize),
      orderType: 'market',
      timeInForce: 'GTC',
      postOnly: false,
      reduceOnly: false,
      ...(tag !== undefined && { tag }),
    }
  }

  record(row: number): OrderRecord {
    const cell = (column: number) => this.#table.at(row, column)
    const instrument = this.instrument(row)
    const { tick, lot } = stepsOfInstrument(instrument)
    const priced = (ticks: number) => (ticks > 0 ? numberOfSteps(ticks, tick) : undefined)
    const done = cell(DONE)
    const status: OrderStatus = STATUSES[cell(STATUS)]!
    return {
      orderId: this.orderId(row),
      venue: instrument.venue,
      instrument: instrument.instrument,
      side: this.side(row),
      orderType: ORDER_TYPES[cell(TYPE)]!,
      quantity: numberOfSteps(cell(LOTS), lot),
      price: priced(cell(PRICE)),
      stopPrice: priced(cell(STOP)),
      tag: this.#tags.at(row),
      placedUs: cell(PLACED),
      doneUs: Number.isNaN(done) ? undefined : done,
      status: status === 'new' && cell(FILLED) > 0 ? 'partially_filled' : status,
      filled: numberOfSteps(cell(FILLED), lot),
      averagePrice: averageOf(cell(PAID), cell(FILLED), tick),
      reason: this.#reasons.get(row),
    }
  }
}

const averageOf = (paid: number, lots: number, tick: Step): number | undefined =>
  lots > 0 ? ((paid / lots) * tick.units) / tick.power : undefined

const FILL_COLUMNS = 9

export class FillLog {
  readonly #table = new Table(FILL_COLUMNS)

  get count(): number {
    return this.#table.rows
  }

  add(
    order: number,
    atUs: number,
    row: number,
    lots: number,
    ticks: number,
    fee: number,
    liquidity: Fill['liquidity'],
    slippage: number,
    spread: number,
  ): void {
    const at = this.#table.add()
    const { cells } = this.#table
    cells[at] = order
    cells[at + 1] = atUs
    cells[at + 2] = row
    cells[at + 3] = lots
    cells[at + 4] = ticks
    cells[at + 5] = fee
    cells[at + 6] = liquidity === 'maker' ? 1 : 0
    cells[at + 7] = slippage
    cells[at + 8] = spread
  }

  records(orders: OrderLog, feeUnit: number): FillRecord[] {
    return Array.from({ length: this.#table.rows }, (_, index) => {
      const cell = (column: number) => this.#table.at(index, column)
      const order = cell(0)
      const instrument = orders.instrument(order)
      const { tick, lot } = stepsOfInstrument(instrument)
      return {
        orderId: orders.orderId(order),
        venue: instrument.venue,
        instrument: instrument.instrument,
        side: orders.side(order),
        atUs: cell(1),
        row: cell(2),
        quantity: numberOfSteps(cell(3), lot),
        price: numberOfSteps(cell(4), tick),
        fee: cell(5) / feeUnit,
        liquidity: cell(6) === 1 ? 'maker' : 'taker',
        slippage: cell(7),
        spread: cell(8),
      }
    })
  }
}
