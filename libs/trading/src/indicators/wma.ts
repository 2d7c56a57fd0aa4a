import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { pushWma, wmaCells } from './kernels.ts'

/** Linearly weighted moving average: the newest weighs `period`, the oldest 1. */
export class Wma extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`wma(${period})`, 1, wmaCells(periodOf('period', period)))
    this.#period = period
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    return (this.cells[0] = pushWma(this.cells, 1, this.#period, x))
  }
}
