import type { Stock } from './stock.ts'
import type { Sizing } from './types.ts'

export type Sized = Exclude<Sizing, { kind: 'strategy' }>

/**
 * Lots that an order opens at `price`: whole, at most what equity x leverage carries with the fee of a taker. Equity is that
 * of the moment, with the position that it may have closed valued at the same price.
 */
export function openedLots(
  sizing: Sized,
  stock: Stock,
  equity: number,
  price: number,
  power: number,
  leverage: number,
): number {
  const each = price * stock.unit
  switch (sizing.kind) {
    case 'fraction': {
      const fixed = (stock.fees.perOrder / 1e8) * power
      const available = equity * leverage * sizing.fraction - fixed
      // A rebate comes after the fill: it does not pay for it.
      return Math.max(0, Math.floor(available / (each * (1 + Math.max(0, stock.fees.takerPart)))))
    }
    case 'notional':
      return Math.max(0, Math.floor((sizing.quote * power) / each + 1e-9))
    case 'quantity':
      return Math.max(0, Math.floor((sizing.base * stock.lot.power) / stock.lot.units + 1e-9))
  }
}
