import type { Market, VenueOrder } from './model.ts'

/* Trailing stops. The stop only ever moves with the market, and is never nearer to it than was asked for. */

export const isTrailing = (order: VenueOrder): boolean => order.trailTicks > 0 || order.trailPart > 0

/** Moves the stop after a price of `price` ticks, should that be a new best one for the order. */
export function follow(market: Market, order: VenueOrder, price: number): void {
  if (price <= 0) return
  const distance = order.trailTicks > 0 ? order.trailTicks : price * order.trailPart
  // The rounding error of the product must not cost a tick.
  const stop =
    order.side === 'sell' ? Math.max(1, Math.floor(price - distance + 1e-9)) : Math.ceil(price + distance - 1e-9)
  const better = order.stopPrice === 0 || (order.side === 'sell' ? stop > order.stopPrice : stop < order.stopPrice)
  if (!better) return
  order.stopPrice = stop
  market.sink.touched?.(order)
}
