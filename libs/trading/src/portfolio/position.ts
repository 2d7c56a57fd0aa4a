import type { Side } from '@contrail/contracts'
import {
  absolute,
  add,
  divide,
  fixed,
  fromFixed,
  multiply,
  negate,
  share,
  smaller,
  subtract,
  toFixed,
  ZERO,
} from './fixed.ts'
import type { Fixed } from './fixed.ts'
import type { Assets } from './assets.ts'

/** A fill as the books need it: decimal strings of the wire. */
export type BookedFill = {
  readonly tradeId: string
  readonly side: Side
  readonly quantity: string
  readonly price: string
  readonly fee: string
  readonly feeAsset: string
  /** What a fee in a third asset was worth in quote then. Without it such a fee is booked, but not in this P&L. */
  readonly feeValue?: string
  readonly atUs: number
}

/** Position by average cost. `cost` is what the open quantity cost, with its sign: exact, where an average is rounded. */
export type PositionState = {
  readonly quantity: Fixed
  readonly cost: Fixed
  /** In quote, net of fees. */
  readonly realised: Fixed
  /** In quote, all kinds. */
  readonly fees: Fixed
  readonly fills: number
}

export const FLAT: PositionState = { quantity: ZERO, cost: ZERO, realised: ZERO, fees: ZERO, fills: 0 }

/** What a fill does to the position: how much it moves it, for how much quote, and what was paid for that. */
export type FillEffect = {
  /** Signed base: the trade, less a fee taken in base. */
  readonly delta: Fixed
  readonly price: Fixed
  /** In quote. */
  readonly fee: Fixed
}

/**
 * A fee in base reduces the holding: it counts as base given away at the price of the fill, so that the position equals
 * what the venue holds and the fee is an expense now, not a dearer average later.
 */
export function effectOf(fill: BookedFill, assets: Assets): FillEffect {
  const price = toFixed(fill.price, 'price')
  const quantity = toFixed(fill.quantity, 'quantity')
  const signed = fill.side === 'buy' ? quantity : negate(quantity)
  const fee = toFixed(fill.fee, 'fee')
  if (fill.feeAsset === assets.base) return { delta: subtract(signed, fee), price, fee: multiply(fee, price) }
  if (fill.feeAsset === assets.quote) return { delta: signed, price, fee }
  return { delta: signed, price, fee: toFixed(fill.feeValue ?? '0', 'feeValue') }
}

export function applyFill(position: PositionState, fill: BookedFill, assets: Assets): PositionState {
  const { delta, price, fee } = effectOf(fill, assets)
  const moved = move(position, delta, price)
  return {
    quantity: moved.quantity,
    cost: moved.cost,
    realised: subtract(add(position.realised, moved.gain), fee),
    fees: add(position.fees, fee),
    fills: position.fills + 1,
  }
}

/** Canonical order of fills: venue time, then trade id. A fold in this order does not depend on the order of arrival. */
export function compareFills(a: { atUs: number; tradeId: string }, b: { atUs: number; tradeId: string }): number {
  if (a.atUs !== b.atUs) return a.atUs - b.atUs
  return a.tradeId < b.tradeId ? -1 : a.tradeId > b.tradeId ? 1 : 0
}

/** All fills of one position, in any order, repeats included. */
export function foldFills(fills: Iterable<BookedFill>, assets: Assets): PositionState {
  const once = new Map<string, BookedFill>()
  for (const fill of fills) if (!once.has(fill.tradeId)) once.set(fill.tradeId, fill)
  return [...once.values()].sort(compareFills).reduce((position, fill) => applyFill(position, fill, assets), FLAT)
}

type Holding = { readonly quantity: Fixed; readonly cost: Fixed }

/** Opens, adds, closes or turns a holding. The parts of a turn sum to the whole notional, to the last unit. */
function move(holding: Holding, delta: Fixed, price: Fixed): Holding & { gain: Fixed } {
  const notional = multiply(delta, price)
  const { quantity, cost } = holding
  if (quantity === 0n || quantity > 0n === delta > 0n)
    return { quantity: add(quantity, delta), cost: add(cost, notional), gain: ZERO }
  const closing = smaller(absolute(quantity), absolute(delta))
  const signed = quantity > 0n ? closing : negate(closing)
  const closedCost = share(cost, signed, quantity)
  const rest = add(delta, signed)
  const restCost = multiply(rest, price)
  return {
    quantity: add(quantity, delta),
    cost: add(subtract(cost, closedCost), restCost),
    gain: fixed(restCost - notional - closedCost),
  }
}

/** Worth of the open quantity at a mark, less what it cost. */
export const unrealisedOf = (position: Holding, mark: string): Fixed =>
  subtract(multiply(position.quantity, toFixed(mark, 'mark')), position.cost)

/** Places of an average price that is shown: it is a quotient, the cost is the fact. */
const AVERAGE_UNIT = 10n ** 6n

export function averageCostOf(position: Holding): string {
  if (position.quantity === 0n) return '0'
  const average = divide(position.cost, position.quantity)
  return fromFixed(fixed(((average + AVERAGE_UNIT / 2n) / AVERAGE_UNIT) * AVERAGE_UNIT))
}
