/*
 * Parts of indicators that remember a window. Each looks after a stretch of its indicator's cells that begins at `at`; what
 * moves with every value (places, sums) is in fields, where a place is a whole number that needs no conversion, and goes
 * into the cells for a snapshot. `push` returns NaN while there are too few values.
 *
 * V8 compiles them into whoever uses them as far as their bytecode fits into one budget for all; beyond it a call costs more
 * than what it does. So they are short, and what happens once a window is a function of its own.
 */
export abstract class Part {
  protected readonly cells: Float64Array
  protected readonly period: number
  /** The first cell of the window, and the one after its last. */
  protected readonly first: number
  protected readonly end: number
  /** The cell that is next. */
  protected at: number
  protected full = false

  constructor(cells: Float64Array, first: number, period: number) {
    this.cells = cells
    this.period = period
    this.first = first
    this.end = first + period
    this.at = first
  }

  /** Fields into cells. */
  abstract keep(): void
  /** And back. */
  abstract load(): void

  /** How many values there are, and the place of the next, both counted from 0. */
  protected keepPlace(count: number, head: number): void {
    this.cells[head] = this.at - this.first
    this.cells[count] = this.full ? this.period : this.at - this.first
  }

  protected loadPlace(count: number, head: number): void {
    // Said to be whole: V8 would take it for a double from here on, in this and every other part of its kind.
    this.at = this.first + (this.cells[head]! | 0)
    this.full = this.cells[count] === this.period
  }
}

/** Cells: count, head, sum, then the window. */
export const meanCells = (period: number): number => 3 + period

/** Its sum would drift, and keep the rest of a huge value for ever: it is made anew once per window, summed up on the way. */
export class MovingMean extends Part {
  private sum = 0
  private anew = 0
  /** NaN until the window is full. */
  private divisor = NaN

  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 3, period)
  }

  push(x: number): number {
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

  private turn(sum: number): number {
    this.at = this.first
    this.anew = 0
    this.sum = sum
    this.full = true
    this.divisor = this.period
    return sum / this.period
  }

  keep(): void {
    this.keepPlace(this.first - 3, this.first - 2)
    this.cells[this.first - 1] = this.sum
  }

  load(): void {
    this.loadPlace(this.first - 3, this.first - 2)
    this.sum = this.cells[this.first - 1]!
    this.anew = 0
    for (let i = this.first; i < this.at; i++) this.anew += this.cells[i]!
    this.divisor = this.full ? this.period : NaN
  }
}

/** Cells: zeros in a row (up to the period), then as a mean. */
export const sumCells = (period: number): number => 1 + meanCells(period)

/** Sum of a window of numbers that are not negative, as that of a mean: exactly 0 where all of them are, whatever left it before. */
export class MovingSum extends Part {
  private sum = 0
  private anew = 0
  /** In a row, up to now. */
  private zeros = 0
  /** The least that it can be; NaN until the window is full. */
  private least = NaN

  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 4, period)
  }

  push(x: number): number {
    const { cells, at } = this
    // Without a branch, which would be guessed wrong where every other value is zero: the mask is all ones, or none.
    this.zeros = (this.zeros + 1) & -Number(x === 0)
    const anew = this.anew + x
    const sum = this.sum + (x - cells[at]!)
    cells[at] = x
    const next = at + 1
    if (next === this.end) return this.turn(anew)
    this.at = next
    this.anew = anew
    this.sum = sum
    return this.zeros < this.period && sum > this.least ? sum : this.least
  }

  private turn(sum: number): number {
    this.at = this.first
    this.anew = 0
    this.sum = sum
    this.full = true
    this.least = 0
    return sum
  }

  keep(): void {
    this.keepPlace(this.first - 3, this.first - 2)
    this.cells[this.first - 4] = Math.min(this.zeros, this.period)
    this.cells[this.first - 1] = this.sum
  }

  load(): void {
    this.loadPlace(this.first - 3, this.first - 2)
    this.zeros = this.cells[this.first - 4]! | 0
    this.sum = this.cells[this.first - 1]!
    this.anew = 0
    for (let i = this.first; i < this.at; i++) this.anew += this.cells[i]!
    this.least = this.full ? 0 : NaN
  }
}

/** Cells: count, head, sum, weighted sum, then the window. */
export const weightedCells = (period: number): number => 4 + period

/** Mean with linear weights: the newest has `period`, the oldest 1. Its sums are made anew as those of the others. */
export class WeightedMean extends Part {
  private sum = 0
  private weighted = 0
  private sumAnew = 0
  private weightedAnew = 0

  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 4, period)
  }

  push(x: number): number {
    const { cells, at, period, sum } = this
    const next = at + 1
    const weight = next - this.first
    this.sumAnew += x
    this.weightedAnew += weight * x
    this.weighted += this.full ? period * x - sum : weight * x
    this.sum = sum + (x - cells[at]!)
    cells[at] = x
    if (next === this.end) this.turn()
    else this.at = next
    return this.full ? this.weighted / ((period * (period + 1)) / 2) : NaN
  }

  private turn(): void {
    this.at = this.first
    this.sum = this.sumAnew
    this.weighted = this.weightedAnew
    this.sumAnew = 0
    this.weightedAnew = 0
    this.full = true
  }

  keep(): void {
    this.keepPlace(this.first - 4, this.first - 3)
    this.cells[this.first - 2] = this.sum
    this.cells[this.first - 1] = this.weighted
  }

  load(): void {
    this.loadPlace(this.first - 4, this.first - 3)
    this.sum = this.cells[this.first - 2]!
    this.weighted = this.cells[this.first - 1]!
    this.sumAnew = 0
    this.weightedAnew = 0
    for (let i = this.first; i < this.at; i++) {
      this.sumAnew += this.cells[i]!
      this.weightedAnew += (i + 1 - this.first) * this.cells[i]!
    }
  }
}

/** Cells: count, head, then what waits. */
export const delayCells = (period: number): number => 2 + period

/** What was pushed `period` times ago. */
export class Delay extends Part {
  /** NaN until what was pushed comes out, then 0: taken off without a branch. */
  private missing = NaN
  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 2, period)
  }

  push(x: number): number {
    const { cells, at } = this
    const before = cells[at]! - this.missing
    cells[at] = x
    const next = at + 1
    if (next === this.end) this.turn()
    else this.at = next
    return before
  }

  private turn(): void {
    this.at = this.first
    this.full = true
    this.missing = 0
  }

  keep(): void {
    this.keepPlace(this.first - 2, this.first - 1)
  }

  load(): void {
    this.loadPlace(this.first - 2, this.first - 1)
    this.missing = this.full ? 0 : NaN
  }
}
