import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import type { IndicatorSnapshot } from './indicator.ts'
import { meanCells } from './windows.ts'

/* Cells: count, head, sum, then the window, as those of `MovingMean`. The first three are only kept here in a snapshot. */
const COUNT = 0
const HEAD = 1
const SUM = 2
const WINDOW = 3

/**
 * Simple moving average. As `MovingMean`, but nothing of another object is read on the way, and the divisor is NaN until the
 * window is full: the averages are what most handlers are compiled with.
 */
export class Sma extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  /** Of the cell that is next, and after the last. */
  private at = WINDOW
  private readonly end: number
  private sum = 0
  private anew = 0
  private divisor = NaN

  constructor(period: number) {
    super(`sma(${period})`, meanCells(periodOf('period', period)))
    this.#period = period
    this.end = WINDOW + period
  }

  update(x: number): number {
    if (x - x !== 0) this.refuse(x)
    const { cells, at } = this
    const anew = this.anew + x
    // Before the window is full what leaves it is zero.
    const sum = this.sum + (x - cells[at]!)
    cells[at] = x
    const next = at + 1
    if (next === this.end) return this.turn(anew)
    this.at = next
    this.anew = anew
    this.sum = sum
    return sum / this.divisor
  }

  /** The window is full, again. */
  private turn(sum: number): number {
    this.at = WINDOW
    this.anew = 0
    this.sum = sum
    this.divisor = this.#period
    return sum / this.divisor
  }

  private refuse(x: number): void {
    mustBeFinite(this.name, 'close', x)
  }

  override snapshot(): IndicatorSnapshot {
    const head = this.at - WINDOW
    this.cells[COUNT] = this.ready ? this.#period : head
    this.cells[HEAD] = head
    this.cells[SUM] = this.sum
    return super.snapshot()
  }

  override restore(state: unknown): void {
    super.restore(state)
    this.at = WINDOW + (this.cells[HEAD]! | 0)
    this.sum = this.cells[SUM]!
    this.anew = 0
    for (let i = WINDOW; i < this.at; i++) this.anew += this.cells[i]!
    this.divisor = this.cells[COUNT] === this.#period ? this.#period : NaN
  }

  get value(): number {
    return this.sum / this.divisor
  }

  get ready(): boolean {
    return this.divisor === this.#period
  }
}
