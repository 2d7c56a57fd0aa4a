import { Part } from './windows.ts'

/** Cells: place in the block, its extreme so far, values seen (up to the period), then one block. */
export const extremeCells = (period: number): number => 3 + period

/*
 * By blocks of one window each (van Herk, 1992): places up to the newest hold values of this block, those behind it the extreme
 * from there to the end of the block before. No value is compared more than three times, however the market moves.
 */
function turnBlock(cells: Float64Array, first: number, end: number): void {
  let behind = cells[end - 1]!
  for (let i = end - 2; i > first; i--) cells[i] = behind = Math.max(behind, cells[i]!)
}

/** Highest of the window. */
export class Highest extends Part {
  /** Of this block. */
  top = 0

  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 3, period)
  }

  push(x: number): number {
    const { cells, at } = this
    const top = (this.top = at === this.first ? x : Math.max(this.top, x))
    cells[at] = x
    const next = at + 1
    if (next === this.end) {
      this.turn()
      return top
    }
    this.at = next
    return this.full ? Math.max(cells[next]!, top) : NaN
  }

  private turn(): void {
    this.at = this.first
    this.full = true
    turnBlock(this.cells, this.first, this.end)
  }

  keep(): void {
    this.keepPlace(this.first - 1, this.first - 3)
    this.cells[this.first - 2] = this.top
  }

  load(): void {
    this.loadPlace(this.first - 1, this.first - 3)
    this.top = this.cells[this.first - 2]!
  }
}

/** Highest high and lowest low of one window: both at once, since they share their place. Lows lie behind the highs, negated. */
export class HighLow extends Part {
  /** Of the last push; NaN before the window is full. */
  highest = NaN
  lowest = NaN
  private readonly lows: number
  /** Of this block. */
  private top = 0
  private bottom = 0

  /** `at`: of the cells of both, those of the highs first. */
  constructor(cells: Float64Array, at: number, period: number) {
    super(cells, at + 3, period)
    this.lows = extremeCells(period)
  }

  push(high: number, low: number): void {
    const { cells, at, lows } = this
    const isFirst = at === this.first
    const top = (this.top = isFirst ? high : Math.max(this.top, high))
    const bottom = (this.bottom = isFirst ? -low : Math.max(this.bottom, -low))
    cells[at] = high
    cells[at + lows] = -low
    const next = at + 1
    if (next === this.end) this.turn()
    else {
      this.at = next
      if (!this.full) return
      // Zero is added so that it never comes out negative.
      this.highest = Math.max(cells[next]!, top) + 0
      this.lowest = 0 - Math.max(cells[next + lows]!, bottom)
    }
  }

  private turn(): void {
    const { cells, first, end, lows } = this
    this.at = first
    this.full = true
    turnBlock(cells, first, end)
    turnBlock(cells, first + lows, end + lows)
    this.highest = this.top + 0
    this.lowest = 0 - this.bottom
  }

  keep(): void {
    const { cells, first, lows } = this
    this.keepPlace(first - 1, first - 3)
    this.keepPlace(first - 1 + lows, first - 3 + lows)
    cells[first - 2] = this.top
    cells[first - 2 + lows] = this.bottom
  }

  load(): void {
    const { cells, first, lows } = this
    this.loadPlace(first - 1, first - 3)
    this.top = cells[first - 2]!
    this.bottom = cells[first - 2 + lows]!
    this.highest = NaN
    this.lowest = NaN
  }
}

/** Cells: values seen, head and length of the queue, then its values and when they came. */
export const queueCells = (period: number): number => 3 + 2 * period

/** How many pushes ago the highest (`sign` 1) or lowest (-1) of the window came, the latest of equals. */
export class ExtremeAge extends Part {
  private readonly sign: 1 | -1
  private readonly seen: number
  private length = 0

  constructor(cells: Float64Array, at: number, period: number, sign: 1 | -1) {
    super(cells, at + 3, period)
    this.sign = sign
    this.seen = at
  }

  push(x: number): number {
    const { cells, first, period } = this
    const now = cells[this.seen]!
    const value = this.sign * x
    if (this.length > 0 && cells[this.at + period]! <= now - period) this.drop()
    // What is not above the newest can never be the highest any more: the queue falls from head to tail.
    let length = this.length
    let tail = this.at + length
    if (tail >= this.end) tail -= period
    while (length > 0) {
      const last = (tail === first ? this.end : tail) - 1
      if (cells[last]! > value) break
      tail = last
      length--
    }
    cells[tail] = value
    cells[tail + period] = now
    cells[this.seen] = now + 1
    this.length = length + 1
    return now + 1 < period ? NaN : now - cells[this.at + period]!
  }

  private drop(): void {
    this.at = this.at + 1 === this.end ? this.first : this.at + 1
    this.length--
  }

  keep(): void {
    this.cells[this.first - 2] = this.at - this.first
    this.cells[this.first - 1] = this.length
  }

  load(): void {
    this.at = this.first + (this.cells[this.first - 2]! | 0)
    this.length = this.cells[this.first - 1]! | 0
  }
}
