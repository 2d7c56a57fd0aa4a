import { absolute, add, multiply, negate, share, smaller, subtract, ZERO } from './fixed.ts'
import type { Fixed } from './fixed.ts'
import type { Assets } from './assets.ts'
import { compareFills, effectOf } from './position.ts'
import type { BookedFill } from './position.ts'

/** What is still open of one opening fill. Quantity and cost carry the sign of the position. */
export type Lot = {
  readonly tradeId: string
  readonly openedUs: number
  readonly quantity: Fixed
  readonly cost: Fixed
}
export type LotBook = {
  readonly lots: readonly Lot[]
  /** Net of fees, first in first out. */ readonly realised: Fixed
}

export const NO_LOTS: LotBook = { lots: [], realised: ZERO }

/** Closes the oldest lots first; what is left of the fill opens a new one. */
export function applyFillToLots(book: LotBook, fill: BookedFill, assets: Assets): LotBook {
  const { delta, price, fee } = effectOf(fill, assets)
  const lots = [...book.lots]
  let realised = subtract(book.realised, fee)
  let rest = delta
  let restCost = multiply(delta, price)
  while (rest !== 0n && lots[0] && lots[0].quantity > 0n !== rest > 0n) {
    const lot = lots[0]
    const closing = smaller(absolute(lot.quantity), absolute(rest))
    const signed = lot.quantity > 0n ? closing : negate(closing)
    const lotCost = share(lot.cost, signed, lot.quantity)
    const proceeds = negate(share(restCost, closing, absolute(rest)))
    realised = add(realised, subtract(proceeds, lotCost))
    rest = add(rest, signed)
    restCost = add(restCost, proceeds)
    if (closing === absolute(lot.quantity)) lots.shift()
    else lots[0] = { ...lot, quantity: subtract(lot.quantity, signed), cost: subtract(lot.cost, lotCost) }
  }
  if (rest !== 0n) lots.push({ tradeId: fill.tradeId, openedUs: fill.atUs, quantity: rest, cost: restCost })
  return { lots, realised }
}

export function foldLots(fills: Iterable<BookedFill>, assets: Assets): LotBook {
  const once = new Map<string, BookedFill>()
  for (const fill of fills) if (!once.has(fill.tradeId)) once.set(fill.tradeId, fill)
  return [...once.values()].sort(compareFills).reduce((book, fill) => applyFillToLots(book, fill, assets), NO_LOTS)
}
