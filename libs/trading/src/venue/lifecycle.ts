import { available, finish, opposite, reaches, room, take } from './fill.ts'
import { isSpent, join, leavesOf, spentReason, unlinkable } from './links.ts'
import { reasonOf } from './model.ts'
import type { Market, PendingAmend, VenueOrder } from './model.ts'
import { follow, isTrailing } from './trail.ts'

/** An order that has done nothing yet. */
export type NewOrder = Pick<
  VenueOrder,
  | 'clOrdId'
  | 'venueOrderId'
  | 'subAccount'
  | 'venue'
  | 'instrument'
  | 'side'
  | 'orderType'
  | 'timeInForce'
  | 'postOnly'
  | 'reduceOnly'
  | 'quantity'
  | 'price'
  | 'stopPrice'
  | 'expireAtUs'
  | 'activeAtUs'
> &
  Partial<Pick<VenueOrder, 'trailTicks' | 'trailPart' | 'parent' | 'oco' | 'linked'>>

/** Every field is there from the start, so that all orders have one shape. */
export function makeOrder(given: NewOrder): VenueOrder {
  return {
    clOrdId: given.clOrdId,
    venueOrderId: given.venueOrderId,
    subAccount: given.subAccount,
    venue: given.venue,
    instrument: given.instrument,
    side: given.side,
    orderType: given.orderType,
    timeInForce: given.timeInForce,
    postOnly: given.postOnly,
    reduceOnly: given.reduceOnly,
    quantity: given.quantity,
    filled: 0,
    price: given.price,
    stopPrice: given.stopPrice,
    expireAtUs: given.expireAtUs,
    state: 'inbound',
    activeAtUs: given.activeAtUs,
    queueAhead: 0,
    fills: 0,
    end: undefined,
    endReason: undefined,
    cancel: undefined,
    amend: undefined,
    amended: undefined,
    trailTicks: given.trailTicks ?? 0,
    trailPart: given.trailPart ?? 0,
    parent: given.parent ?? '',
    oco: given.oco ?? '',
    linked: given.linked ?? false,
    whole: false,
    released: -1,
    taken: 0,
  }
}

/** Takes an order in; it goes on its way. */
export function addOrder(market: Market, order: VenueOrder): void {
  market.orders.push(order)
  market.sink.touched?.(order)
  market.dueUs = Math.min(market.dueUs, order.activeAtUs)
  if (order.parent === '' && order.oco === '') return
  const reason = unlinkable(market, order.parent)
  if (reason) finish(market, order, 'rejected', reason)
  else join(market, order)
}

/** Everything that is due by now, in the order the orders came. */
export function runDue(market: Market): void {
  if (market.nowUs < market.dueUs) return
  for (const order of market.orders) {
    if (order.cancel && order.cancel.dueUs <= market.nowUs && order.state !== 'done') finish(market, order, 'cancelled')
    if (order.state === 'inbound' && order.activeAtUs <= market.nowUs) activate(market, order)
    if (order.amend && order.amend.dueUs <= market.nowUs && order.state !== 'done') applyAmend(market, order)
    if (isExpired(order, market.nowUs)) expire(market, order)
  }
  sweep(market)
}

/**
 * Before the next print becomes the market: a limit order that the one before it did not reach has been waiting in the book
 * since it came, so a print at its price is a touch and no fill.
 */
export function restDue(market: Market, untilUs: number): void {
  if (untilUs < market.dueUs || market.last === 0) return
  for (const order of market.orders) {
    const isLimit = order.price > 0 && order.stopPrice === 0 && !isTrailing(order)
    const mayRest = order.timeInForce !== 'IOC' && order.timeInForce !== 'FOK'
    if (order.state !== 'inbound' || order.activeAtUs > untilUs || !isLimit || !mayRest) continue
    if (reaches(order, market.last)) continue
    market.nowUs = Math.max(market.nowUs, order.activeAtUs)
    activate(market, order)
  }
}

export const isExpired = (order: VenueOrder, nowUs: number): boolean =>
  order.state !== 'done' && order.expireAtUs > 0 && order.expireAtUs <= nowUs
export const expire = (market: Market, order: VenueOrder): void =>
  finish(market, order, 'expired', reasonOf('EXPIRED', `${order.timeInForce} ended`))

/** Drops what is done and finds the next due time. Before that, children whose parents have filled take their places. */
export function sweep(market: Market): void {
  while (market.woken) wake(market)
  const { orders } = market
  let kept = 0
  let dueUs = Number.POSITIVE_INFINITY
  for (const order of orders) {
    if (order.state === 'done') continue
    orders[kept++] = order
    if (order.state === 'inbound' && order.activeAtUs < dueUs) dueUs = order.activeAtUs
    if (order.cancel && order.cancel.dueUs < dueUs) dueUs = order.cancel.dueUs
    if (order.amend && order.amend.dueUs < dueUs) dueUs = order.amend.dueUs
    if (order.expireAtUs > 0 && order.expireAtUs < dueUs) dueUs = order.expireAtUs
  }
  // Not by `length`: that would throw the array's room away with it.
  while (orders.length > kept) orders.pop()
  market.dueUs = dueUs
}

function wake(market: Market): void {
  market.woken = false
  for (const order of market.orders) if (order.state === 'dormant' && order.released > 0) activate(market, order)
}

