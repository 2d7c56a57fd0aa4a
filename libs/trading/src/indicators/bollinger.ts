import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { deviationOf, meanOf, momentsCells, pushMoments } from './moments.ts'

/** Cells: middle, half width, then the moments. */
const MOMENTS = 2

/** Bollinger bands: mean and `width` standard deviations (of the population, unless told) to either side. */
export class Bollinger extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['middle', 'upper', 'lower', 'percentB', 'bandwidth'] as const
  readonly #period: number
  readonly #width: number
  readonly #sample: boolean

  constructor(period = 20, width = 2, options: { sample?: boolean } = {}) {
    const { sample = false } = options
    super(`bollinger(${period},${width},${sample})`, MOMENTS + 1 + momentsCells(periodOf('period', period, 2)))
    mustBeFinite('bollinger', 'width', width)
    this.#period = period
    this.#width = width
    this.#sample = sample
    this.cells[0] = NaN
    this.cells[1] = NaN
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    pushMoments(cells, MOMENTS + 1, this.#period, x)
    cells[2] = x
    if (!this.ready) return NaN
    cells[1] = this.#width * deviationOf(cells, MOMENTS + 1, this.#sample)
    return (cells[0] = meanOf(cells, MOMENTS + 1))
  }

  get value(): number {
    return this.cells[0]!
  }

  get middle(): number {
    return this.cells[0]!
  }

  get upper(): number {
    return this.cells[0]! + this.cells[1]!
  }

  get lower(): number {
    return this.cells[0]! - this.cells[1]!
  }

  /** Where the last price lies: 0 on the lower band, 1 on the upper; 0.5 when the bands have no width. */
  get percentB(): number {
    const half = this.cells[1]!
    return half === 0 ? 0.5 : (this.cells[2]! - this.lower) / (2 * half)
  }

  /** Width of the bands in parts of the middle. */
  get bandwidth(): number {
    return (2 * this.cells[1]!) / this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[MOMENTS + 1] === this.#period
  }
}
