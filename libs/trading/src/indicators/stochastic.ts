import { extremeCells, HighLow } from './extremes.ts'
import { Indicator, mustBeBar, periodOf } from './indicator.ts'
import { meanCells, MovingMean } from './windows.ts'

/** Cells: k, d, then the windows of highs, lows, raw %K and %K. */
const HIGHS = 2

/** Stochastic oscillator: %K over `period`, averaged over `smooth` bars (1 = fast), and %D over `signal` bars of it. */
export class Stochastic extends Indicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['k', 'd'] as const
  readonly #window: HighLow
  readonly #smooth: MovingMean | undefined
  readonly #signal: MovingMean

  constructor(options: { period?: number; smooth?: number; signal?: number } = {}) {
    const { period = 14, smooth = 1, signal = 3 } = options
    const windows = 2 * extremeCells(periodOf('period', period)) + meanCells(periodOf('smooth', smooth))
    super(`stochastic(${period},${smooth},${signal})`, HIGHS + windows + meanCells(periodOf('signal', signal)))
    const raws = HIGHS + 2 * extremeCells(period)
    this.#window = this.part(new HighLow(this.cells, HIGHS, period))
    if (smooth > 1) this.#smooth = this.part(new MovingMean(this.cells, raws, smooth))
    this.#signal = this.part(new MovingMean(this.cells, raws + meanCells(smooth), signal))
    this.cells[0] = NaN
    this.cells[1] = NaN
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    this.#window.push(high, low)
    const { highest, lowest } = this.#window
    if (Number.isNaN(highest)) return NaN
    // No range at all: 0, as in TA-Lib.
    const raw = highest === lowest ? 0 : (100 * (close - lowest)) / (highest - lowest)
    const k = this.#smooth ? this.#smooth.push(raw) : raw
    if (Number.isNaN(k)) return NaN
    cells[0] = k
    cells[1] = this.#signal.push(k)
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
