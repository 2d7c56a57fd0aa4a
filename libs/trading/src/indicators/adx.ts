import { Indicator, mustBeBar, periodOf } from './indicator.ts'
import { trueRange } from './kernels.ts'

/**
 * `talib`: the sums begin with period - 1 bars, and the bar after them is already smoothed in. `wilder`: they begin with
 * `period` bars, as in Wilder's book, the StockCharts sheet and technicalindicators. Both come together with time.
 */
export type AdxSeed = 'talib' | 'wilder'

const BARS = 0
const HIGH = 1
const LOW = 2
const CLOSE = 3
const PLUS = 4
const MINUS = 5
const RANGE = 6
const PLUS_DI = 7
const MINUS_DI = 8
const DX_SUM = 9
const ADX = 10
const CELLS = 11

/** Average directional index, with +DI and -DI. They begin after `period` bars, ADX after 2 x period - 1. */
export class Adx extends Indicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['adx', 'plusDi', 'minusDi'] as const
  readonly #period: number
  readonly #summed: number

  constructor(period = 14, options: { seed?: AdxSeed } = {}) {
    const { seed = 'talib' } = options
    super(`adx(${periodOf('period', period, 2)},${seed})`, CELLS)
    this.#period = period
    this.#summed = seed === 'talib' ? period - 1 : period
    this.cells[PLUS_DI] = NaN
    this.cells[MINUS_DI] = NaN
    this.cells[ADX] = NaN
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const bars = cells[BARS]!
    if (bars > 0) this.#move(bars, high, low)
    cells[HIGH] = high
    cells[LOW] = low
    cells[CLOSE] = close
    if (bars < 2 * this.#period) cells[BARS] = bars + 1
    return cells[ADX]!
  }

  /** Bar number `bars`, counted from 0; from 2 x period on they are all alike. */
  #move(bars: number, high: number, low: number): void {
    const { cells } = this
    const up = high - cells[HIGH]!
    const down = cells[LOW]! - low
    // How much of each sum stays: all of it while it begins.
    const fading = bars > this.#summed ? 1 / this.#period : 0
    // Without a branch, which would be guessed wrong every other time.
    cells[PLUS]! += up * Number(up > down) * Number(up > 0) - cells[PLUS]! * fading
    cells[MINUS]! += down * Number(down > up) * Number(down > 0) - cells[MINUS]! * fading
    cells[RANGE]! += trueRange(high, low, cells[CLOSE]!) - cells[RANGE]! * fading
    if (bars >= this.#period) this.#index(bars)
  }

  #index(bars: number): void {
    const { cells } = this
    const period = this.#period
    const range = cells[RANGE]!
    const plus = (cells[PLUS_DI] = range > 0 ? (100 * cells[PLUS]!) / range : 0)
    const minus = (cells[MINUS_DI] = range > 0 ? (100 * cells[MINUS]!) / range : 0)
    // Without any movement there is no direction: the average stays where it is, as in TA-Lib.
    const moved = plus + minus > 0
    const dx = moved ? (100 * Math.abs(plus - minus)) / (plus + minus) : 0
    if (bars < 2 * period) cells[DX_SUM]! += dx
    if (bars === 2 * period - 1) cells[ADX] = cells[DX_SUM]! / period
    else if (bars >= 2 * period && moved) cells[ADX] = (cells[ADX]! * (period - 1) + dx) / period
  }

  get value(): number {
    return this.cells[ADX]!
  }

  get adx(): number {
    return this.cells[ADX]!
  }

  get plusDi(): number {
    return this.cells[PLUS_DI]!
  }

  get minusDi(): number {
    return this.cells[MINUS_DI]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[ADX])
  }
}
