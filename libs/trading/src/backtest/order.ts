import { DAY_US } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import type { SimOrder, Stock } from './stock.ts'

/** As `makeOrder`, in one piece: every field is there from the start, so that all orders of a run have one shape. */
export function makeSimOrder(stock: Stock, log: number, ask: PlaceAsk, nowUs: number): SimOrder {
  return {
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
    filled: 0,
    price: ask.price,
    stopPrice: ask.stopPrice,
    expireAtUs: expiryOf(ask, nowUs),
    state: 'inbound',
    activeAtUs: nowUs,
    queueAhead: 0,
    fills: 0,
    end: undefined,
    endReason: undefined,
    cancel: undefined,
    amend: undefined,
    amended: undefined,
    trailTicks: ask.trailTicks,
    trailPart: ask.trailPercent / 100,
    parent: ask.parent,
    oco: ask.oco,
    linked: ask.linked,
    whole: false,
    released: -1,
    taken: 0,
    stock,
    log,
    ask,
    isSized: false,
    isAccepted: false,
  }
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
