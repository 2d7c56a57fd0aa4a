import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import { extremeCells, HighLow } from './extremes.ts'
import { EMA_CELLS, gainOf, pushEma, pushWilder, WILDER_CELLS } from './kernels.ts'
import type { Seed } from './kernels.ts'
import { meanCells, MovingMean, MovingSum, sumCells } from './windows.ts'

/** Cells: value, close before, closes seen (up to 1), means (or sums) of gain and of loss, then the two windows. */
const CMO_GAINS = 5

/**
 * Chande momentum oscillator, -100 to 100: gains less losses over both. `wilder` averages them as TA-Lib does, `simple`
 * sums the window as Chande's book. First value with number period + 1; 0 while nothing moved.
 */
export class Cmo extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  /** Of `simple` only. */
  readonly #gains: MovingSum | undefined
  readonly #losses: MovingSum | undefined

  constructor(period = 14, options: { smoothing?: 'wilder' | 'simple' } = {}) {
    const { smoothing = 'wilder' } = options
    const width = smoothing === 'simple' ? sumCells(periodOf('period', period)) : WILDER_CELLS
    super(`cmo(${period},${smoothing})`, 1, CMO_GAINS - 1 + 2 * width)
    this.#period = periodOf('period', period)
    if (smoothing === 'simple') {
      this.#gains = this.part(new MovingSum(this.cells, CMO_GAINS, period))
      this.#losses = this.part(new MovingSum(this.cells, CMO_GAINS + width, period))
    }
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const change = x - cells[1]!
    cells[1] = x
    if (cells[2] === 0) {
      cells[2] = 1
      return NaN
    }
    if (this.#gains) return this.#tell(this.#gains.push(gainOf(change)), this.#losses!.push(gainOf(-change)))
    const gain = pushWilder(cells, CMO_GAINS, this.#period, 'sma', gainOf(change))
    return this.#tell(gain, pushWilder(cells, CMO_GAINS + WILDER_CELLS, this.#period, 'sma', gainOf(-change)))
  }

  #tell(gain: number, loss: number): number {
    const { cells } = this
    const both = gain + loss
    cells[3] = gain
    cells[4] = loss
    return (cells[0] = both === 0 ? 0 : (100 * (gain - loss)) / both)
  }
}

/** Williams %R, -100 to 0. First value with number period; 0 where the window has no range (TA-Lib). */
export class WilliamsR extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #window: HighLow

  constructor(period = 14) {
    super(`williams_r(${period})`, 1, 2 * extremeCells(periodOf('period', period)))
    this.#window = this.part(new HighLow(this.cells, 1, period))
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    this.#window.push(high, low)
    const { highest, lowest } = this.#window
    return (this.cells[0] = highest === lowest ? 0 : (-100 * (highest - close)) / (highest - lowest))
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

/** Cells: k, d, close before, closes seen (up to 1), gain, loss and how they begin, the windows of highest, lowest, raw %K and %K. */
const BEFORE = 2
const GAINS = 6
const HIGHS = GAINS + 2 * WILDER_CELLS

/**
 * Stochastic of the RSI, 0 to 100: where it lies in the range it had over `period` bars, averaged over `smooth`, and %D
 * over `signal` bars of it. %K comes with number rsi + period + smooth - 1; 0 where the RSI did not move.
 */
export class StochasticRsi extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['k', 'd'] as const
  readonly #rsi: number
  readonly #seed: Seed
  readonly #window: HighLow
  readonly #smooth: MovingMean
  readonly #signal: MovingMean

  constructor(options: StochasticRsiOptions = {}) {
    const { rsi = 14, period = 14, smooth = 3, signal = 3, seed = 'sma' } = options
    const windows = 2 * extremeCells(periodOf('period', period)) + meanCells(periodOf('smooth', smooth))
    const cells = HIGHS - 2 + windows + meanCells(periodOf('signal', signal))
    super(`stochastic_rsi(${rsi},${period},${smooth},${signal},${seed})`, 2, cells)
    const raws = HIGHS + 2 * extremeCells(period)
    this.#rsi = periodOf('rsi', rsi)
    this.#seed = seed
    this.#window = this.part(new HighLow(this.cells, HIGHS, period))
    this.#smooth = this.part(new MovingMean(this.cells, raws, smooth))
    this.#signal = this.part(new MovingMean(this.cells, raws + meanCells(smooth), signal))
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const change = x - cells[BEFORE]!
    cells[BEFORE] = x
    if (cells[BEFORE + 1] === 0) {
      cells[BEFORE + 1] = 1
      return NaN
    }
    const gain = pushWilder(cells, GAINS, this.#rsi, this.#seed, gainOf(change))
    const loss = pushWilder(cells, GAINS + WILDER_CELLS, this.#rsi, this.#seed, gainOf(-change))
    cells[BEFORE + 2] = gain
    cells[BEFORE + 3] = loss
    if (Number.isNaN(loss)) return NaN
    const both = gain + loss
    const rsi = both === 0 ? 0 : (100 * gain) / both
    this.#window.push(rsi, rsi)
    const { highest, lowest } = this.#window
    if (Number.isNaN(highest)) return NaN
    const raw = highest === lowest ? 0 : (100 * (rsi - lowest)) / (highest - lowest)
    const k = (cells[0] = this.#smooth.push(raw))
    if (!Number.isNaN(k)) cells[1] = this.#signal.push(k)
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
  readonly #longAlpha: number
  readonly #shortAlpha: number
  readonly #signalAlpha: number

  constructor(long = 25, short = 13, signal = 13) {
    super(`tsi(${long},${short},${signal})`, 2, SIGNAL + EMA_CELLS - 2)
    this.#long = periodOf('long', long)
    this.#short = periodOf('short', short)
    this.#signal = periodOf('signal', signal)
    this.#longAlpha = 2 / (long + 1)
    this.#shortAlpha = 2 / (short + 1)
    this.#signalAlpha = 2 / (signal + 1)
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
    cells[1] = pushEma(cells, SIGNAL, this.#signal, this.#signalAlpha, 'sma', tsi)
    return tsi
  }

  #twice(at: number, x: number): number {
    const once = pushEma(this.cells, at, this.#long, this.#longAlpha, 'sma', x)
    if (Number.isNaN(once)) return NaN
    return pushEma(this.cells, at + EMA_CELLS, this.#short, this.#shortAlpha, 'sma', once)
  }

  get tsi(): number {
    return this.cells[0]!
  }

  get signal(): number {
    return this.cells[1]!
  }
}
