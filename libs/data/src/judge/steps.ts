/** Finer than this a number is an artefact of binary fractions, not a step. */
const DECIMALS_MAX = 10

/** The fewest decimals that all numbers it has seen need. */
export class Steps {
  #decimals = 0
  #scale = 1

  see(value: number): void {
    const scaled = value * this.#scale
    const off = scaled - Math.round(scaled)
    if ((off < 0 ? -off : off) > 1e-9 * (scaled + 1) && this.#decimals < DECIMALS_MAX) this.#refine(value)
  }

  #refine(value: number): void {
    while (this.#decimals < DECIMALS_MAX) {
      this.#decimals++
      this.#scale = 10 ** this.#decimals
      const scaled = value * this.#scale
      if (Math.abs(scaled - Math.round(scaled)) <= 1e-9 * (scaled + 1)) return
    }
  }

  /** As a decimal: 1, 0.1, 0.01, ... */
  get step(): string {
    return this.#decimals === 0 ? '1' : `0.${'0'.repeat(this.#decimals - 1)}1`
  }
}
