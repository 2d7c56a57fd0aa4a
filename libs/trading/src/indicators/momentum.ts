import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import {
  delayCells,
  EMA_CELLS,
  extremeCells,
  GAIN,
  gainsCells,
  LOSS,
  pushDelay,
  pushEma,
  pushExtreme,
  pushGains,
  pushSma,
  smaCells,
} from './kernels.ts'
import type { Seed } from './kernels.ts'

/** Rate of change in percent to the close `period` bars ago. First value with number period + 1; 0 where that was 0. */
export class Roc extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`roc(${period})`, 1, delayCells(periodOf('period', period)))
    this.#period = period
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const before = pushDelay(this.cells, 1, this.#period, x)
    return (this.cells[0] = before === 0 ? 0 : (100 * (x - before)) / before)
  }
}

/**
 * Chande momentum oscillator, -100 to 100: gains less losses over both. `wilder` averages them as TA-Lib does, `simple`
 * sums the window as Chande's book. First value with number period + 1; 0 while nothing moved.
 */
export class Cmo extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #simple: boolean

  constructor(period = 14, options: { smoothing?: 'wilder' | 'simple' } = {}) {
    const { smoothing = 'wilder' } = options
    super(`cmo(${period},${smoothing})`, 1, gainsCells(periodOf('period', period), smoothing === 'simple'))
    this.#period = period
    this.#simple = smoothing === 'simple'
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    if (!pushGains(cells, 1, this.#period, this.#simple, 'sma', x)) return NaN
    const [gain, loss] = [cells[1 + GAIN]!, cells[1 + LOSS]!]
    return (cells[0] = gain + loss === 0 ? 0 : (100 * (gain - loss)) / (gain + loss))
  }
}

/** Williams %R, -100 to 0. First value with number period; 0 where the window has no range (TA-Lib). */
export class WilliamsR extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period = 14) {
    super(`williams_r(${period})`, 1, 2 * extremeCells(periodOf('period', period)))
    this.#period = period
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const highest = pushExtreme(cells, 1, this.#period, 1, high)
    const lowest = pushExtreme(cells, 1 + extremeCells(this.#period), this.#period, -1, low)
    return (cells[0] = highest === lowest ? 0 : (-100 * (highest - close)) / (highest - lowest))
  }
}

export type StochasticRsiOptions = {
  rsi?: number
  period?: number
  smooth?: number
  signal?: number
  /** How the RSI begins, as in `Rsi`. */
  seed?: Seed
}

/** Cells: k, d, then gains and losses, and the windows of highest, lowest, raw %K and %K. */
const GAINS = 2

/**
 * Stochastic of the RSI, 0 to 100: where it lies in the range it had over `period` bars, averaged over `smooth`, and %D
 * over `signal` bars of it. %K comes with number rsi + period + smooth - 1; 0 where the RSI did not move.
 */
export class StochasticRsi extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['k', 'd'] as const
  readonly #rsi: number
  readonly #period: number
  readonly #smooth: number
  readonly #signal: number
  readonly #seed: Seed

  constructor(options: StochasticRsiOptions = {}) {
    const { rsi = 14, period = 14, smooth = 3, signal = 3, seed = 'sma' } = options
    const windows = 2 * extremeCells(periodOf('period', period)) + smaCells(periodOf('smooth', smooth))
    const cells = gainsCells(periodOf('rsi', rsi), false) + windows + smaCells(periodOf('signal', signal))
    super(`stochastic_rsi(${rsi},${period},${smooth},${signal},${seed})`, 2, cells)
    this.#rsi = rsi
    this.#period = period
    this.#smooth = smooth
    this.#signal = signal
    this.#seed = seed
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    if (!pushGains(cells, GAINS, this.#rsi, false, this.#seed, x)) return NaN
    const [gain, both] = [cells[GAINS + GAIN]!, cells[GAINS + GAIN]! + cells[GAINS + LOSS]!]
    const rsi = both === 0 ? 0 : (100 * gain) / both
    const highs = GAINS + gainsCells(this.#rsi, false)
    const lows = highs + extremeCells(this.#period)
    const highest = pushExtreme(cells, highs, this.#period, 1, rsi)
    const lowest = pushExtreme(cells, lows, this.#period, -1, rsi)
    if (Number.isNaN(highest)) return NaN
    const raw = highest === lowest ? 0 : (100 * (rsi - lowest)) / (highest - lowest)
    const raws = lows + extremeCells(this.#period)
    const k = (cells[0] = pushSma(cells, raws, this.#smooth, raw))
    if (!Number.isNaN(k)) cells[1] = pushSma(cells, raws + smaCells(this.#smooth), this.#signal, k)
    return k
  }

  get k(): number {
    return this.cells[0]!
  }

  get d(): number {
    return this.cells[1]!
  }
}

/** Cells: tsi, signal, close before, closes seen (up to 1), then the averages of change, of its size, and of the index. */
const CLOSE = 2
const SEEN = 3
const CHANGES = 4
const SIZES = CHANGES + 2 * EMA_CELLS
const SIGNAL = SIZES + 2 * EMA_CELLS

/** True strength index, -100 to 100, with its signal. It comes with number long + short; 0 while nothing moved. */
export class Tsi extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['tsi', 'signal'] as const
  readonly #long: number
  readonly #short: number
  readonly #signal: number

  constructor(long = 25, short = 13, signal = 13) {
    super(`tsi(${long},${short},${signal})`, 2, SIGNAL + EMA_CELLS - 2)
    this.#long = periodOf('long', long)
    this.#short = periodOf('short', short)
    this.#signal = periodOf('signal', signal)
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const change = x - cells[CLOSE]!
    cells[CLOSE] = x
    if (cells[SEEN] === 0) {
      cells[SEEN] = 1
      return NaN
    }
    const moved = this.#twice(CHANGES, change)
    const size = this.#twice(SIZES, Math.abs(change))
    if (Number.isNaN(size)) return NaN
    const tsi = (cells[0] = size === 0 ? 0 : (100 * moved) / size)
    cells[1] = pushEma(cells, SIGNAL, this.#signal, 2 / (this.#signal + 1), 'sma', tsi)
    return tsi
  }

  #twice(at: number, x: number): number {
    const once = pushEma(this.cells, at, this.#long, 2 / (this.#long + 1), 'sma', x)
    if (Number.isNaN(once)) return NaN
    return pushEma(this.cells, at + EMA_CELLS, this.#short, 2 / (this.#short + 1), 'sma', once)
  }

  get tsi(): number {
    return this.cells[0]!
  }

  get signal(): number {
    return this.cells[1]!
  }
}
