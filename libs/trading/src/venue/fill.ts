import { decimalOf, fromSteps, multiplyDecimal, roundDecimal } from '@contrail/contracts'
import type { Fill, Reason, Us } from '@contrail/contracts'
import { reasonOf } from './model.ts'
import type { Level, Market, VenueOrder } from './model.ts'

/** Places of a fee, in quote. Rounded half away from zero, as venues do. */
const FEE_SCALE = 8
const BASIS_POINT = '0.0001'

export function finish(market: Market, order: VenueOrder, end: NonNullable<VenueOrder['end']>, reason?: Reason): void {
  order.state = 'done'
  order.end = end
  if (reason) order.endReason = reason
  delete order.amend
  market.touched.add(order)
  const about = { origin: order.clOrdId, atUs: market.nowUs }
  if (order.cancel && end !== 'cancelled') {
    const late = reasonOf('TOO_LATE_TO_CANCEL', end)
    market.reports.push({ ...about, type: 'cancel_refused', request: order.cancel.clOrdId, reason: late })
  }
  delete order.cancel
  if (end === 'cancelled') market.reports.push({ ...about, type: 'cancelled' })
  else if (end !== 'filled') market.reports.push({ ...about, type: end, reason: reason ?? reasonOf('ENDED', end) })
}

/** How much a reduce-only order may still take from its sub-account's position. */
export function room(market: Market, order: VenueOrder): number {
  const leaves = order.quantity - order.filled
  if (!order.reduceOnly) return leaves
  const position = market.positions.get(order.subAccount) ?? 0
  return Math.min(leaves, Math.max(0, order.side === 'buy' ? -position : position))
}

export function fill(market: Market, order: VenueOrder, price: number, lots: number, liquidity: Fill['liquidity']) {
  order.filled += lots
  order.fills += 1
  const held = market.positions.get(order.subAccount) ?? 0
  market.positions.set(order.subAccount, held + (order.side === 'buy' ? lots : -lots))
  market.touched.add(order)
  const { instrument } = market
  const quantity = fromSteps(lots, instrument.lotSize)
  const text = fromSteps(price, instrument.tickSize)
  const bps = liquidity === 'maker' ? instrument.makerFeeBps : instrument.takerFeeBps
  const notional = multiplyDecimal(quantity, text)
  const fee = roundDecimal(multiplyDecimal(multiplyDecimal(notional, decimalOf(bps)), BASIS_POINT), FEE_SCALE)
  market.reports.push({
    type: 'filled',
    origin: order.clOrdId,
    atUs: market.nowUs,
    subAccount: order.subAccount,
    side: order.side,
    fill: {
      // From the facts, so that the same market and order give the same id again.
      tradeId: `${order.clOrdId}-${order.fills}`,
      quantity,
      price: text,
      fee,
      feeAsset: instrument.quote,
      liquidity,
      venueTimeUs: market.nowUs as Us,
    },
  })
  if (order.filled >= order.quantity) finish(market, order, 'filled')
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
}
