import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { deviationOf, meanOf, momentsCells, pushMoments } from './moments.ts'

/** Standard deviation of a window: of the population (TA-Lib), or of a sample. */
export class StandardDeviation extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value', 'mean'] as const
  readonly #period: number
  readonly #sample: boolean

  constructor(period: number, options: { sample?: boolean } = {}) {
    const { sample = false } = options
    super(`stdev(${periodOf('period', period, sample ? 2 : 1)},${sample})`, momentsCells(period))
    this.#period = period
    this.#sample = sample
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    pushMoments(this.cells, 0, this.#period, x)
    return this.value
  }

  get value(): number {
    return this.ready ? deviationOf(this.cells, 0, this.#sample) : NaN
  }

  get mean(): number {
    return this.ready ? meanOf(this.cells, 0) : NaN
  }

  get ready(): boolean {
    return this.cells[0] === this.#period
  }
}
