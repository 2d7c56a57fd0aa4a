import { addDecimal, negateDecimal } from '@contrail/contracts'
import type { Fill, Instrument, Side } from '@contrail/contracts'
import type { PositionReadout } from './api.ts'

/** A position and the exact quantity behind its readout. Made anew by every fill, so a kept readout never changes. */
export type FoldedPosition = PositionReadout & { readonly exact: string }

export const FLAT: FoldedPosition = { quantity: 0, averagePrice: 0, realised: 0, exact: '0' }

/**
 * One fill into a position, average cost. A fee in quote lowers `realised`; a fee in base lowers the quantity, as if it
 * had been sold at the fill's price and paid in quote; a fee in a third asset is left to the ledger.
 */
export function foldFill(position: FoldedPosition, side: Side, fill: Fill, instrument: Instrument): FoldedPosition {
  const price = Number(fill.price)
  const traded = trade(position, side === 'buy' ? fill.quantity : negateDecimal(fill.quantity), price)
  if (fill.feeAsset === instrument.quote) return { ...traded, realised: traded.realised - Number(fill.fee) }
  if (fill.feeAsset !== instrument.base) return traded
  const paid = trade(traded, negateDecimal(fill.fee), price)
  return { ...paid, realised: paid.realised - Number(fill.fee) * price }
}

function trade(position: FoldedPosition, signed: string, price: number): FoldedPosition {
  const delta = Number(signed)
  if (delta === 0) return position
  const exact = addDecimal(position.exact, signed)
  const quantity = Number(exact)
  const held = position.quantity
  if (held === 0 || held > 0 === delta > 0) {
    const averagePrice = (Math.abs(held) * position.averagePrice + Math.abs(delta) * price) / Math.abs(held + delta)
    return { quantity, averagePrice: held === 0 ? price : averagePrice, realised: position.realised, exact }
  }
  const closed = Math.min(Math.abs(held), Math.abs(delta)) * Math.sign(held)
  const realised = position.realised + closed * (price - position.averagePrice)
  const turned = quantity !== 0 && quantity > 0 !== held > 0
  return { quantity, averagePrice: quantity === 0 ? 0 : turned ? price : position.averagePrice, realised, exact }
}
