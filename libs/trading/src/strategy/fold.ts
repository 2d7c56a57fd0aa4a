import type { Fill, Instrument, Side } from '@contrail/contracts'
import { assetsOf } from '../portfolio/assets.ts'
import { fixed, fromFixed } from '../portfolio/fixed.ts'
import { applyFill, averageCostOf, FLAT as NOTHING } from '../portfolio/position.ts'
import type { PositionState } from '../portfolio/position.ts'
import type { PositionReadout } from './api.ts'

/** A position as the author reads it, and the books behind it. Made anew by every fill: a kept readout never changes. */
export type FoldedPosition = PositionReadout & { readonly books: PositionState }

export const FLAT: FoldedPosition = { quantity: 0, averagePrice: 0, realised: 0, books: NOTHING }

/** The same fold as the ledger's, so that a strategy and the books agree to the last digit. */
export function foldFill(position: FoldedPosition, side: Side, fill: Fill, instrument: Instrument): FoldedPosition {
  const { tradeId, quantity, price, fee, feeAsset, venueTimeUs: atUs } = fill
  return read(
    applyFill(position.books, { tradeId, side, quantity, price, fee, feeAsset, atUs }, assetsOf(instrument.instrument)),
  )
}

function read(books: PositionState): FoldedPosition {
  return {
    quantity: Number(fromFixed(books.quantity)),
    averagePrice: Number(averageCostOf(books)),
    realised: Number(fromFixed(books.realised)),
    books,
  }
}

export type SavedPosition = { quantity: string; cost: string; realised: string; fees: string; fills: number }

export function savePosition({ books }: FoldedPosition): SavedPosition {
  const { quantity, cost, realised, fees, fills } = books
  return { quantity: `${quantity}`, cost: `${cost}`, realised: `${realised}`, fees: `${fees}`, fills }
}

export function loadPosition({ quantity, cost, realised, fees, fills }: SavedPosition): FoldedPosition {
  const whole = (text: string) => fixed(BigInt(text))
  return read({ quantity: whole(quantity), cost: whole(cost), realised: whole(realised), fees: whole(fees), fills })
}
