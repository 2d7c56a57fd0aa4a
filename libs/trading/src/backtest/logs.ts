import type { Fill, Instrument, OrderStatus, Side } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import { Growing } from './growing.ts'
import type { FillRecord, OrderRecord, TradeRecord } from './types.ts'

/*
 * What happened in a run, in columns: a fill costs a dozen stores. The records that people read are made from them when
 * somebody asks for them.
 */
export type ExitReason = TradeRecord['exitReason']

/** An order of the run: the ask, and what became of it. */
export type OrderLogEntry = {
  readonly orderId: string
  readonly instrument: Instrument
  readonly ask: PlaceAsk | undefined
  readonly side: Side
  readonly placedUs: number
  lots: number
  price: number
  stopPrice: number
  doneUs: number
  status: OrderStatus
  filled: number
  /** Sum of ticks x lots. */
  paid: number
  reason: string | undefined
}

export const newOrderLog = (
  orderId: string,
  instrument: Instrument,
  ask: PlaceAsk | undefined,
  side: Side,
  lots: number,
  placedUs: number,
): OrderLogEntry => ({
  orderId,
  instrument,
  ask,
  side,
  placedUs,
  lots,
  price: ask ? ask.price : 0,
  stopPrice: ask ? ask.stopPrice : 0,
  doneUs: NaN,
  status: 'new',
  filled: 0,
  paid: 0,
  reason: undefined,
})

export class FillLog {
  readonly orders: OrderLogEntry[] = []
  readonly #columns = Array.from({ length: 8 }, () => new Growing())

  get count(): number {
    return this.orders.length
  }

  add(
    order: OrderLogEntry,
    atUs: number,
    row: number,
    lots: number,
    ticks: number,
    fee: number,
    liquidity: Fill['liquidity'],
    slippage: number,
    spread: number,
  ): void {
    this.orders.push(order)
    const [at, rows, lotss, tickss, fees, makers, slippages, spreads] = this.#columns as [
      Growing,
      Growing,
      Growing,
      Growing,
      Growing,
      Growing,
      Growing,
      Growing,
    ]
    at.push(atUs)
    rows.push(row)
    lotss.push(lots)
    tickss.push(ticks)
    fees.push(fee)
    makers.push(liquidity === 'maker' ? 1 : 0)
    slippages.push(slippage)
    spreads.push(spread)
  }

  records(feeUnit: number): FillRecord[] {
    const column = (index: number, at: number) => this.#columns[index]!.at(at)
    return this.orders.map((order, at) => {
      const { tick, lot } = stepsOfInstrument(order.instrument)
      return {
        orderId: order.orderId,
        venue: order.instrument.venue,
        instrument: order.instrument.instrument,
        side: order.side,
        atUs: column(0, at),
        row: column(1, at),
        quantity: numberOfSteps(column(2, at), lot),
        price: numberOfSteps(column(3, at), tick),
        fee: column(4, at) / feeUnit,
        liquidity: column(5, at) === 1 ? 'maker' : 'taker',
        slippage: column(6, at),
        spread: column(7, at),
      }
    })
  }
}

export function orderRecord(order: OrderLogEntry): OrderRecord {
  const { instrument, ask, price, stopPrice, filled, paid } = order
  const { tick, lot } = stepsOfInstrument(instrument)
  return {
    orderId: order.orderId,
    venue: instrument.venue,
    instrument: instrument.instrument,
    side: order.side,
    orderType: ask?.orderType ?? 'market',
    quantity: numberOfSteps(order.lots, lot),
    price: price > 0 ? numberOfSteps(price, tick) : undefined,
    stopPrice: stopPrice > 0 ? numberOfSteps(stopPrice, tick) : undefined,
    tag: ask?.tag,
    placedUs: order.placedUs,
    doneUs: Number.isNaN(order.doneUs) ? undefined : order.doneUs,
    status: order.status,
    filled: numberOfSteps(filled, lot),
    averagePrice: filled > 0 ? ((paid / filled) * tick.units) / tick.power : undefined,
    reason: order.reason,
  }
}
