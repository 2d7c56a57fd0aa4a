import { pushRange, rangeCells } from './channels.ts'
import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import { pushExtremeAge, pushSum, queueCells, sumCells, trueRange } from './kernels.ts'

/** Cells: value, direction, upper and lower band, close before, bars with bands (up to 1), then the range. */
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
    super(`super_trend(${period},${width})`, 2, RANGE - 2 + rangeCells(periodOf('period', period), false))
    mustBeFinite('super_trend', 'width', width)
    this.#period = period
    this.#width = width
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const range = pushRange(cells, RANGE, this.#period, false, true, high, low, close)
    const before = cells[CLOSE]!
    cells[CLOSE] = close
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

  constructor(period = 25) {
    super(`aroon(${period})`, 2, 2 * queueCells(periodOf('period', period) + 1))
    this.#period = period
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    const period = this.#period
    const sinceHigh = pushExtremeAge(cells, QUEUES, period + 1, 1, high)
    const sinceLow = pushExtremeAge(cells, QUEUES + queueCells(period + 1), period + 1, -1, low)
    cells[0] = (100 * (period - sinceHigh)) / period
    cells[1] = (100 * (period - sinceLow)) / period
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
  readonly #period: number

  constructor(period = 14) {
    super(`vortex(${period})`, 2, WINDOWS - 2 + 3 * sumCells(periodOf('period', period)))
    this.#period = period
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const width = sumCells(this.#period)
    if (cells[BEFORE + 3] === 1) {
      const up = pushSum(cells, WINDOWS, this.#period, Math.abs(high - cells[BEFORE + 1]!))
      const down = pushSum(cells, WINDOWS + width, this.#period, Math.abs(low - cells[BEFORE]!))
      const moved = trueRange(high, low, cells[BEFORE + 2]!)
      const range = pushSum(cells, WINDOWS + 2 * width, this.#period, moved)
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
