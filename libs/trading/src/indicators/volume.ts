import { CellIndicator, mustBeBar, mustBeFinite, mustBeVolume, periodOf } from './indicator.ts'
import { pushTotal, TOTAL_CELLS } from './kernels.ts'
import { meanCells, MovingMean, MovingSum, sumCells } from './windows.ts'

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
  readonly #rising: MovingSum
  readonly #falling: MovingSum
  readonly #flatValue: number

  constructor(period = 14, options: { flatValue?: number } = {}) {
    const { flatValue = 0 } = options
    super(`mfi(${period},${flatValue})`, 1, FLOWS - 1 + 2 * sumCells(periodOf('period', period)))
    this.#rising = this.part(new MovingSum(this.cells, FLOWS, period))
    this.#falling = this.part(new MovingSum(this.cells, FLOWS + sumCells(period), period))
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
    const rising = this.#rising.push(Number(change > 0) * flow)
    const falling = this.#falling.push(Number(change < 0) * flow)
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
    cells[1] = close
    if (cells[2] === 0) {
      cells[2] = 1
      return this.#zero ? NaN : (cells[0] = pushTotal(cells, TOTAL, volume))
    }
    // Without a branch, which would be guessed wrong every other time.
    const sign = Number(change > 0) - Number(change < 0)
    return (cells[0] = pushTotal(cells, TOTAL, sign * volume))
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
  readonly #flow: MovingMean
  readonly #traded: MovingSum

  constructor(period = 20) {
    super(`cmf(${period})`, 1, meanCells(periodOf('period', period)) + sumCells(period))
    this.#period = period
    this.#flow = this.part(new MovingMean(this.cells, 1, period))
    this.#traded = this.part(new MovingSum(this.cells, 1 + meanCells(period), period))
  }

  update(high: number, low: number, close: number, volume: number): number {
    mustBeBar(this.name, high, low, close)
    mustBeVolume(this.name, volume)
    const flow = this.#flow.push(placeOf(high, low, close) * volume) * this.#period
    const traded = this.#traded.push(volume)
    return (this.cells[0] = traded === 0 ? 0 : flow / traded)
  }
}
