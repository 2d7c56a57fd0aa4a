import { decimalOf, formatDecimal } from '@contrail/contracts'
import { toFixed } from '../portfolio/fixed.ts'

const FIXED_SCALE = 18
/** Sums of whole numbers up to here are exact in doubles. */
const EXACT_MAX = Number.MAX_SAFE_INTEGER

/** Money of a run in whole units of 10^-scale of the quote, exact however much it is. */
export class Cash {
  readonly #scale: number
  /** Beyond 2^53 the double next to it. */
  units = 0
  /** Exactly it is the sum of these two: a double that is too large to be added to, and what has come and gone since. */
  #before = 0
  #since = 0
  /** Where two doubles cannot say it (2^106 units): the second is infinite then. */
  #huge: bigint | undefined

  constructor(quote: number, scale: number) {
    this.#scale = scale
    const units = Math.round(quote * 10 ** scale)
    if (Math.abs(units) <= EXACT_MAX) this.units = this.#since = units
    else this.#holds(toFixed(decimalOf(quote)) / 10n ** BigInt(FIXED_SCALE - scale))
  }

  /** `count` x `unit` units. */
  pay(count: number, unit: number): void {
    const paid = count * unit
    const since = this.#since - paid
    if (Math.abs(since) <= EXACT_MAX && Math.abs(paid) <= EXACT_MAX) {
      this.#since = since
      // One sum of two exact doubles: rounded as the whole number itself would be.
      this.units = this.#before + since
    } else this.#payExactly(count, unit)
  }

  #payExactly(count: number, unit: number): void {
    this.#holds(this.#exact - BigInt(count) * BigInt(unit))
  }

  #holds(units: bigint): void {
    this.units = Number(units)
    this.#before = Math.abs(this.units) > EXACT_MAX ? this.units : 0
    const since = Number(units - BigInt(this.#before))
    const isTwo = Math.abs(since) <= EXACT_MAX
    this.#since = isTwo ? since : Infinity
    this.#huge = isTwo ? undefined : units
  }

  get #exact(): bigint {
    return this.#huge ?? BigInt(this.#before) + BigInt(this.#since)
  }

  get text(): string {
    return formatDecimal({ units: this.#exact, scale: this.#scale })
  }
}
