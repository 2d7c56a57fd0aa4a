import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { meanOf, momentsCells, pushMoments, RING, spreadOf } from './moments.ts'

/** Cells: value, slope, intercept, r2, sum and place-weighted sum of the differences to the shift, then the moments. */
const SUM = 4
const WEIGHTED = 5
const MOMENTS = 6
/** Of the moments: head of the ring, and the value that differences are taken to. */
const HEAD = MOMENTS + 1
const SHIFT = MOMENTS + 2

/**
 * Line of least squares through the last `period` closes, placed 0 (oldest) to period - 1: its value at the newest, slope
 * per bar, intercept, and r2, the part of the variance that it explains (0 where there is none). From number period.
 */
export class LinearRegression extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value', 'slope', 'intercept', 'r2'] as const
  readonly #period: number

  constructor(period = 14) {
    super(`linear_regression(${period})`, 4, MOMENTS - 4 + momentsCells(periodOf('period', period, 2)))
    this.#period = period
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const period = this.#period
    const oldest = cells[MOMENTS + RING + cells[HEAD]!]!
    const shift = cells[SHIFT]!
    const anew = pushMoments(cells, MOMENTS, period, x)
    if (anew) this.#makeAnew()
    else {
      cells[SUM]! += x - oldest
      cells[WEIGHTED]! += period * (x - shift) - cells[SUM]!
    }
    if (cells[MOMENTS]! < period) return NaN
    return this.#fit()
  }

  /** Together with the moments, so that neither drifts. */
  #makeAnew(): void {
    const { cells } = this
    const head = cells[HEAD]!
    let sum = 0
    let weighted = 0
    for (let i = 0, at = head; i < this.#period; i++, at = at + 1 === this.#period ? 0 : at + 1) {
      const difference = cells[MOMENTS + RING + at]! - cells[SHIFT]!
      sum += difference
      weighted += i * difference
    }
    cells[SUM] = sum
    cells[WEIGHTED] = weighted
  }

  #fit(): number {
    const { cells } = this
    const period = this.#period
    const middle = (period - 1) / 2
    const places = (period * (period * period - 1)) / 12
    const together = cells[WEIGHTED]! - middle * cells[SUM]!
    const spread = spreadOf(cells, MOMENTS)
    const mean = meanOf(cells, MOMENTS)
    // Without any spread what is left in the sums is rounding.
    const slope = (cells[1] = spread === 0 ? 0 : together / places)
    cells[2] = mean - slope * middle
    cells[3] = spread === 0 ? 0 : Math.min(1, (together * together) / (places * spread))
    return (cells[0] = mean + slope * middle)
  }

  get slope(): number {
    return this.cells[1]!
  }

  get intercept(): number {
    return this.cells[2]!
  }

  get r2(): number {
    return this.cells[3]!
  }
}
