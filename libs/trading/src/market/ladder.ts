/** Price and quantity. */
export type Level = readonly [price: number, quantity: number]

/** Levels of one side; the worst falls out. A snapshot has 5,000 at most. */
const LEVELS_MAX = 20_000

/** One side of a book, sorted with the best level last: most changes are near it, so little has to move. */
export class Ladder {
  readonly #sign: 1 | -1
  readonly #prices: number[] = []
  readonly #quantities: number[] = []

  constructor(side: 'bids' | 'asks') {
    this.#sign = side === 'bids' ? 1 : -1
  }

  fill(levels: readonly Level[]): void {
    this.#prices.length = 0
    this.#quantities.length = 0
    const worstFirst = levels.filter(([, quantity]) => quantity > 0).sort((a, b) => this.#sign * (a[0] - b[0]))
    for (const [price, quantity] of worstFirst) this.set(price, quantity)
  }

  /** Quantity 0 removes the level; one that is not there is already as the venue says. */
  set(price: number, quantity: number): void {
    const at = this.#find(price)
    const found = this.#prices[at] === price
    if (quantity === 0) {
      if (!found) return
      this.#prices.splice(at, 1)
      this.#quantities.splice(at, 1)
    } else if (found) this.#quantities[at] = quantity
    else {
      this.#prices.splice(at, 0, price)
      this.#quantities.splice(at, 0, quantity)
      if (this.#prices.length > LEVELS_MAX) {
        this.#prices.shift()
        this.#quantities.shift()
      }
    }
  }

  /** Where the price is, or would go: the first place that is not worse. */
  #find(price: number): number {
    const key = price * this.#sign
    let from = 0
    let to = this.#prices.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if (this.#prices[middle]! * this.#sign < key) from = middle + 1
      else to = middle
    }
    return from
  }

  get best(): Level | undefined {
    return this.#level(this.#prices.length - 1)
  }

  top(count: number): Level[] {
    const levels: Level[] = []
    for (let i = this.#prices.length - 1; i >= 0 && levels.length < count; i--) levels.push(this.#level(i)!)
    return levels
  }

  #level(at: number): Level | undefined {
    return at < 0 ? undefined : [this.#prices[at]!, this.#quantities[at]!]
  }
}
