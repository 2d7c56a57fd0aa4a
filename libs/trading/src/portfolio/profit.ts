import type { Side } from '@contrail/contracts'
import { add, divide, fixed, fromFixed, multiply, negate, share, subtract, toFixed, ZERO } from './fixed.ts'
import type { Fixed } from './fixed.ts'

/* Profit of one round trip at average cost, exact in units of 10^-18: several entries, several exits, fees in quote. */

/** Decimal strings. `feeRate` is a share of the notional: 0.001 = 10 bps. */
export type ProfitStep = {
  readonly side: Side
  readonly quantity: string
  readonly price: string
  readonly feeRate: string
}
export type ProfitTerms = {
  readonly side: 'long' | 'short'
  /** Multiplies the ratio, not the profit. */
  readonly leverage?: number
  /** Received (or paid, negative) while it was open, in quote. */
  readonly funding?: string
  /** Owed when it closes: in quote for a long, in base for a short, which buys back that much more. */
  readonly interest?: string
  /** What is left after an exit and smaller than this closes with it: no order could close it. */
  readonly lotSize?: string
}
export type Profit = {
  /** Still open, in base. */
  readonly quantity: string
  /** Cost of what is open without fees, and per unit. */
  readonly stake: string
  readonly averagePrice: string
  /** Of the last exit, net of its share of the entry fees and of its own; undefined before the first. */
  readonly exit: string | undefined
  /** Of all exits. */
  readonly realised: string
  /** realised / (cost of all entries with their fees) x leverage: with the sign of the profit. */
  readonly ratio: number
  readonly closed: boolean
}

type Books = {
  quantity: Fixed
  cost: Fixed
  /** What the open quantity cost (long) or brought (short) with the fees of its entries. */
  value: Fixed
  /** The same of all entries. */
  entered: Fixed
  realised: Fixed
  exit: Fixed | undefined
}

/** The state after each step. An exit of more than is open closes what is open. */
export function profitOf(steps: readonly ProfitStep[], terms: ProfitTerms): Profit[] {
  const books: Books = { quantity: ZERO, cost: ZERO, value: ZERO, entered: ZERO, realised: ZERO, exit: undefined }
  const entrySide: Side = terms.side === 'long' ? 'buy' : 'sell'
  return steps.map((step) => {
    if (step.side === entrySide) enter(books, step, terms)
    else leave(books, step, terms)
    return readout(books, terms)
  })
}

/** Entry fees make a long dearer and a short bring less. */
function enter(books: Books, step: ProfitStep, terms: ProfitTerms): void {
  const quantity = toFixed(step.quantity, 'quantity')
  const notional = multiply(quantity, toFixed(step.price, 'price'))
  const fee = multiply(notional, toFixed(step.feeRate, 'feeRate'))
  const value = terms.side === 'long' ? add(notional, fee) : subtract(notional, fee)
  books.quantity = add(books.quantity, quantity)
  books.cost = add(books.cost, notional)
  books.value = add(books.value, value)
  books.entered = add(books.entered, value)
}

function leave(books: Books, step: ProfitStep, terms: ProfitTerms): void {
  if (books.quantity === 0n) return
  const asked = toFixed(step.quantity, 'quantity')
  const left = asked < books.quantity ? subtract(books.quantity, asked) : ZERO
  const closes = left === 0n || left < toFixed(terms.lotSize ?? '0', 'lotSize')
  const quantity = asked < books.quantity ? asked : books.quantity
  const opened = closes ? books.value : share(books.value, quantity, books.quantity)
  const cost = closes ? books.cost : share(books.cost, quantity, books.quantity)
  const closed = closeValue(quantity, step, terms, closes)
  books.exit = terms.side === 'long' ? subtract(closed, opened) : subtract(opened, closed)
  books.realised = add(books.realised, books.exit)
  books.quantity = closes ? ZERO : left
  books.value = subtract(books.value, opened)
  books.cost = subtract(books.cost, cost)
}

/** What an exit brings (long) or costs (short). Funding and interest are settled by the exit that closes. */
function closeValue(quantity: Fixed, step: ProfitStep, terms: ProfitTerms, closes: boolean): Fixed {
  const funding = closes ? toFixed(terms.funding ?? '0', 'funding') : ZERO
  const interest = closes ? toFixed(terms.interest ?? '0', 'interest') : ZERO
  const price = toFixed(step.price, 'price')
  const traded = terms.side === 'long' ? quantity : add(quantity, interest)
  const notional = multiply(traded, price)
  const fee = multiply(notional, toFixed(step.feeRate, 'feeRate'))
  return terms.side === 'long'
    ? add(subtract(subtract(notional, fee), interest), funding)
    : add(add(notional, fee), negate(funding))
}

/** Places of the ratio, which is shown and not booked. */
const RATIO_ONE = 10n ** 18n

function readout(books: Books, { leverage = 1 }: ProfitTerms): Profit {
  const ratio = books.entered === 0n ? 0 : Number(divide(books.realised, books.entered)) / Number(RATIO_ONE)
  return {
    quantity: fromFixed(books.quantity),
    stake: fromFixed(books.cost),
    averagePrice: fromFixed(books.quantity === 0n ? fixed(0n) : divide(books.cost, books.quantity)),
    exit: books.exit === undefined ? undefined : fromFixed(books.exit),
    realised: fromFixed(books.realised),
    ratio: ratio * leverage,
    closed: books.quantity === 0n && books.entered !== 0n,
  }
}
