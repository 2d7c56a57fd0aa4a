import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { extremeCells, pushExtreme, pushSum, sumCells } from './kernels.ts'

/**
 * Ulcer index: root of the mean square of the fall, in percent, from the highest close of the window. First value with
 * number period; before the window is full the highest so far counts (StockCharts). A highest close of 0 counts as no fall.
 */
export class UlcerIndex extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period = 14) {
    super(`ulcer(${period})`, 1, extremeCells(periodOf('period', period)) + sumCells(period))
    this.#period = period
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const highest = pushExtreme(cells, 1, this.#period, 1, x)
    // The kernel keeps the highest of its first block beside it.
    const top = Number.isNaN(highest) ? cells[2]! : highest
    const fall = top === 0 ? 0 : (100 * (x - top)) / top
    return (cells[0] = Math.sqrt(
      pushSum(cells, 1 + extremeCells(this.#period), this.#period, fall * fall) / this.#period,
    ))
  }
}
