import { CellIndicator, mustBeBar, mustBeFinite, mustBeVolume, periodOf } from './indicator.ts'
import { pushSma, pushSum, pushTotal, smaCells, sumCells, TOTAL_CELLS } from './kernels.ts'

/** The mean price of a bar. */
export const typicalPrice = (high: number, low: number, close: number): number => (high + low + close) / 3

/** Where the close lies in its bar, -1 at the low and 1 at the high; 0 where the bar has no range (TA-Lib). */
const placeOf = (high: number, low: number, close: number): number =>
  high === low ? 0 : (close - low - (high - close)) / (high - low)

/** Cells: value, typical price before, bars seen (up to 1), then the windows of both flows. */
const FLOWS = 3

/**
 * Money flow index, 0 to 100: what was traded on rising typical prices, in parts of all that moved. First value with number
 * period + 1; 0 (TA-Lib), or the `flatValue` asked for, while nothing flowed.
 */
export class Mfi extends CellIndicator {
  readonly inputs = ['high', 'low', 'close', 'volume'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #flatValue: number

  constructor(period = 14, options: { flatValue?: number } = {}) {
    const { flatValue = 0 } = options
    super(`mfi(${period},${flatValue})`, 1, FLOWS - 1 + 2 * sumCells(periodOf('period', period)))
    this.#period = period
    this.#flatValue = flatValue
  }

  update(high: number, low: number, close: number, volume: number): number {
    mustBeBar(this.name, high, low, close)
    mustBeVolume(this.name, volume)
    const { cells } = this
    const price = typicalPrice(high, low, close)
    const change = price - cells[1]!
    cells[1] = price
    if (cells[2] === 0) {
      cells[2] = 1
      return NaN
    }
    const flow = Math.abs(price) * volume
    const rising = pushSum(cells, FLOWS, this.#period, change > 0 ? flow : 0)
    const falling = pushSum(cells, FLOWS + sumCells(this.#period), this.#period, change < 0 ? flow : 0)
    const both = rising + falling
    return (cells[0] = both === 0 ? this.#flatValue : (100 * rising) / both)
  }
}

/** Cells: value, close before, bars seen (up to 1), then the total. */
const TOTAL = 3

/**
 * On-balance volume since the first bar: added where the close rose, taken off where it fell. It begins with the first
 * bar's `volume` (TA-Lib), or at `zero` with the second bar (StockCharts, technicalindicators).
 */
export class Obv extends CellIndicator {
  readonly inputs = ['close', 'volume'] as const
  readonly outputs = ['value'] as const
  readonly #zero: boolean

  constructor(options: { start?: 'volume' | 'zero' } = {}) {
    const { start = 'volume' } = options
    super(`obv(${start})`, 1, TOTAL - 1 + TOTAL_CELLS)
    this.#zero = start === 'zero'
  }

  update(close: number, volume: number): number {
    mustBeFinite(this.name, 'close', close)
    mustBeVolume(this.name, volume)
    const { cells } = this
    const change = close - cells[1]!
    const first = cells[2] === 0
    cells[1] = close
    cells[2] = 1
    if (first && this.#zero) return NaN
    const signed = first || change > 0 ? volume : change < 0 ? -volume : 0
    return (cells[0] = pushTotal(cells, TOTAL, signed))
  }
}

/** Accumulation/distribution line since the first bar: volume by where the close lies in its bar. */
export class AccumulationDistribution extends CellIndicator {
  readonly inputs = ['high', 'low', 'close', 'volume'] as const
  readonly outputs = ['value'] as const

  constructor() {
    super('accumulation_distribution()', 1, TOTAL_CELLS)
  }

  update(high: number, low: number, close: number, volume: number): number {
    mustBeBar(this.name, high, low, close)
    mustBeVolume(this.name, volume)
    return (this.cells[0] = pushTotal(this.cells, 1, placeOf(high, low, close) * volume))
  }
}

/** Chaikin money flow, -1 to 1, over a window of bars. First value with number period; 0 while there is no volume. */
export class Cmf extends CellIndicator {
  readonly inputs = ['high', 'low', 'close', 'volume'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period = 20) {
    super(`cmf(${period})`, 1, smaCells(periodOf('period', period)) + sumCells(period))
    this.#period = period
  }

  update(high: number, low: number, close: number, volume: number): number {
    mustBeBar(this.name, high, low, close)
    mustBeVolume(this.name, volume)
    const { cells } = this
    const flow = pushSma(cells, 1, this.#period, placeOf(high, low, close) * volume) * this.#period
    const traded = pushSum(cells, 1 + smaCells(this.#period), this.#period, volume)
    return (cells[0] = traded === 0 ? 0 : flow / traded)
  }
}
