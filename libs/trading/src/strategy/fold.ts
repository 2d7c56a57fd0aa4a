import type { Fill, Instrument, Side } from '@contrail/contracts'
import { fixed } from '../portfolio/fixed.ts'
import { Holding } from '../portfolio/holding.ts'

/** The same fold as the ledger's, so that a strategy and the books agree to the last digit. */
export function bookFill(holding: Holding, side: Side, fill: Fill): void {
  const { tradeId, quantity, price, fee, feeAsset, venueTimeUs: atUs } = fill
  holding.book({ tradeId, side, quantity, price, fee, feeAsset, atUs })
}

export type SavedPosition = { quantity: string; cost: string; realised: string; fees: string; fills: number }

export function savePosition(holding: Holding): SavedPosition {
  const { quantity, cost, realised, fees, fills } = holding.books
  return { quantity: `${quantity}`, cost: `${cost}`, realised: `${realised}`, fees: `${fees}`, fills }
}

export function loadPosition(saved: SavedPosition, instrument: Instrument): Holding {
  const { quantity, cost, realised, fees, fills } = saved
  const whole = (text: string) => fixed(BigInt(text))
  const holding = new Holding(instrument)
  holding.restore({ quantity: whole(quantity), cost: whole(cost), realised: whole(realised), fees: whole(fees), fills })
  return holding
}
