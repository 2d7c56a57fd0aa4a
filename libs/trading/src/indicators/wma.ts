import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { WeightedMean, weightedCells } from './windows.ts'

/** Linearly weighted moving average: the newest weighs `period`, the oldest 1. */
export class Wma extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #mean: WeightedMean

  constructor(period: number) {
    super(`wma(${period})`, 1, weightedCells(periodOf('period', period)))
    this.#mean = this.part(new WeightedMean(this.cells, 1, period))
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    return (this.cells[0] = this.#mean.push(x))
  }
}
