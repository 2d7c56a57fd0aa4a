import { ExtremeAge, queueCells } from './extremes.ts'
import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import { pushRange, pushWilder, RANGE_CELLS, trueRange, WILDER_CELLS } from './kernels.ts'
import { MovingSum, sumCells } from './windows.ts'

/** Cells: value, direction, upper and lower band, close before, bars with bands (up to 1), then the range, and its average. */
const UPPER = 2
const LOWER = 3
const CLOSE = 4
const BANDS = 5
const RANGE = 6

/**
 * SuperTrend: the lower band while the trend is up (`direction` 1), the upper one while it is down (-1). Bands lie `width`
 * average true ranges (Wilder) from the middle of the bar and only ever close in on the price until it breaks them. It
 * begins down with number period + 1, as TradingView's does.
 */
export class SuperTrend extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value', 'direction'] as const
  readonly #period: number
  readonly #width: number

  constructor(period = 10, width = 3) {
    super(`super_trend(${period},${width})`, 2, RANGE - 2 + RANGE_CELLS + WILDER_CELLS)
    mustBeFinite('super_trend', 'width', width)
    this.#period = periodOf('period', period)
    this.#width = width
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const now = pushRange(cells, RANGE, true, high, low, close)
    const before = cells[CLOSE]!
    cells[CLOSE] = close
    if (Number.isNaN(now)) return NaN
    const range = pushWilder(cells, RANGE + RANGE_CELLS, this.#period, 'sma', now)
    if (Number.isNaN(range)) return NaN
    const middle = (high + low) / 2
    const upper = middle + this.#width * range
    const lower = middle - this.#width * range
    if (cells[BANDS] === 0) {
      cells[BANDS] = 1
      cells[UPPER] = upper
      cells[LOWER] = lower
      cells[1] = -1
      return (cells[0] = upper)
    }
    if (lower > cells[LOWER]! || before < cells[LOWER]!) cells[LOWER] = lower
    if (upper < cells[UPPER]! || before > cells[UPPER]!) cells[UPPER] = upper
    if (cells[1] === 1 ? close < cells[LOWER]! : close > cells[UPPER]!) cells[1] = -cells[1]!
    return (cells[0] = cells[1] === 1 ? cells[LOWER]! : cells[UPPER]!)
  }

  get direction(): number {
    return this.cells[1]!
  }
}

/** Cells: value, direction, bars seen (up to 2), next stop, extreme of the trend, its factor, high and low before. */
const SEEN = 2
const STOP = 3
const EXTREME = 4
const FACTOR = 5
const HIGH = 6
const LOW = 7

/**
 * Wilder's parabolic stop and reverse, as TA-Lib: the first trend is down where the second bar fell further than it rose.
 * `direction` is 1 in an up trend, -1 in a down trend. First value with bar number 2.
 */
export class Psar extends CellIndicator {
  readonly inputs = ['high', 'low'] as const
  readonly outputs = ['value', 'direction'] as const
  readonly #step: number
  readonly #max: number

  constructor(step = 0.02, max = 0.2) {
    super(`psar(${step},${max})`, 2, 6)
    mustBeFinite('psar', 'step', step)
    mustBeFinite('psar', 'max', max)
    this.#step = Math.min(step, max)
    this.#max = max
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    if (cells[SEEN] === 2) this.#move(high, low, cells[HIGH]!, cells[LOW]!)
    else if (cells[SEEN] === 1) this.#begin(high, low)
    if (cells[SEEN]! < 2) cells[SEEN]! += 1
    cells[HIGH] = high
    cells[LOW] = low
    return cells[0]!
  }

