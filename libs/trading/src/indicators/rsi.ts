import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { pushSum, pushWilder, sumCells, WILDER_CELLS } from './kernels.ts'
import type { Seed } from './kernels.ts'

export type RsiOptions = {
  /** `simple` averages gains and losses of the window only (Cutler); `wilder` never forgets. */
  smoothing?: 'wilder' | 'simple'
  /** `first` begins both averages at zero with the first bar, as the StockCharts sheet does. */
  seed?: Seed
  /** While neither gain nor loss has been seen: TA-Lib says 0, others 100. 50 is the value that says nothing. */
  flatValue?: number
}

/** Cells: value, close before, bars seen (up to 1), then the averages (or sums) of gain and loss. */
const AVERAGES = 3

/** Relative strength index. First value with the close number period + 1. */
export class Rsi extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #simple: boolean
  readonly #seed: Seed
  readonly #flatValue: number
  readonly #width: number

  constructor(period: number, options: RsiOptions = {}) {
    const { smoothing = 'wilder', seed = 'sma', flatValue = 0 } = options
    const width = smoothing === 'simple' ? sumCells(periodOf('period', period)) : WILDER_CELLS
    super(`rsi(${periodOf('period', period)},${smoothing},${seed},${flatValue})`, AVERAGES + 2 * width)
    this.#period = period
    this.#simple = smoothing === 'simple'
    this.#seed = seed
    this.#flatValue = flatValue
    this.#width = width
    this.cells[0] = NaN
  }

  update(close: number): number {
    mustBeFinite(this.name, 'close', close)
    const { cells } = this
    const change = close - cells[1]!
    cells[1] = close
    if (cells[2] === 0) {
      cells[2] = 1
      return NaN
    }
    const gain = this.#average(AVERAGES, Math.max(change, 0))
    const loss = this.#average(AVERAGES + this.#width, Math.max(-change, 0))
    const both = gain + loss
    return (cells[0] = both === 0 ? this.#flatValue : (100 * gain) / both)
  }

  #average(at: number, x: number): number {
    return this.#simple
      ? pushSum(this.cells, at, this.#period, x)
      : pushWilder(this.cells, at, this.#period, this.#seed, x)
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[this.#simple ? AVERAGES + 1 : AVERAGES] === this.#period
  }
}
