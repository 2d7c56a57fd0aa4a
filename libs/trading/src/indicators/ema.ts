import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { EMA_CELLS, pushEma } from './kernels.ts'
import type { Seed } from './kernels.ts'

/** Exponential moving average, alpha = 2 / (period + 1), seeded with the mean of its first period unless told. */
export class Ema extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #alpha: number
  readonly #seed: Seed

  constructor(period: number, options: { seed?: Seed } = {}) {
    const { seed = 'sma' } = options
    super(`ema(${period},${seed})`, 1 + EMA_CELLS)
    this.#period = periodOf('period', period)
    this.#alpha = 2 / (period + 1)
    this.#seed = seed
    this.cells[0] = NaN
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    return (this.cells[0] = pushEma(this.cells, 1, this.#period, this.#alpha, this.#seed, x))
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[1] === this.#period
  }
}
