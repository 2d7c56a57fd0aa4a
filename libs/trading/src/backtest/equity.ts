import { DAY_US } from '@contrail/contracts'
import type { CandleColumns } from './columns.ts'
import type { Desk } from './desk.ts'
import type { Stock } from './stock.ts'
import { Table } from './table.ts'
import type { BacktestResult } from './types.ts'

/** Equity over time: after every bar or minute, or, where a summary is all that is wanted, the last of each day. */
export type Equity = {
  readonly count: number
  readonly firstUs: number
  readonly lastUs: number
  readonly lastValue: number
  /** Peak and drawdown count every point. */
  readonly peak: number
  readonly maxDrawdown: number
  readonly columns: BacktestResult['equity']
  /** The last point, anew. */
  amend(value: number, exposure: number): void
}
type ColumnIndex = 0 | 1 | 2

/** Of several series: a point whenever it is told to. */
export class EquityCurve implements Equity {
  readonly #table = new Table(3)
  readonly #byDay: boolean
  /** [peak, end of the day of the last point, greatest fall from a peak]: doubles in fields would be boxed. */
  readonly #state = new Float64Array([-Infinity, -Infinity, 0])

  constructor(byDay: boolean) {
    this.#byDay = byDay
  }

  get count(): number {
    return this.#table.rows
  }

  get firstUs(): number {
    return this.#table.at(0, 0)
  }

  get lastUs(): number {
    return this.#table.at(this.count - 1, 0)
  }

  get lastValue(): number {
    return this.#table.at(this.count - 1, 1)
  }

  get peak(): number {
    return this.#state[0]!
  }

  get maxDrawdown(): number {
    return this.#state[2]!
  }

