import type { Market, VenueOrder } from './model.ts'

/* Trailing stops. The stop only ever moves with the market, and is never nearer to it than was asked for. */

export const isTrailing = (order: VenueOrder): boolean => order.trailTicks > 0 || order.trailPart > 0

/** Where the stop stands after a best price of `price` ticks. */
export function stopBehind({ side, trailTicks, trailPart }: VenueOrder, price: number): number {
  const distance = trailTicks > 0 ? trailTicks : price * trailPart
  // The rounding error of the product must not cost a tick.
  return side === 'sell' ? Math.max(1, Math.floor(price - distance + 1e-9)) : Math.ceil(price + distance - 1e-9)
}

/** Moves the stop after a price of `price` ticks, should that be a new best one for the order. */
export function follow(market: Market, order: VenueOrder, price: number): void {
  if (price <= 0) return
  const stop = stopBehind(order, price)
  const better = order.stopPrice === 0 || (order.side === 'sell' ? stop > order.stopPrice : stop < order.stopPrice)
  if (!better) return
  order.stopPrice = stop
  market.sink.touched?.(order)
}
