import { Indicator, mustBeBar, periodOf } from './indicator.ts'
import { pushRange, pushWilder, RANGE_CELLS, WILDER_CELLS } from './kernels.ts'
import { meanCells, MovingMean } from './windows.ts'

export type AtrOptions = {
  /** `simple` is the mean of the window's true ranges. */
  smoothing?: 'wilder' | 'simple'
  /** The first bar has no close before: `skip` it (TA-Lib), or take high - low as its `range` (StockCharts). */
  firstBar?: 'skip' | 'range'
}

/** Cells: value, range, average. */
const AVERAGE = 1 + RANGE_CELLS

/** Average true range. */
export class Atr extends Indicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  /** Of `simple` only. */
  readonly #mean: MovingMean | undefined
  readonly #skipFirst: boolean

  constructor(period = 14, options: AtrOptions = {}) {
    const { smoothing = 'wilder', firstBar = 'skip' } = options
    const width = smoothing === 'simple' ? meanCells(periodOf('period', period)) : WILDER_CELLS
    super(`atr(${periodOf('period', period)},${smoothing},${firstBar})`, AVERAGE + width)
    this.#period = period
    this.#skipFirst = firstBar === 'skip'
    this.cells[0] = NaN
    if (smoothing === 'simple') this.#mean = this.part(new MovingMean(this.cells, AVERAGE, period))
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const range = pushRange(cells, 1, this.#skipFirst, high, low, close)
    if (Number.isNaN(range)) return NaN
    return (cells[0] = this.#mean ? this.#mean.push(range) : pushWilder(cells, AVERAGE, this.#period, 'sma', range))
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[0])
  }
}
