import { expire, isBeyond, isExpired, sweep, takeAmend } from './lifecycle.ts'
import { fill, finish, reaches, room } from './fill.ts'
import { reasonOf, ticksOf } from './model.ts'
import type { Market, VenueOrder } from './model.ts'

/*
 * Matching against bars. Of a bar its open is known as a price at a time, and that its low and high were reached somewhere
 * between; so it is met in two steps. At the open: what is due or waiting meets the open, whichever side of its price that
 * is (a stop that is gapped through fills at the open). Within the range: stops first, then what rests, each at its own
 * price, so that of a stop and a target in one bar the stop is the one that fills. What arrives within the bar meets the
 * straight line from its open to its close, and only stops among it look at the rest of the range: the worse guess.
 */
export type Bar = { readonly open: number; readonly high: number; readonly low: number; readonly close: number }
/** Rounds of matching in one bar: an order that fills may bring another into the market at once. */
const ROUNDS_MAX = 8

export function onBarOpen(market: Market, openUs: number, open: number): void {
  if (market.orders.length === 0) return
  if (openUs > market.nowUs) market.nowUs = openUs
  const price = ticksOf(market, open)
  market.last = price
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    runDueAt(market, order, openUs, price)
    if (order.state === 'waiting' && isBeyond(order, price)) trigger(market, order, price)
    else if (order.state === 'resting' && reaches(order, price)) fillWhole(market, order, price, 'maker')
  }
  sweep(market)
}

export function onBarRange(market: Market, bar: Bar, openUs: number, closeUs: number): void {
  if (market.orders.length === 0) return
  const low = ticksOf(market, bar.low)
  const high = ticksOf(market, bar.high)
  arriveWithin(market, bar, openUs, closeUs)
  market.nowUs = closeUs
  let fills = -1
  for (let round = 0; round < ROUNDS_MAX && fills !== 0; round++) {
    fills = 0
    for (let i = 0; i < market.orders.length; i++) {
      const order = market.orders[i]!
      if (order.state !== 'waiting' || !isBeyond(order, order.side === 'buy' ? high : low)) continue
      trigger(market, order, order.stopPrice)
      fills++
    }
    for (let i = 0; i < market.orders.length; i++) {
      const order = market.orders[i]!
      if (order.state !== 'resting' || order.activeAtUs > openUs) continue
      if (reaches(order, order.side === 'buy' ? low : high) && fillWhole(market, order, order.price, 'maker')) fills++
    }
  }
  market.last = ticksOf(market, bar.close)
  for (const order of market.orders) {
    if (order.cancel && order.cancel.dueUs <= closeUs && order.state !== 'done') finish(market, order, 'cancelled')
    if (isExpired(order, closeUs)) expire(market, order)
  }
  sweep(market)
}

/** What was on its way when the bar opened and arrives before it closes. */
function arriveWithin(market: Market, bar: Bar, openUs: number, closeUs: number): void {
  if (market.dueUs >= closeUs) return
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    const dueUs = order.state === 'inbound' ? order.activeAtUs : (order.amend?.dueUs ?? Number.POSITIVE_INFINITY)
    if (dueUs >= closeUs) continue
    market.nowUs = Math.max(market.nowUs, dueUs)
    const line = bar.open + ((bar.close - bar.open) * (dueUs - openUs)) / (closeUs - openUs)
    runDueAt(market, order, dueUs, ticksOf(market, line))
  }
}

function runDueAt(market: Market, order: VenueOrder, nowUs: number, price: number): void {
  if (order.state === 'done') return
  if (order.cancel && order.cancel.dueUs <= nowUs) return finish(market, order, 'cancelled')
  if (isExpired(order, nowUs)) return expire(market, order)
  if (order.state === 'inbound' && order.activeAtUs <= nowUs) {
    if (order.stopPrice === 0) meet(market, order, price)
    else if (isBeyond(order, price)) trigger(market, order, price)
    else order.state = 'waiting'
  }
  if (order.amend && order.amend.dueUs <= nowUs && takeAmend(market, order)) meetAmended(market, order, price)
}

function meetAmended(market: Market, order: VenueOrder, price: number): void {
  if (order.state === 'waiting' && isBeyond(order, price)) trigger(market, order, price)
  else if (order.state === 'resting' || order.state === 'working') meet(market, order, price)
}

/** A stop has been reached: the rest of it is a market order, or a limit order that meets the price of the trigger. */
function trigger(market: Market, order: VenueOrder, price: number): void {
  order.state = 'working'
  meet(market, order, price)
}

/** Takes at the price if it may, then rests or ends. */
function meet(market: Market, order: VenueOrder, price: number): void {
  const takes = reaches(order, price)
  if (order.postOnly && takes)
    return finish(market, order, 'rejected', reasonOf('POST_ONLY_WOULD_TAKE', `the market is at ${price} ticks`))
  if (order.reduceOnly && room(market, order) === 0)
    return finish(market, order, 'expired', reasonOf('REDUCE_ONLY', 'no position to reduce'))
  if (takes) fillWhole(market, order, price, 'taker')
  if (isDone(order)) return
  if (order.timeInForce === 'IOC' || order.timeInForce === 'FOK' || order.orderType === 'market')
    return finish(market, order, 'expired', reasonOf('IOC_REST', `${order.quantity - order.filled} lots not in reach`))
  order.state = order.price === 0 ? 'working' : 'resting'
}

const isDone = (order: VenueOrder): boolean => order.state === 'done'

/** A bar says nothing of size: all of it, or what reduce-only leaves. */
function fillWhole(market: Market, order: VenueOrder, price: number, liquidity: 'maker' | 'taker'): boolean {
  const lots = room(market, order)
  return lots > 0 && fill(market, order, price, lots, liquidity)
}
