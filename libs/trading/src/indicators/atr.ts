import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { pushSma, pushWilder, smaCells, trueRange, WILDER_CELLS } from './kernels.ts'

export type AtrOptions = {
  /** `simple` is the mean of the window's true ranges. */
  smoothing?: 'wilder' | 'simple'
  /** The first bar has no close before: `skip` it (TA-Lib), or take high - low as its `range` (StockCharts). */
  firstBar?: 'skip' | 'range'
}

/** Cells: value, close before, bars seen (up to 1), then the average. */
const AVERAGE = 3

/** Average true range. */
export class Atr extends Indicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #simple: boolean
  readonly #skipFirst: boolean

  constructor(period = 14, options: AtrOptions = {}) {
    const { smoothing = 'wilder', firstBar = 'skip' } = options
    const width = smoothing === 'simple' ? smaCells(periodOf('period', period)) : WILDER_CELLS
    super(`atr(${periodOf('period', period)},${smoothing},${firstBar})`, AVERAGE + width)
    this.#period = period
    this.#simple = smoothing === 'simple'
    this.#skipFirst = firstBar === 'skip'
    this.cells[0] = NaN
  }

  update(high: number, low: number, close: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    mustBeFinite(this.name, 'close', close)
    const { cells } = this
    const first = cells[2] === 0
    const range = first ? high - low : trueRange(high, low, cells[1]!)
    cells[1] = close
    cells[2] = 1
    if (first && this.#skipFirst) return NaN
    return (cells[0] = this.#simple
      ? pushSma(cells, AVERAGE, this.#period, range)
      : pushWilder(cells, AVERAGE, this.#period, 'sma', range))
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[AVERAGE] === this.#period
  }
}
