import { refuse } from '@contrail/contracts'

export type PriceGuardOptions = {
  /** A price above this multiple of the recent median, or below that part of it, is absurd. */
  readonly factorMax?: number
  /** So many absurd prices in a row that agree with each other are a new level, not an error. */
  readonly agreeingMin?: number
}

/** Prices that the median is taken over. Odd, so that it is one of them. */
const RECENT = 31
const FACTOR_MAX = 3
const AGREEING_MIN = 20

/** Tells absurd prices from moves: by the median of what was accepted, which one wrong print cannot shift. */
export class PriceGuard {
  readonly #factor: number
  readonly #agreeingMin: number
  readonly #recent = new Float64Array(RECENT)
  readonly #sorted = new Float64Array(RECENT)
  #count = 0
  #next = 0
  #median = NaN
  /** Middle of the run of absurd prices, and its length. */
  #other = NaN
  #agreeing = 0

  constructor(options: PriceGuardOptions = {}) {
    this.#factor = options.factorMax ?? FACTOR_MAX
    this.#agreeingMin = options.agreeingMin ?? AGREEING_MIN
    if (!(this.#factor > 1)) throw refuse('invalid_factor', 'factorMax', this.#factor, 'give a number above 1')
  }

  accepts(price: number): boolean {
    if (this.#count === 0 || this.#near(price, this.#median)) return this.#take(price)
    // The median is only made anew once per round of the ring; before a refusal it must be of now.
    this.#median = this.#medianOfRecent()
    if (this.#near(price, this.#median)) return this.#take(price)
    this.#agreeing = this.#near(price, this.#other) ? this.#agreeing + 1 : 1
    this.#other = price
    if (this.#agreeing < this.#agreeingMin) return false
    this.#count = 0
    this.#next = 0
    return this.#take(price)
  }

  #near(price: number, reference: number): boolean {
    return price <= reference * this.#factor && price * this.#factor >= reference
  }

  #take(price: number): true {
    this.#agreeing = 0
    this.#other = NaN
    this.#recent[this.#next] = price
    this.#next = this.#next + 1 === RECENT ? 0 : this.#next + 1
    if (this.#count < RECENT) this.#count++
    if (this.#next === 0 || this.#count < RECENT) this.#median = this.#medianOfRecent()
    return true
  }

  #medianOfRecent(): number {
    const sorted = this.#sorted
    const recent = this.#recent
    // So few are sorted sooner by hand than by a call.
    for (let i = 0; i < this.#count; i++) {
      const price = recent[i]!
      let at = i
      for (; at > 0 && sorted[at - 1]! > price; at--) sorted[at] = sorted[at - 1]!
      sorted[at] = price
    }
    return sorted[this.#count >> 1]!
  }
}