  #begin(high: number, low: number): void {
    const { cells } = this
    const down = cells[LOW]! - low
    const falls = down > 0 && down > high - cells[HIGH]!
    cells[1] = falls ? -1 : 1
    cells[EXTREME] = falls ? low : high
    cells[STOP] = falls ? cells[HIGH]! : cells[LOW]!
    cells[FACTOR] = this.#step
    this.#move(high, low, high, low)
  }

  #move(high: number, low: number, highBefore: number, lowBefore: number): void {
    const { cells } = this
    const up = cells[1] === 1
    const stop = cells[STOP]!
    if (up ? low <= stop : high >= stop) {
      cells[1] = up ? -1 : 1
      cells[0] = this.#clear(cells[EXTREME]!, high, low, highBefore, lowBefore)
      cells[EXTREME] = up ? low : high
      cells[FACTOR] = this.#step
    } else {
      cells[0] = stop
      if (up ? high > cells[EXTREME]! : low < cells[EXTREME]!) {
        cells[EXTREME] = up ? high : low
        cells[FACTOR] = Math.min(cells[FACTOR]! + this.#step, this.#max)
      }
    }
    const next = cells[0] + cells[FACTOR]! * (cells[EXTREME]! - cells[0])
    cells[STOP] = this.#clear(next, high, low, highBefore, lowBefore)
  }

  /** A stop never lies inside this bar or the one before. */
  #clear(stop: number, high: number, low: number, highBefore: number, lowBefore: number): number {
    return this.cells[1] === 1 ? Math.min(stop, low, lowBefore) : Math.max(stop, high, highBefore)
  }

  get direction(): number {
    return this.cells[1]!
  }
}

/** Cells: up, down, then the queues of highs and lows. */
const QUEUES = 2

/**
 * Aroon, 0 to 100: how long ago the high and the low of the last period + 1 bars were, the latest of equals (TA-Lib).
 * First value with number period + 1.
 */
export class Aroon extends CellIndicator {
  readonly inputs = ['high', 'low'] as const
  readonly outputs = ['oscillator', 'up', 'down'] as const
  readonly #period: number
  readonly #sinceHigh: ExtremeAge
  readonly #sinceLow: ExtremeAge

  constructor(period = 25) {
    const bars = periodOf('period', period) + 1
    super(`aroon(${period})`, 2, 2 * queueCells(bars))
    this.#period = period
    this.#sinceHigh = this.part(new ExtremeAge(this.cells, QUEUES, bars, 1))
    this.#sinceLow = this.part(new ExtremeAge(this.cells, QUEUES + queueCells(bars), bars, -1))
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    const period = this.#period
    cells[0] = (100 * (period - this.#sinceHigh.push(high))) / period
    cells[1] = (100 * (period - this.#sinceLow.push(low))) / period
    return this.value
  }

  override get value(): number {
    return this.cells[0]! - this.cells[1]!
  }

  get oscillator(): number {
    return this.value
  }

  get up(): number {
    return this.cells[0]!
  }

  get down(): number {
    return this.cells[1]!
  }
}

/** Cells: plus, minus, high, low and close before, bars seen (up to 1), then three windows. */
const BEFORE = 2
const WINDOWS = 6

/** Vortex: movement up and down between bars in parts of their true ranges. From bar period + 1; 0 without any range. */
export class Vortex extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['plus', 'minus'] as const
  readonly #up: MovingSum
  readonly #down: MovingSum
  readonly #range: MovingSum

  constructor(period = 14) {
    const width = sumCells(periodOf('period', period))
    super(`vortex(${period})`, 2, WINDOWS - 2 + 3 * width)
    this.#up = this.part(new MovingSum(this.cells, WINDOWS, period))
    this.#down = this.part(new MovingSum(this.cells, WINDOWS + width, period))
    this.#range = this.part(new MovingSum(this.cells, WINDOWS + 2 * width, period))
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    if (cells[BEFORE + 3] === 1) {
      const up = this.#up.push(Math.abs(high - cells[BEFORE + 1]!))
      const down = this.#down.push(Math.abs(low - cells[BEFORE]!))
      const range = this.#range.push(trueRange(high, low, cells[BEFORE + 2]!))
      cells[0] = range === 0 ? 0 : up / range
      cells[1] = range === 0 ? 0 : down / range
    }
    cells[BEFORE] = high
    cells[BEFORE + 1] = low
    cells[BEFORE + 2] = close
    cells[BEFORE + 3] = 1
    return cells[0]!
  }

  get plus(): number {
    return this.cells[0]!
  }

  get minus(): number {
    return this.cells[1]!
  }
}
