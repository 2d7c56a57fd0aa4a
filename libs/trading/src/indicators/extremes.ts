import { Part } from './windows.ts'

/** Cells: place in the block, its extreme so far, values seen (up to the period), then one block. */
export const extremeCells = (period: number): number => 3 + period

/**
 * Highest (`sign` 1) or lowest (-1) of the window, by blocks of one window each (van Herk, 1992): places up to the newest
 * hold values of this block, those behind it the extreme from there to the end of the block before. No value is compared
 * more than three times, however the market moves.
 */
export class Extreme extends Part {
  private readonly sign: 1 | -1
  /** Of this block, times the sign. */
  private extreme = 0

  constructor(cells: Float64Array, at: number, period: number, sign: 1 | -1) {
    super(cells, at + 3, period)
    this.sign = sign
  }

  push(x: number): number {
    const { cells, at, sign } = this
    const value = sign * x
    const extreme = at === this.first ? value : Math.max(this.extreme, value)
    this.extreme = extreme
    cells[at] = value
    const next = at + 1
    if (next === this.end) return this.turn()
    this.at = next
    // Zero is added so that it never comes out negative.
    return this.full ? sign * Math.max(cells[next]!, extreme) + 0 : NaN
  }

  /** The block is over: from now on it is the one before. */
  private turn(): number {
    const { cells, first } = this
    this.at = first
    this.full = true
    let behind = cells[this.end - 1]!
    for (let i = this.end - 2; i > first; i--) cells[i] = behind = Math.max(behind, cells[i]!)
    return this.soFar
  }

  /** Of the values since the block began. */
  get soFar(): number {
    return this.sign * this.extreme + 0
  }

  keep(): void {
    this.keepPlace(this.first - 1, this.first - 3)
    this.cells[this.first - 2] = this.extreme
  }

  load(): void {
    this.loadPlace(this.first - 1, this.first - 3)
    this.extreme = this.cells[this.first - 2]!
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
    this.at = this.first + this.cells[this.first - 2]!
    this.length = this.cells[this.first - 1]!
  }
}
