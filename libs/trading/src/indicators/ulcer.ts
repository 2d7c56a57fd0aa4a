import { extremeCells, Highest } from './extremes.ts'
import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { MovingSum, sumCells } from './windows.ts'

/**
 * Ulcer index: root of the mean square of the fall, in percent, from the highest close of the window. First value with
 * number period; before the window is full the highest so far counts (StockCharts). A highest close of 0 counts as no fall.
 */
export class UlcerIndex extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #highest: Highest
  readonly #squares: MovingSum

  constructor(period = 14) {
    super(`ulcer(${period})`, 1, extremeCells(periodOf('period', period)) + sumCells(period))
    this.#period = period
    this.#highest = this.part(new Highest(this.cells, 1, period))
    this.#squares = this.part(new MovingSum(this.cells, 1 + extremeCells(period), period))
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const highest = this.#highest.push(x)
    const top = Number.isNaN(highest) ? this.#highest.top : highest
    const fall = top === 0 ? 0 : (100 * (x - top)) / top
    return (this.cells[0] = Math.sqrt(this.#squares.push(fall * fall) / this.#period))
  }
}
