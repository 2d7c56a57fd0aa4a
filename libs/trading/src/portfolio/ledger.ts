import { fromFixed, multiply, negate, toFixed } from './fixed.ts'
import type { Fixed } from './fixed.ts'
import { assetsOf } from './assets.ts'
import type { BookedFill } from './position.ts'

/**
 * Accounts of the double entry. What we hold is positive (cash, inventory), what it came from or went to is negative or
 * positive on the other side (trading = the market, fee, funding, external = the outside world). Realised P&L is no
 * account: it is a fold of the same fills.
 */
export type EntryKind = 'cash' | 'inventory' | 'fee' | 'trading' | 'funding' | 'external'

/** The venue account itself, when no strategy's sub-account is meant. Not a valid strategy id. */
export const WHOLE_ACCOUNT = ''

export type LedgerEntry = {
  readonly strategy: string
  readonly kind: EntryKind
  readonly asset: string
  readonly amount: string
}

/** Base against the market, quote against the market, fee from where it was taken. Sums to zero per asset. */
export function fillEntries(strategy: string, instrument: string, fill: BookedFill): LedgerEntry[] {
  const { base, quote } = assetsOf(instrument)
  const quantity = toFixed(fill.quantity, 'quantity')
  const signed = fill.side === 'buy' ? quantity : negate(quantity)
  const notional = multiply(signed, toFixed(fill.price, 'price'))
  const feeFrom: EntryKind = fill.feeAsset === base ? 'inventory' : 'cash'
  return [
    ...pair(strategy, 'inventory', 'trading', base, signed),
    ...pair(strategy, 'cash', 'trading', quote, negate(notional)),
    ...pair(strategy, 'fee', feeFrom, fill.feeAsset, toFixed(fill.fee, 'fee')),
  ]
}

/** Positive = into the venue account, negative = out of it. */
export const depositEntries = (asset: string, amount: string): LedgerEntry[] =>
  pair(WHOLE_ACCOUNT, 'cash', 'external', asset, toFixed(amount, 'amount'))

/** Cash from one sub-account to another. */
export function transferEntries(from: string, to: string, asset: string, amount: string): LedgerEntry[] {
  const value = toFixed(amount, 'amount')
  return [entry(to, 'cash', asset, value), entry(from, 'cash', asset, negate(value))].filter(isSomething)
}

/** Positive = received. */
export const fundingEntries = (strategy: string, asset: string, amount: string): LedgerEntry[] =>
  pair(strategy, 'cash', 'funding', asset, toFixed(amount, 'amount'))

/** Undoes a transaction: nothing is ever changed or removed. */
export const reverseEntries = (entries: readonly LedgerEntry[]): LedgerEntry[] =>
  entries.map((one) => ({ ...one, amount: fromFixed(negate(toFixed(one.amount, 'amount'))) }))

function pair(strategy: string, to: EntryKind, from: EntryKind, asset: string, amount: Fixed): LedgerEntry[] {
  return [entry(strategy, to, asset, amount), entry(strategy, from, asset, negate(amount))].filter(isSomething)
}

const entry = (strategy: string, kind: EntryKind, asset: string, amount: Fixed): LedgerEntry => ({
  strategy,
  kind,
  asset,
  amount: fromFixed(amount),
})

const isSomething = (one: LedgerEntry): boolean => one.amount !== '0'
