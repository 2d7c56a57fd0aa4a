import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import type { IndicatorSnapshot } from './indicator.ts'
import { delayCells } from './windows.ts'

/** Cells: value, count, head, then past closes. */
const COUNT = 1
const HEAD = 2
const PAST = 3

/**
 * Rate of change in percent to the close `period` bars ago. First value with number period + 1; 0 where that was 0. It keeps
 * its closes itself, as `Delay` does: it is so little that another object on the way would be a third of it.
 */
export class Roc extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #end: number
  private at = PAST
  /** NaN until there is a close of so long ago, then 0. */
  private missing = NaN

  constructor(period: number) {
    super(`roc(${period})`, 1, delayCells(periodOf('period', period)))
    this.#end = PAST + period
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells, at } = this
    const before = cells[at]! - this.missing
    cells[at] = x
    const next = at + 1
    if (next === this.#end) this.turn()
    else this.at = next
    return (cells[0] = before === 0 ? 0 : (100 * (x - before)) / before)
  }

  private turn(): void {
    this.at = PAST
    this.missing = 0
  }

  override snapshot(): IndicatorSnapshot {
    this.cells[HEAD] = this.at - PAST
    this.cells[COUNT] = this.missing === 0 ? this.#end - PAST : this.at - PAST
    return super.snapshot()
  }

  override restore(state: unknown): void {
    super.restore(state)
    this.at = PAST + (this.cells[HEAD]! | 0)
    this.missing = this.cells[COUNT] === this.#end - PAST ? 0 : NaN
  }
}
