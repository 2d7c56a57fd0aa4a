import { expire, isBeyond, isExpired, sweep, takeAmend } from './lifecycle.ts'
import { endReduced, fill, finish, reaches, room } from './fill.ts'
import { isSpent, spentReason } from './links.ts'
import { reasonOf, ticksOf } from './model.ts'
import type { Market, VenueOrder } from './model.ts'
import { follow, isTrailing } from './trail.ts'

/*
 * Matching against bars. Of a bar its open is known as a price at a time, and that its low and high were reached somewhere
 * between; so it is met in two steps. At the open: what is due or waiting meets the open, whichever side of its price that
 * is (a stop that is gapped through fills at the open). Within the range: stops first, then what rests, each at its own
 * price, so that of a stop and a target in one bar the stop is the one that fills; a trailing stop meets the worst of the
 * bar before it follows the best, and then only the close can reach it. What arrives within the bar, or sleeps until an
 * order fills there, looks at the rest of the range only as a stop: the worse guess. (Beyond a stop that has filled the
 * price has gone on to its extreme: that is certain.) An arrival meets the straight line from open to close.
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
    if (order.state === 'waiting') meetTrigger(market, order, price)
    else if (order.state === 'resting' && reaches(order, price)) fillWhole(market, order, price, 'maker')
  }
  wakeAll(market, price)
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
    fills = stopsWithin(market, low, high) + targetsWithin(market, low, high, openUs)
  }
  const close = ticksOf(market, bar.close)
  trailWithin(market, low, high, close, openUs)
  market.last = close
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    if (order.cancel && order.cancel.dueUs <= closeUs && order.state !== 'done') finish(market, order, 'cancelled')
    if (isExpired(order, closeUs)) expire(market, order)
  }
  sweep(market)
}

const isTarget = (order: VenueOrder): boolean =>
  order.orderType === 'take_profit' || order.orderType === 'take_profit_limit'

function stopsWithin(market: Market, low: number, high: number): number {
  let fills = 0
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    if (order.state !== 'waiting' || isTarget(order)) continue
    if (!isBeyond(order, order.side === 'buy' ? high : low)) continue
    trigger(market, order, order.stopPrice)
    // Its limit may have been reached before it was triggered.
    if (isResting(order)) order.activeAtUs = market.nowUs
    // What lies further on the way that triggered it came after it, and is no guess.
    wakeAll(market, market.last, true)
    fills++
  }
  return fills
}

/** The best price came at some time before the close: a close beyond the stop that it left has passed through it. */
function trailWithin(market: Market, low: number, high: number, close: number, openUs: number): void {
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    if (order.state !== 'waiting' || !isTrailing(order)) continue
    // Of a bar in which it began it knows the close alone: the best price may have been before.
    follow(market, order, order.activeAtUs > openUs ? close : order.side === 'sell' ? high : low)
    if (!isBeyond(order, close)) continue
    trigger(market, order, order.stopPrice)
    wakeAll(market, market.last)
  }
}

function targetsWithin(market: Market, low: number, high: number, openUs: number): number {
  let fills = 0
  for (let i = 0; i < market.orders.length; i++) {
    const order = market.orders[i]!
    const best = order.side === 'buy' ? low : high
    if (order.state === 'waiting' && isTarget(order) && isBeyond(order, best)) {
      trigger(market, order, order.stopPrice)
      fills++
    } else if (order.state === 'resting' && order.activeAtUs <= openUs && reaches(order, best)) {
      if (fillWhole(market, order, order.price, 'maker')) fills++
    }
    // At the price of its own parent, whatever else this bar fills.
    wakeAll(market, market.last)
  }
  return fills
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
    wakeAll(market, market.last)
  }
}

function runDueAt(market: Market, order: VenueOrder, nowUs: number, price: number): void {
  if (order.state === 'done') return
  if (order.cancel && order.cancel.dueUs <= nowUs) return finish(market, order, 'cancelled')
  if (isExpired(order, nowUs)) return expire(market, order)
  if (order.state === 'inbound' && order.activeAtUs <= nowUs) {
    market.sink.arrived?.(market, order)
    arrive(market, order, price)
  }
  if (order.amend && order.amend.dueUs <= nowUs && takeAmend(market, order)) meetAmended(market, order, price)
}

/** It is in the market now, or sleeps until its parent fills. */
function arrive(market: Market, order: VenueOrder, price: number): void {
  if (isSpent(order)) return finish(market, order, 'cancelled', spentReason(order))
  if (order.released === 0) order.state = 'dormant'
  else if (order.stopPrice === 0 && !isTrailing(order)) meet(market, order, price)
  else {
    order.state = 'waiting'
    meetTrigger(market, order, price)
  }
}

/** Children whose parents have filled take their places at the price of the moment. */
function wakeAll(market: Market, price: number, knowsBest = false): void {
  while (market.woken) {
    market.woken = false
    for (let i = 0; i < market.orders.length; i++) {
      const order = market.orders[i]!
      if (order.state !== 'dormant' || order.released <= 0) continue
      if (!knowsBest && market.nowUs > order.activeAtUs) order.activeAtUs = market.nowUs
      arrive(market, order, price)
    }
  }
}

function meetTrigger(market: Market, order: VenueOrder, price: number): void {
  if (isBeyond(order, price)) trigger(market, order, price)
  else if (isTrailing(order)) follow(market, order, price)
}

function meetAmended(market: Market, order: VenueOrder, price: number): void {
  if (order.state === 'waiting') meetTrigger(market, order, price)
  else if (order.state === 'resting' || order.state === 'working') meet(market, order, price)
}

/** A stop has been reached: the rest of it is a market order, or a limit order that meets the price of the trigger. */
function trigger(market: Market, order: VenueOrder, price: number): void {
  order.state = 'working'
  meet(market, order, price)
}

/** Takes at the price if it may, then rests or ends. */
export function meet(market: Market, order: VenueOrder, price: number): void {
  const takes = reaches(order, price)
  if (order.postOnly && takes)
    return finish(market, order, 'rejected', reasonOf('POST_ONLY_WOULD_TAKE', `the market is at ${price} ticks`))
  if (order.reduceOnly && order.parent === '' && room(market, order) === 0)
    return finish(market, order, 'expired', reasonOf('REDUCE_ONLY', 'no position to reduce'))
  if (takes) fillWhole(market, order, price, 'taker')
  endReduced(market, order)
  if (isDone(order)) return
  if (order.timeInForce === 'IOC' || order.timeInForce === 'FOK' || order.orderType === 'market')
    return finish(market, order, 'expired', reasonOf('IOC_REST', `${order.quantity - order.filled} lots not in reach`))
  order.state = order.price === 0 ? 'working' : 'resting'
}

const isResting = (order: VenueOrder): boolean => order.state === 'resting'
const isDone = (order: VenueOrder): boolean => order.state === 'done'

/** A bar says nothing of size: all of it, or what reduce-only leaves. */
function fillWhole(market: Market, order: VenueOrder, price: number, liquidity: 'maker' | 'taker'): boolean {
  const lots = room(market, order)
  if (lots <= 0 || !fill(market, order, price, lots, liquidity)) return false
  market.last = price
  return true
}
