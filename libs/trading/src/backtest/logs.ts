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
/** Instrument, side, type and status in one number, from the left: see `kindOf`. */
const KIND = 0
const LOTS = 1
const PRICE = 2
const STOP = 3
const PLACED = 4
const DONE = 5
const FILLED = 6
/** Sum of ticks x lots. */
const PAID = 7
/** Number of the decision that asked for it x `INDEX_BASE`, and its place there; below that the run's own. */
const ORIGIN = 8
/** Lots before sizing or amends. */
const ASKED = 9
const ORDER_COLUMNS = 10

const STATUS_BASE = 8
const TYPE_BASE = 16
const SIDE_BASE = 2
const INDEX_BASE = 1_024

const kindOf = (stock: number, side: Side, type: number): number =>
  ((stock * SIDE_BASE + (side === 'buy' ? 1 : 0)) * TYPE_BASE + type) * STATUS_BASE

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
    cells[at + KIND] = kindOf(stock, ask.side, type)
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
    cells[at + KIND] = kindOf(stock, side, 0)
    cells[at + LOTS] = lots
    cells[at + PRICE] = 0
    cells[at + STOP] = 0
    cells[at + PLACED] = placedUs
    cells[at + DONE] = NaN
    cells[at + FILLED] = 0
    cells[at + PAID] = 0
    cells[at + ORIGIN] = decision * INDEX_BASE + index
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
    cells[at + KIND]! += status === 'filled' ? 1 : STATUSES.indexOf(status)
    cells[at + DONE] = atUs
  }

  explain(row: number, reason: string): void {
    this.#reasons.set(row, reason)
  }

  orderId(row: number): string {
    const origin = this.#table.at(row, ORIGIN)
    const decision = Math.floor(origin / INDEX_BASE)
    if (decision > 0) return `${this.#prefix}-${decision}-${origin % INDEX_BASE}`
    return `${this.#prefix}-${this.#reasons.get(row)?.toLowerCase() ?? 'own'}-${row}`
  }

  placedUs(row: number): number {
    return this.#table.at(row, PLACED)
  }

  tag(row: number): string | undefined {
    return this.#tags.at(row)
  }

  instrument(row: number): Instrument {
    return this.#instruments[Math.floor(this.#table.at(row, KIND) / (STATUS_BASE * TYPE_BASE * SIDE_BASE))]!
  }

  side(row: number): Side {
    return Math.floor(this.#table.at(row, KIND) / (STATUS_BASE * TYPE_BASE)) % SIDE_BASE === 1 ? 'buy' : 'sell'
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
    const status: OrderStatus = STATUSES[cell(KIND) % STATUS_BASE]!
    return {
      orderId: this.orderId(row),
      venue: instrument.venue,
      instrument: instrument.instrument,
      side: this.side(row),
      orderType: ORDER_TYPES[Math.floor(cell(KIND) / STATUS_BASE) % TYPE_BASE]!,
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

/** Of them the last two where spread or slippage is assumed. */
const FILL_COLUMNS = 8

export class FillLog {
  readonly #table: Table
  readonly #hasCosts: boolean

  constructor(hasCosts: boolean) {
    this.#hasCosts = hasCosts
    this.#table = new Table(hasCosts ? FILL_COLUMNS : FILL_COLUMNS - 2)
  }

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
    cells[at] = order * 2 + (liquidity === 'maker' ? 1 : 0)
    cells[at + 1] = atUs
    cells[at + 2] = row
    cells[at + 3] = lots
    cells[at + 4] = ticks
    cells[at + 5] = fee
    if (!this.#hasCosts) return
    cells[at + 6] = slippage
    cells[at + 7] = spread
  }

  record(index: number, orders: OrderLog, feeUnit: number): FillRecord {
    const cell = (column: number) => this.#table.at(index, column)
    const order = Math.floor(cell(0) / 2)
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
      liquidity: cell(0) % 2 === 1 ? 'maker' : 'taker',
      slippage: this.#hasCosts ? cell(6) : 0,
      spread: this.#hasCosts ? cell(7) : 0,
    }
  }
}
