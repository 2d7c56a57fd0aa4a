import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { smaCells } from './kernels.ts'

/**
 * Simple moving average. As `pushSma`, but for the sum that is made anew once per window: it is summed up on the way there,
 * so that no value costs more than another. Cells: value, count, head, sum, the window, and that sum; by number and in few
 * words, because V8 compiles into a handler what is short.
 */
export class Sma extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`sma(${period})`, 1 + smaCells(periodOf('period', period)), 1)
    this.#period = period
    this.cells[0] = NaN
  }

  update(x: number): number {
    if (x - x !== 0) this.refuse(x)
    const { cells } = this
    const period = this.#period
    // Whole by itself: said so that it indexes without a check.
    const head = cells[2]! | 0
    const place = head + 4
    let anew = cells[period + 4]! + x
    // Before the window is full what leaves it is zero.
    let sum = cells[3]! + (x - cells[place]!)
    cells[place] = x
    if (head + 1 < period) cells[2] = head + 1
    else {
      sum = anew
      cells[2] = anew = 0
    }
    cells[period + 4] = anew
    cells[3] = sum
    cells[0] = sum / period
    if (cells[1] !== period) this.begin()
    // Read, and not given back by a call: a number that may come of one is an object for V8.
    return cells[0]!
  }

  private refuse(x: number): void {
    mustBeFinite(this.name, 'close', x)
  }

  /** One more of the first window. */
  private begin(): void {
    this.cells[1]! += 1
    if (this.cells[1]! < this.#period) this.cells[0] = NaN
  }

  override restore(state: unknown): void {
    super.restore(state)
    let anew = 0
    for (let i = 4; i < 4 + this.cells[2]!; i++) anew += this.cells[i]!
    this.cells[this.#period + 4] = anew
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[1] === this.#period
  }
}
