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

  /** Within a full window, `pushSma` written out: V8 then has room to compile it into the handler that calls it. */
  update(x: number): number {
    const { cells } = this
    const period = this.#period
    const head = cells[2]! | 0
    if (head + 1 < period && cells[1] === period && x - x === 0) {
      const sum = cells[3]! + (x - cells[4 + head]!)
      cells[4 + head] = x
      cells[2] = head + 1
      cells[3] = sum
      return (cells[0] = sum / period)
    }
    return this.#push(x)
  }

  #push(x: number): number {
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
