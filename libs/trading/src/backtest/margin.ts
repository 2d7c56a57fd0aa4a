import type { Desk } from './desk.ts'
import type { Stock } from './stock.ts'

/**
 * The price at which equity falls to `part` of the notional of all that is held, should the bar have reached it: its open
 * where that is beyond already. All other positions stand at their marks.
 */
export function liquidationOf(
  desk: Desk,
  stock: Stock,
  open: number,
  low: number,
  high: number,
  part: number,
): number | undefined {
  let others = 0
  let notional = 0
  for (const other of desk.stocks) {
    if (other === stock || other.lots === 0) continue
    others += other.quantity * other.mark
    notional += Math.abs(other.quantity * other.mark)
  }
  const { quantity } = stock
  const rest = desk.cash / desk.power + others
  // rest + q p = part (|q| p + notional)
  const price = (part * notional - rest) / (quantity - part * Math.abs(quantity))
  if (quantity > 0) return price >= low ? Math.min(price, open) : undefined
  return price <= high ? Math.max(price, open) : undefined
}
