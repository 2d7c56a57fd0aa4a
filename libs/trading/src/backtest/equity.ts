import { DAY_US } from '@contrail/contracts'
import type { Desk } from './desk.ts'
import { Table } from './table.ts'
import type { BacktestResult } from './types.ts'

/**
 * Equity over time: after every bar or minute, or, where a summary is all that is wanted, the last of each day. Peak and
 * drawdown count every point.
 */
export class EquityCurve {
  readonly #table: Table
  readonly #byDay: boolean
  /** [peak, end of the day of the last point, greatest fall from a peak]: doubles in fields would be boxed. */
  readonly state = new Float64Array([-Infinity, -Infinity, 0])

  constructor(byDay: boolean, points: number) {
    this.#byDay = byDay
    this.#table = new Table(3, byDay ? 64 : Math.max(1, points))
  }

  get count(): number {
    return this.#table.rows
  }

  get peak(): number {
    return this.state[0]!
  }

  get maxDrawdown(): number {
    return this.state[2]!
  }

  /** Of the desk as it stands. */
  mark(atUs: number, desk: Desk): void {
    const { state } = this
    const { stocks } = desk
    let value = desk.cashQuote
    let exposure = 0
    for (let i = 0; i < stocks.length; i++) {
      const stock = stocks[i]!
      if (stock.lots === 0) continue
      const worth = stock.quantity * stock.mark
      value += worth
      exposure += worth < 0 ? -worth : worth
    }
    if (value > state[0]!) state[0] = value
    else {
      const fall = 1 - value / state[0]!
      if (fall > state[2]!) state[2] = fall
    }
    let at: number
    if (this.#byDay) {
      // A point at midnight is the last of the day before.
      if (atUs <= state[1]!) at = (this.#table.rows - 1) * 3
      else {
        at = this.#table.add()
        state[1] = Math.ceil(atUs / DAY_US) * DAY_US
      }
    } else at = this.#table.add()
    const { cells } = this.#table
    cells[at] = atUs
    cells[at + 1] = value
    cells[at + 2] = exposure
  }

  /** The last point, anew. */
  amend(value: number, exposure: number): void {
    const at = (this.#table.rows - 1) * 3
    this.#table.cells[at + 1] = value
    this.#table.cells[at + 2] = exposure
    if (value > this.state[0]!) this.state[0] = value
  }

  at(row: number, column: 0 | 1 | 2): number {
    return this.#table.at(row, column)
  }

  /** Columns of their own, made when they are asked for. */
  get columns(): BacktestResult['equity'] {
    const made: (Float64Array | undefined)[] = []
    const column = (index: 0 | 1 | 2) => (made[index] ??= this.#column(index))
    return {
      get timeUs() {
        return column(0)
      },
      get value() {
        return column(1)
      },
      get exposure() {
        return column(2)
      },
    }
  }

  #column(index: 0 | 1 | 2): Float64Array {
    const { rows, cells } = this.#table
    const column = new Float64Array(rows)
    for (let row = 0; row < rows; row++) column[row] = cells[row * 3 + index]!
    return column
  }
}