function activate(market: Market, order: VenueOrder): void {
  market.sink.touched?.(order)
  market.sink.arrived?.(market, order)
  if (isSpent(order)) return finish(market, order, 'cancelled', spentReason(order))
  if (order.released === 0) {
    order.state = 'dormant'
    return
  }
  if (isTrailing(order)) {
    order.state = 'waiting'
    return follow(market, order, referenceOf(market, order))
  }
  if (order.stopPrice === 0) return goLive(market, order)
  order.state = 'waiting'
  if (triggered(market, order)) trigger(market, order)
}

/** By trades; by the opposite quote where the feed has no trades. A trailing stop that is not reached follows. */
export function triggered(market: Market, order: VenueOrder): boolean {
  const price = referenceOf(market, order)
  if (price === 0) return false
  if (isBeyond(order, price)) return true
  if (isTrailing(order)) follow(market, order, price)
  return false
}

const referenceOf = (market: Market, order: VenueOrder): number =>
  market.last > 0 ? market.last : (opposite(market, order)[0]?.price ?? 0)

const isTarget = (order: VenueOrder): boolean =>
  order.orderType === 'take_profit' || order.orderType === 'take_profit_limit'

/** The market is at or beyond the trigger: as bad as a stop, or as good as a target. */
export const isBeyond = (order: VenueOrder, price: number): boolean =>
  order.stopPrice > 0 &&
  ((order.side === 'buy') === isTarget(order) ? price <= order.stopPrice : price >= order.stopPrice)

export function trigger(market: Market, order: VenueOrder): void {
  order.state = 'working'
  goLive(market, order)
}

/** Meets the market: takes what it may, then rests, works on or ends, by its type and lifetime. */
function goLive(market: Market, order: VenueOrder): void {
  market.sink.touched?.(order)
  const best = opposite(market, order)[0]
  const wouldTake = best !== undefined && reaches(order, best.price)
  if (order.postOnly && wouldTake)
    return finish(market, order, 'rejected', reasonOf('POST_ONLY_WOULD_TAKE', `best is ${best.price} ticks`))
  // While its parent is open there may be more to come: what it fills from here on goes out again at once.
  if (order.reduceOnly && order.parent === '' && room(market, order) === 0)
    return finish(market, order, 'expired', reasonOf('REDUCE_ONLY', 'no position to reduce'))
  if (order.timeInForce === 'FOK' && available(market, order) < leavesOf(order))
    return finish(market, order, 'expired', reasonOf('FOK_NOT_WHOLE', `${available(market, order)} lots in reach`))
  take(market, order, 'taker')
  if (order.state === 'done') return
  if (order.timeInForce === 'IOC' || order.timeInForce === 'FOK')
    return finish(market, order, 'expired', reasonOf('IOC_REST', `${leavesOf(order)} lots not in reach`))
  if (order.price === 0) {
    order.state = 'working'
    return
  }
  order.state = 'resting'
  const own = order.side === 'buy' ? market.bids : market.asks
  const queue = own.find((level) => level.price === order.price)?.size ?? 0
  const isUnknown = market.settings.prints === 'next' && !market.quoted
  order.queueAhead = isUnknown ? Number.MAX_SAFE_INTEGER : market.settings.liquidity === 'unlimited' ? 0 : queue
}

function applyAmend(market: Market, order: VenueOrder): void {
  const moves = takeAmend(market, order)
  // Less of it at the same price keeps its place in the queue; anything else goes to the end.
  if (!moves || isDone(order)) return
  if (order.state === 'waiting') {
    if (triggered(market, order)) trigger(market, order)
  } else if (order.state !== 'inbound' && order.state !== 'dormant') goLive(market, order)
}

const isDone = (order: VenueOrder): boolean => order.state === 'done'

/** The new terms hold from now on. True: the order loses its place and has to meet the market anew. */
export function takeAmend(market: Market, order: VenueOrder): boolean {
  const amend = order.amend as PendingAmend
  order.amend = undefined
  market.sink.touched?.(order)
  const { quantity } = amend
  if (quantity < order.filled) {
    const reason = reasonOf('AMEND_BELOW_FILLED', `${order.filled} lots are filled`)
    market.sink.replaceRefused(market, order, amend.clOrdId, reason)
    // The fills came first. What was asked for is less still than that: nothing more may come.
    finish(market, order, 'cancelled', reason)
    return false
  }
  const price = amend.price > 0 ? amend.price : order.price
  const stopPrice = amend.stopPrice > 0 ? amend.stopPrice : order.stopPrice
  const moves = price !== order.price || stopPrice !== order.stopPrice || quantity > order.quantity
  // Less was asked for than its parent may fill.
  if (quantity < order.quantity) order.whole = false
  order.quantity = quantity
  order.price = price
  order.stopPrice = stopPrice
  order.amended = amend.clOrdId
  market.sink.replaced(market, order, amend)
  if (order.filled >= quantity) finish(market, order, 'filled')
  else if (isSpent(order)) finish(market, order, 'cancelled', spentReason(order))
  return moves
}

export function requestCancel(market: Market, order: VenueOrder, clOrdId: string, dueUs: number): void {
  order.cancel = { dueUs, clOrdId }
  market.sink.touched?.(order)
  market.dueUs = Math.min(market.dueUs, dueUs)
}

export function requestAmend(market: Market, order: VenueOrder, amend: PendingAmend): void {
  order.amend = amend
  market.sink.touched?.(order)
  market.dueUs = Math.min(market.dueUs, amend.dueUs)
}
