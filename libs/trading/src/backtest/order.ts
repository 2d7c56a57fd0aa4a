import { DAY_US } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import { makeOrder } from '../venue/lifecycle.ts'
import type { SimOrder, Stock } from './stock.ts'

export function makeSimOrder(stock: Stock, log: number, ask: PlaceAsk, nowUs: number): SimOrder {
  const order = makeOrder({
    clOrdId: ask.orderId,
    venueOrderId: '',
    subAccount: '',
    venue: stock.instrument.venue,
    instrument: stock.instrument.instrument,
    side: ask.side,
    orderType: ask.orderType,
    timeInForce: ask.timeInForce,
    postOnly: ask.postOnly,
    reduceOnly: ask.reduceOnly,
    quantity: ask.lots,
    price: ask.price,
    stopPrice: ask.stopPrice,
    expireAtUs: expiryOf(ask, nowUs),
    activeAtUs: nowUs,
    trailTicks: ask.trailTicks,
    trailPart: ask.trailPercent / 100,
    parent: ask.parent,
    oco: ask.oco,
    linked: ask.linked,
  }) as SimOrder
  // Always the same in the same order: all orders of a run have one shape.
  order.stock = stock
  order.log = log
  order.ask = ask
  order.isSized = false
  order.isAccepted = false
  return order
}

function expiryOf({ timeInForce, expireAtUs }: PlaceAsk, nowUs: number): number {
  if (timeInForce === 'DAY') return (Math.floor(nowUs / DAY_US) + 1) * DAY_US
  return expireAtUs ?? 0
}

/** The run closes a position by itself. */
export const CLOSING_ASK = {
  type: 'place',
  orderType: 'market',
  price: 0,
  stopPrice: 0,
  timeInForce: 'GTC',
  expireAtUs: undefined,
  postOnly: false,
  reduceOnly: false,
  tag: undefined,
  trailTicks: 0,
  trailPercent: 0,
  parent: '',
  oco: '',
  linked: false,
} as const
