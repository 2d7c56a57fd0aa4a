import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import type { IndicatorSnapshot } from './indicator.ts'
import { smaCells } from './kernels.ts'

/**
 * Simple moving average. As `pushSma`, but for two things that follow from the rest and are in no snapshot: the sum that is
 * made anew once per window is summed up on the way there, so that no value costs more than another; and the divisor, which is
 * NaN until the window is full. Cells: that sum, divisor, value, count, head, sum, then the window; by number and in few words,
 * because V8 compiles into a handler what is short.
 */
export class Sma extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`sma(${period})`, 1 + smaCells(periodOf('period', period)), 2)
    this.#period = period
    this.cells[1] = NaN
  }

  update(x: number): number {
    if (x - x !== 0) this.refuse(x)
    const { cells } = this
    // Whole by itself: said so that it indexes without a check.
    const head = cells[4]! | 0
    let anew = cells[0]! + x
    // Before the window is full what leaves it is zero.
    let sum = cells[5]! + (x - cells[head + 6]!)
    cells[head + 6] = x
    let next = head + 1
    if (next === this.#period) {
      sum = anew
      anew = next = 0
      cells[3] = cells[1] = this.#period
    }
    cells[0] = anew
    cells[4] = next
    cells[5] = sum
    return sum / cells[1]!
  }

  private refuse(x: number): void {
    mustBeFinite(this.name, 'close', x)
  }

  override snapshot(): IndicatorSnapshot {
    this.cells[2] = this.value
    if (!this.ready) this.cells[3] = this.cells[4]!
    return super.snapshot()
  }

  override restore(state: unknown): void {
    super.restore(state)
    this.cells[0] = 0
    for (let i = 6; i < 6 + this.cells[4]!; i++) this.cells[0] += this.cells[i]!
    this.cells[1] = this.ready ? this.#period : NaN
  }

  get value(): number {
    return this.cells[5]! / this.cells[1]!
  }

  get ready(): boolean {
    return this.cells[3] === this.#period
  }
}
