import { DAY_US, stepsOf } from '@contrail/contracts'
import type { AmendRequest, PlaceRequest } from '../risk/gate.ts'
import { available, finish, opposite, reaches, room, take } from './fill.ts'
import { reasonOf } from './model.ts'
import type { Market, VenueOrder } from './model.ts'

export function makeOrder(market: Market, clOrdId: string, request: PlaceRequest, nowUs: number): VenueOrder {
  const { tickSize, lotSize } = market.instrument
  const ticks = (price: string | undefined, field: string) =>
    price === undefined ? 0 : stepsOf(price, tickSize, 'exact', field)
  const endOfDay = request.timeInForce === 'DAY' ? (Math.floor(nowUs / DAY_US) + 1) * DAY_US : 0
  return {
    clOrdId,
    venueOrderId: `paper-${clOrdId}`,
    subAccount: request.subAccount,
    venue: request.venue,
    instrument: request.instrument,
    side: request.side,
    orderType: request.orderType,
    timeInForce: request.timeInForce,
    postOnly: request.postOnly,
    reduceOnly: request.reduceOnly,
    quantity: stepsOf(request.quantity, lotSize, 'exact', 'quantity'),
    filled: 0,
    price: ticks(request.price, 'price'),
    stopPrice: ticks(request.stopPrice, 'stopPrice'),
    expireAtUs: request.timeInForce === 'GTD' ? (request.expireAtUs ?? 0) : endOfDay,
    state: 'inbound',
    activeAtUs: nowUs + market.settings.latencyUs,
    queueAhead: 0,
    fills: 0,
  }
}

/** Everything that is due by now, in the order the orders came. */
export function runDue(market: Market): void {
  if (market.nowUs < market.dueUs) return
  for (const order of market.orders) {
    if (order.cancel && order.cancel.dueUs <= market.nowUs && order.state !== 'done') finish(market, order, 'cancelled')
    if (order.state === 'inbound' && order.activeAtUs <= market.nowUs) activate(market, order)
    if (order.amend && order.amend.dueUs <= market.nowUs && order.state !== 'done') applyAmend(market, order)
    if (order.state !== 'done' && order.expireAtUs > 0 && order.expireAtUs <= market.nowUs)
      finish(market, order, 'expired', reasonOf('EXPIRED', `${order.timeInForce} ended`))
  }
  sweep(market)
}

/** Drops what is done and finds the next due time. */
export function sweep(market: Market): void {
  market.orders = market.orders.filter((order) => order.state !== 'done')
  market.dueUs = Number.POSITIVE_INFINITY
  for (const order of market.orders) {
    if (order.state === 'inbound') market.dueUs = Math.min(market.dueUs, order.activeAtUs)
    if (order.cancel) market.dueUs = Math.min(market.dueUs, order.cancel.dueUs)
    if (order.amend) market.dueUs = Math.min(market.dueUs, order.amend.dueUs)
    if (order.expireAtUs > 0) market.dueUs = Math.min(market.dueUs, order.expireAtUs)
  }
}

function activate(market: Market, order: VenueOrder): void {
  market.touched.add(order)
  if (order.orderType === 'limit') return goLive(market, order)
  order.state = 'waiting'
  if (triggered(market, order)) trigger(market, order)
}

/** By trades; by the opposite quote where the feed has no trades. */
export function triggered(market: Market, order: VenueOrder): boolean {
  const price = market.last > 0 ? market.last : (opposite(market, order)[0]?.price ?? 0)
  return price > 0 && (order.side === 'buy' ? price >= order.stopPrice : price <= order.stopPrice)
}

export function trigger(market: Market, order: VenueOrder): void {
  order.state = 'working'
  goLive(market, order)
}

/** Meets the market: takes what it may, then rests, works on or ends, by its type and lifetime. */
function goLive(market: Market, order: VenueOrder): void {
  market.touched.add(order)
  const best = opposite(market, order)[0]
  const wouldTake = best !== undefined && reaches(order, best.price)
  if (order.postOnly && wouldTake)
    return finish(market, order, 'rejected', reasonOf('POST_ONLY_WOULD_TAKE', `best is ${best.price} ticks`))
  if (order.reduceOnly && room(market, order) === 0)
    return finish(market, order, 'expired', reasonOf('REDUCE_ONLY', 'no position to reduce'))
  if (order.timeInForce === 'FOK' && available(market, order) < order.quantity - order.filled)
    return finish(market, order, 'expired', reasonOf('FOK_NOT_WHOLE', `${available(market, order)} lots in reach`))
  take(market, order, 'taker')
  if (order.state === 'done') return
  if (order.timeInForce === 'IOC' || order.timeInForce === 'FOK')
    return finish(market, order, 'expired', reasonOf('IOC_REST', `${order.quantity - order.filled} lots not in reach`))
  if (order.price === 0) {
    order.state = 'working'
    return
  }
  order.state = 'resting'
  const own = order.side === 'buy' ? market.bids : market.asks
  const queue = own.find((level) => level.price === order.price)?.size ?? 0
  order.queueAhead = market.settings.liquidity === 'unlimited' ? 0 : queue
}

function applyAmend(market: Market, order: VenueOrder): void {
  const { clOrdId, terms } = order.amend as NonNullable<VenueOrder['amend']>
  delete order.amend
  market.touched.add(order)
  const about = { origin: order.clOrdId, atUs: market.nowUs, request: clOrdId }
  const { tickSize, lotSize } = market.instrument
  const quantity = stepsOf(terms.quantity, lotSize, 'exact', 'quantity')
  if (quantity < order.filled) {
    const reason = reasonOf('AMEND_BELOW_FILLED', `${order.filled} lots are filled`)
    market.reports.push({ ...about, type: 'replace_refused', reason })
    return
  }
  const price = terms.price === undefined ? order.price : stepsOf(terms.price, tickSize, 'exact', 'price')
  const stopPrice =
    terms.stopPrice === undefined ? order.stopPrice : stepsOf(terms.stopPrice, tickSize, 'exact', 'stop')
  const moves = price !== order.price || stopPrice !== order.stopPrice || quantity > order.quantity
  Object.assign(order, { quantity, price, stopPrice, amended: clOrdId })
  market.reports.push({ ...about, type: 'replaced', terms })
  if (order.filled >= quantity) return finish(market, order, 'filled')
  // Less of it at the same price keeps its place in the queue; anything else goes to the end.
  if (!moves) return
  if (order.state === 'waiting') {
    if (triggered(market, order)) trigger(market, order)
  } else if (order.state !== 'inbound') goLive(market, order)
}

export function requestCancel(market: Market, order: VenueOrder, clOrdId: string, nowUs: number): void {
  order.cancel = { dueUs: nowUs + market.settings.latencyUs, clOrdId }
  market.touched.add(order)
  market.dueUs = Math.min(market.dueUs, order.cancel.dueUs)
}

export function requestAmend(market: Market, order: VenueOrder, clOrdId: string, request: AmendRequest, nowUs: number) {
  order.amend = { dueUs: nowUs + market.settings.latencyUs, clOrdId, terms: request.terms }
  market.touched.add(order)
  market.dueUs = Math.min(market.dueUs, order.amend.dueUs)
}
