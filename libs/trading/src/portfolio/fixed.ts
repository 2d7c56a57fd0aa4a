import { formatDecimal, parseDecimal, roundDecimal } from '@contrail/contracts'

declare const brand: unique symbol
/** Whole units of 10^-18: money, quantities and prices of the books. Sums are exact; a product is rounded once. */
export type Fixed = bigint & { readonly [brand]: 'fixed' }

/** As many places as a decimal on the wire may have, so that whatever comes in is exact. */
const SCALE = 18
const ONE = 10n ** BigInt(SCALE)

export const ZERO = 0n as Fixed
export const fixed = (units: bigint): Fixed => units as Fixed

/** Exact. A NUMERIC of more places does not come from us; it is rounded half away from zero. */
export function toFixed(text: string, field = 'decimal'): Fixed {
  const { units, scale } = parseDecimal(roundDecimal(text, SCALE), field)
  return fixed(units * 10n ** BigInt(SCALE - scale))
}

/** Shortest exact form. */
export const fromFixed = (value: Fixed): string => formatDecimal({ units: value, scale: SCALE })

export const add = (a: Fixed, b: Fixed): Fixed => fixed(a + b)
export const subtract = (a: Fixed, b: Fixed): Fixed => fixed(a - b)
export const negate = (a: Fixed): Fixed => fixed(0n - a)
export const absolute = (a: Fixed): Fixed => (a < 0n ? negate(a) : a)
export const smaller = (a: Fixed, b: Fixed): Fixed => (a < b ? a : b)

/** Half away from zero in the 18th place: exact for all that venues quote today (price + quantity places <= 18). */
export const multiply = (a: Fixed, b: Fixed): Fixed => divided(a * b, ONE)
export const divide = (a: Fixed, b: Fixed): Fixed => divided(a * ONE, b)
/** `whole * part / of`, rounded once. */
export const share = (whole: Fixed, part: Fixed, of: Fixed): Fixed => divided(whole * part, of)

function divided(numerator: bigint, denominator: bigint): Fixed {
  const negative = numerator < 0n !== denominator < 0n
  const [n, d] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator]
  const units = (n * 2n + d) / (d * 2n)
  return fixed(negative ? -units : units)
}
