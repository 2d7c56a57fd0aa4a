import type { Fill, Reason } from '@contrail/contracts'
import { isSpent, leavesOf, spentReason, spread, unlink } from './links.ts'
import { reasonOf } from './model.ts'
import type { Level, Market, OrderEnd, VenueOrder } from './model.ts'

export function finish(market: Market, order: VenueOrder, end: OrderEnd, reason?: Reason): void {
  const { sink } = market
  const late = order.cancel && end !== 'cancelled' ? order.cancel.clOrdId : undefined
  const { amend } = order
  order.state = 'done'
  order.end = end
  order.endReason = reason
  order.amend = undefined
  order.cancel = undefined
  sink.touched?.(order)
  if (late !== undefined) sink.cancelRefused(market, order, late, reasonOf('TOO_LATE_TO_CANCEL', end))
  if (amend) sink.replaceRefused(market, order, amend.clOrdId, reasonOf('TOO_LATE_TO_AMEND', end))
  sink.ended(market, order, end, reason)
  if (order.linked) unlink(market, order)
}

/** How much a reduce-only order may still take from its sub-account's position. */
export function room(market: Market, order: VenueOrder): number {
  const leaves = leavesOf(order)
  if (!order.reduceOnly) return leaves
  const position = market.sink.held?.(market, order) ?? market.positions.get(order.subAccount) ?? 0
  return Math.min(leaves, Math.max(0, order.side === 'buy' ? -position : position))
}

/** False: the venue would not let it, and the order has ended. */
export function fill(
  market: Market,
  order: VenueOrder,
  shown: number,
  asked: number,
  liquidity: Fill['liquidity'],
): boolean {
  const { sink } = market
  const price = liquidity === 'taker' && sink.takerPrice ? sink.takerPrice(market, order, shown, asked) : shown
  const lots = sink.grant ? sink.grant(market, order, price, asked, liquidity) : asked
  if (lots > 0) {
    order.filled += lots
    order.fills += 1
    if (!sink.held) {
      const held = market.positions.get(order.subAccount) ?? 0
      market.positions.set(order.subAccount, held + (order.side === 'buy' ? lots : -lots))
    }
    sink.touched?.(order)
    sink.filled(market, order, price, lots, liquidity)
    if (order.linked || order.oco !== '') spread(market, order, lots)
  }
  if (order.filled >= order.quantity) finish(market, order, 'filled')
  else if (lots < asked) finish(market, order, 'rejected', sink.denial?.(market, order) ?? reasonOf('NOT_GRANTED', ''))
  else if (lots > 0 && isSpent(order)) finish(market, order, 'cancelled', spentReason(order))
  return lots > 0
}

/** What the order would meet now, best first. */
export const opposite = (market: Market, order: VenueOrder): Level[] =>
  order.side === 'buy' ? market.asks : market.bids

/** Would trade at `price`; a price of 0 takes any. */
export const reaches = (order: VenueOrder, price: number): boolean =>
  order.price === 0 || (order.side === 'buy' ? price <= order.price : price >= order.price)

export function available(market: Market, order: VenueOrder): number {
  let lots = 0
  for (const level of opposite(market, order)) if (reaches(order, level.price)) lots += level.size
  return lots
}

/** Takes what is shown, level by level, and makes it smaller. */
export function take(market: Market, order: VenueOrder, liquidity: Fill['liquidity']): void {
  for (const level of opposite(market, order)) {
    if (order.state === 'done' || !reaches(order, level.price)) return
    const lots = Math.min(room(market, order), level.size)
    if (lots <= 0) continue
    level.size -= lots
    fill(market, order, liquidity === 'maker' ? order.price : level.price, lots, liquidity)
  }
  endReduced(market, order)
}

/**
 * What takes any price and may only reduce ends when nothing is left to reduce: waiting on, it would close the position that
 * is opened next.
 */
export function endReduced(market: Market, order: VenueOrder): void {
  if (!order.reduceOnly || order.price !== 0 || order.parent !== '' || order.state === 'done') return
  if (room(market, order) > 0) return
  finish(market, order, 'expired', reasonOf('REDUCE_ONLY', 'no position is left to reduce'))
}
