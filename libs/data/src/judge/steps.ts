/** Finer than this a number is an artefact of binary fractions, not a step; a tiny price has its digits further down. */
export const decimalsMax = (value: number): number => (Math.abs(value) < SMALL ? 18 : 10)
const SMALL = 1e-4
/** What is off by so little of a step is on it. */
const LEAST = 1e-9

/** The fewest decimals that all numbers it has seen need. */
export class Steps {
  #decimals = 0
  #scale = 1

  see(value: number): void {
    const scaled = value * this.#scale
    const off = scaled - Math.round(scaled)
    if ((off < 0 ? -off : off) > 1e-9 * scaled + LEAST && this.#decimals < decimalsMax(value)) this.#refine(value)
  }

  #refine(value: number): void {
    const most = decimalsMax(value)
    while (this.#decimals < most) {
      this.#decimals++
      this.#scale = 10 ** this.#decimals
      const scaled = value * this.#scale
      if (Math.abs(scaled - Math.round(scaled)) <= 1e-9 * scaled + LEAST) return
    }
  }

  /** As a decimal: 1, 0.1, 0.01, ... */
  get step(): string {
    return stepOfDecimals(this.#decimals)
  }
}

export const stepOfDecimals = (decimals: number): string => (decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`)
