import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { extremeCells, pushExtreme, pushSma, smaCells } from './kernels.ts'

/** Cells: k, d, then the windows of highs, lows, raw %K and %K. */
const HIGHS = 2

/** Stochastic oscillator: %K over `period`, averaged over `smooth` bars (1 = fast), and %D over `signal` bars of it. */
export class Stochastic extends Indicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['k', 'd'] as const
  readonly #period: number
  readonly #smooth: number
  readonly #signal: number

  constructor(options: { period?: number; smooth?: number; signal?: number } = {}) {
    const { period = 14, smooth = 1, signal = 3 } = options
    const windows = 2 * extremeCells(periodOf('period', period)) + smaCells(periodOf('smooth', smooth))
    super(`stochastic(${period},${smooth},${signal})`, HIGHS + windows + smaCells(periodOf('signal', signal)))
    this.#period = period
    this.#smooth = smooth
    this.#signal = signal
    this.cells[0] = NaN
    this.cells[1] = NaN
  }

  update(high: number, low: number, close: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    mustBeFinite(this.name, 'close', close)
    const { cells } = this
    const lows = HIGHS + extremeCells(this.#period)
    const highest = pushExtreme(cells, HIGHS, this.#period, 1, high)
    const lowest = pushExtreme(cells, lows, this.#period, -1, low)
    if (Number.isNaN(highest)) return NaN
    const raws = lows + extremeCells(this.#period)
    // No range at all: 0, as in TA-Lib.
    const raw = highest === lowest ? 0 : (100 * (close - lowest)) / (highest - lowest)
    const k = this.#smooth === 1 ? raw : pushSma(cells, raws, this.#smooth, raw)
    if (Number.isNaN(k)) return NaN
    cells[0] = k
    cells[1] = pushSma(cells, raws + smaCells(this.#smooth), this.#signal, k)
    return k
  }

  get value(): number {
    return this.cells[0]!
  }

  get k(): number {
    return this.cells[0]!
  }

  get d(): number {
    return this.cells[1]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[1])
  }
}
