import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { pushSma, smaCells } from './kernels.ts'

/** Simple moving average. */
export class Sma extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`sma(${period})`, 1 + smaCells(periodOf('period', period)))
    this.#period = period
    this.cells[0] = NaN
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    return (this.cells[0] = pushSma(this.cells, 1, this.#period, x))
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[1] === this.#period
  }
}
