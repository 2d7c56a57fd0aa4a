import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { gainOf, pushWilder, WILDER_CELLS } from './kernels.ts'
import type { Seed } from './kernels.ts'
import { MovingSum, sumCells } from './windows.ts'

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
  readonly #seed: Seed
  readonly #flatValue: number
  /** Of `simple` only. */
  readonly #gains: MovingSum | undefined
  readonly #losses: MovingSum | undefined

  constructor(period: number, options: RsiOptions = {}) {
    const { smoothing = 'wilder', seed = 'sma', flatValue = 0 } = options
    const width = smoothing === 'simple' ? sumCells(periodOf('period', period)) : WILDER_CELLS
    super(`rsi(${periodOf('period', period)},${smoothing},${seed},${flatValue})`, AVERAGES + 2 * width)
    this.#period = period
    this.#seed = seed
    this.#flatValue = flatValue
    this.cells[0] = NaN
    if (smoothing === 'simple') {
      this.#gains = this.part(new MovingSum(this.cells, AVERAGES, period))
      this.#losses = this.part(new MovingSum(this.cells, AVERAGES + width, period))
    }
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
    if (this.#gains) return this.#tell(this.#gains.push(gainOf(change)), this.#losses!.push(gainOf(-change)))
    const gain = pushWilder(cells, AVERAGES, this.#period, this.#seed, gainOf(change))
    return this.#tell(gain, pushWilder(cells, AVERAGES + WILDER_CELLS, this.#period, this.#seed, gainOf(-change)))
  }

  #tell(gain: number, loss: number): number {
    const both = gain + loss
    return (this.cells[0] = both === 0 ? this.#flatValue : (100 * gain) / both)
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[0])
  }
}
