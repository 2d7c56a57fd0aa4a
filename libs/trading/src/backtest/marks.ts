import { SECOND_US } from '@contrail/contracts'
import type { Desk } from './desk.ts'
import type { EquityCurve } from './equity.ts'

/** Between two points of equity where data are not bars. */
const MARK_US = 60 * SECOND_US
/* Doubles in fields would be boxed. */
const DUE = 0
const NEXT = 1
const LAST = 2

/** When equity is looked at: once all that happened at an instant is over. */
export class Marks {
  /** [the instant that is to be looked at, or Infinity; that of the next one; that of the last one]. */
  readonly cells = new Float64Array([Infinity, -Infinity, NaN])
  readonly #equity: EquityCurve
  readonly #desk: Desk

  constructor(equity: EquityCurve, desk: Desk) {
    this.#equity = equity
    this.#desk = desk
  }

  /** Something is to happen at `atUs`. */
  before(atUs: number): void {
    if (atUs > this.cells[DUE]!) this.look()
  }

  /** At what is due, because that instant is over. */
  look(): void {
    const dueUs = this.cells[DUE]!
    if (dueUs === Infinity) return
    this.cells[DUE] = Infinity
    this.#equity.mark(dueUs, this.#desk)
  }

  /** Something has happened: the first in its minute is looked at. */
  after(atUs: number): void {
    if (atUs < this.cells[NEXT]!) return
    this.due(atUs)
    // Not by the rest of a division, which costs twenty times as much.
    const began = Math.floor(atUs / MARK_US) * MARK_US
    this.cells[NEXT] = began > atUs ? began : began + MARK_US
  }

  due(atUs: number): void {
    this.cells[DUE] = this.cells[LAST] = atUs
  }

  end(nowUs: number): void {
    const isDue = this.cells[DUE] !== Infinity
    if (isDue || this.cells[LAST]! < nowUs) this.#equity.mark(nowUs, this.#desk)
  }
}