  /** Of the desk as it stands. */
  mark(atUs: number, desk: Desk): void {
    const state = this.#state
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
    // A point at midnight is the last of the day before.
    const isSameDay = this.#byDay && atUs <= state[1]!
    if (this.#byDay && !isSameDay) state[1] = endOfDay(atUs)
    const at = isSameDay ? this.#table.last : this.#table.add()
    const { cells } = this.#table
    cells[at] = atUs
    cells[at + 1] = value
    cells[at + 2] = exposure
  }

  amend(value: number, exposure: number): void {
    const { last, cells } = this.#table
    cells[last + 1] = value
    cells[last + 2] = exposure
    if (value > this.#state[0]!) this.#state[0] = value
  }

  get columns(): BacktestResult['equity'] {
    return columnsOf((index) => this.#table.column(index))
  }
}

const endOfDay = (atUs: number): number => Math.ceil(atUs / DAY_US) * DAY_US

/** Columns that are made when they are asked for. */
function columnsOf(make: (index: ColumnIndex) => Float64Array): BacktestResult['equity'] {
  const made: (Float64Array | undefined)[] = []
  const column = (index: ColumnIndex) => (made[index] ??= make(index))
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

/* State of a curve over bars. */
const PEAK = 0
/** Lowest since the peak. */
const LOW = 1
const FALL = 2
const CASH = 3
const QUANTITY = 4
/** Turns that are looked at in one go: their bars are still in the cache of the processor. */
const TURNS_TOGETHER = 256

/**
 * Of one series of bars: cash and quantity change at a few rows only, and between them the equity of a bar is one sum. So the
 * changes are kept, stretches between them are looked at many in one go, and columns are made of them when asked for.
 */
export class BarEquity implements Equity {
  readonly #series: CandleColumns
  readonly #spanUs: number
  readonly #byDay: boolean
  readonly #first: number
  /** Rows before this one are counted. */
  #next: number
  /** Row from which cash and quantity, both of quote and base, are those. */
  readonly #turns = new Table(3)
  /** Of these, what is looked at. */
  #seen = 0
  /** Last points of days that are over: time, value, exposure. */
  readonly #days = new Table(3)
  /** First row of the day after that of the row before `#next`. */
  #dayEnd = 0
  readonly #state = new Float64Array([-Infinity, Infinity, 0, 0, 0])
  /** Of the account at the last turn, in its own units. */
  #lots = 0
  #units = NaN
  #amended: readonly [value: number, exposure: number] | undefined

  constructor(series: CandleColumns, spanUs: number, first: number, byDay: boolean) {
    this.#series = series
    this.#spanUs = spanUs
    this.#byDay = byDay
    this.#first = first
    this.#next = first
  }

  /** The account as it stands after `row`, and after those that come. */
  follow(row: number, desk: Desk, stock: Stock): void {
    const { lots } = stock
    const { units } = desk.cash
    if (lots === this.#lots && units === this.#units) return
    this.#lots = lots
    this.#units = units
    if (this.#turns.rows - this.#seen >= TURNS_TOGETHER) this.advance(row)
    const at = this.#turns.add()
    const { cells } = this.#turns
    cells[at] = row
    cells[at + 1] = desk.cashQuote
    cells[at + 2] = lots === 0 ? 0 : stock.quantity
  }

  /** All rows before `end` are over, and no turn comes before it any more. */
  advance(end: number): void {
    if (this.#byDay) this.#lookByDay(end)
    else this.#look(end)
    const turns = this.#turns
    if (turns.rows === 0) return
    this.#state[CASH] = turns.at(turns.rows - 1, 1)
    this.#state[QUANTITY] = turns.at(turns.rows - 1, 2)
    this.#seen = turns.rows
    if (!this.#byDay) return
    turns.clear()
    this.#seen = 0
  }

  #lookByDay(end: number): void {
    while (this.#next < end) {
      if (this.#next >= this.#dayEnd) this.#dayEnd = this.#endOfDayAfter(this.#next)
      this.#look(Math.min(end, this.#dayEnd))
      if (this.#next === this.#dayEnd) this.#endDay()
    }
  }

  /** At all rows before `end`, with the turns among them. */
  #look(end: number): void {
    const { close } = this.#series
    const turns = this.#turns
    const state = this.#state
    let cash = state[CASH]!
    let quantity = state[QUANTITY]!
    let peak = state[PEAK]!
    let low = state[LOW]!
    // Whole by themselves: said so that they are kept as such.
    const last = end | 0
    let row = this.#next | 0
    let seen = this.#seen | 0
    let turnsAt = seen < turns.rows ? turns.at(seen, 0) : Infinity
    while (row < last) {
      if (turnsAt <= row) {
        cash = turns.at(seen, 1)
        quantity = turns.at(seen, 2)
        seen++
        turnsAt = seen < turns.rows ? turns.at(seen, 0) : Infinity
        continue
      }
      const until = turnsAt < last ? turnsAt | 0 : last
      // Flat, every row is the same as its first.
      const stop = quantity === 0 ? row + 1 : until
      for (; row < stop; row++) {
        const value = quantity === 0 ? cash : cash + quantity * close[row]!
        if (value > peak) {
          // The deepest fall from a peak is that to the lowest value before the next one.
          const fall = 1 - low / peak
          if (fall > state[FALL]!) state[FALL] = fall
          peak = value
          low = value
        } else if (value < low) low = value
      }
      row = until
    }
    this.#seen = seen
    state[CASH] = cash
    state[QUANTITY] = quantity
    state[PEAK] = peak
    state[LOW] = low
    this.#next = last
  }

  /** First row after that of `row` and of all others that are seen on the same day; midnight is of the day before. */
  #endOfDayAfter(row: number): number {
    const { openTimeUs, rows } = this.#series
    const openUs = openTimeUs[row]!
    const untilUs = endOfDay(openUs + this.#spanUs) - this.#spanUs
    // Where it is if no bar is missing.
    const whole = row + Math.floor((untilUs - openUs) / this.#spanUs) + 1
    if (whole < rows && openTimeUs[whole - 1]! <= untilUs && openTimeUs[whole]! > untilUs) return whole
    let low = row + 1
    let high = rows
    while (low < high) {
      const middle = (low + high) >>> 1
      if (openTimeUs[middle]! <= untilUs) low = middle + 1
      else high = middle
    }
    return low
  }

  #endDay(): void {
    const row = this.#next - 1
    const at = this.#days.add()
    const { cells } = this.#days
    cells[at] = this.#timeOf(row)
    cells[at + 1] = this.#valueOf(row)
    cells[at + 2] = this.#exposureOf(row)
  }

  #timeOf(row: number): number {
    return this.#series.openTimeUs[row]! + this.#spanUs
  }

  /** Of a row since the last turn. */
  #valueOf(row: number): number {
    const [cash, quantity] = [this.#state[CASH]!, this.#state[QUANTITY]!]
    return quantity === 0 ? cash : cash + quantity * this.#series.close[row]!
  }

  #exposureOf(row: number): number {
    const quantity = this.#state[QUANTITY]!
    return quantity === 0 ? 0 : Math.abs(quantity * this.#series.close[row]!)
  }

  get count(): number {
    if (!this.#byDay) return this.#next - this.#first
    return this.#days.rows + (this.#next < this.#dayEnd ? 1 : 0)
  }

  get firstUs(): number {
    return this.#byDay && this.#days.rows > 0
      ? this.#days.at(0, 0)
      : this.#timeOf(this.#byDay ? this.#next - 1 : this.#first)
  }

  get lastUs(): number {
    return this.#timeOf(this.#next - 1)
  }

  get lastValue(): number {
    return this.#amended?.[0] ?? this.#valueOf(this.#next - 1)
  }

  get peak(): number {
    return Math.max(this.#state[PEAK]!, this.#amended?.[0] ?? -Infinity)
  }

  get maxDrawdown(): number {
    const state = this.#state
    const fall = 1 - state[LOW]! / state[PEAK]!
    return fall > state[FALL]! ? fall : state[FALL]!
  }

  amend(value: number, exposure: number): void {
    this.#amended = [value, exposure]
  }

  get columns(): BacktestResult['equity'] {
    return columnsOf((index) => this.#column(index))
  }

  #column(index: ColumnIndex): Float64Array {
    const column = new Float64Array(this.count)
    if (column.length === 0) return column
    const last = column.length - 1
    if (this.#byDay) {
      column.set(this.#days.column(index))
      // Of the last day it is the last row as well, over or not.
      column[last] = [this.lastUs, this.lastValue, this.#exposureOf(this.#next - 1)][index]!
    } else if (index === 0) for (let i = 0; i <= last; i++) column[i] = this.#timeOf(this.#first + i)
    else this.#fill(column, index)
    if (this.#amended && index > 0) column[last] = this.#amended[index - 1]!
    return column
  }

  #fill(column: Float64Array, index: ColumnIndex): void {
    const { close } = this.#series
    const turns = this.#turns
    for (let turn = 0; turn < turns.rows; turn++) {
      const end = turn + 1 < turns.rows ? turns.at(turn + 1, 0) : this.#next
      const cash = index === 1 ? turns.at(turn, 1) : 0
      const quantity = turns.at(turn, 2)
      for (let row = turns.at(turn, 0); row < end; row++) {
        const worth = quantity === 0 ? 0 : quantity * close[row]!
        column[row - this.#first] = index === 1 ? cash + worth : Math.abs(worth)
      }
    }
  }
}
