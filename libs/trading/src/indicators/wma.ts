import { Indicator, mustBeFinite, periodOf } from './indicator.ts'

/** Cells: value, count, head, sum, weighted sum, then the window. */
const RING = 5

/** Linearly weighted moving average: the newest weighs `period`, the oldest 1. */
export class Wma extends Indicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number

  constructor(period: number) {
    super(`wma(${period})`, RING + periodOf('period', period))
    this.#period = period
    this.cells[0] = NaN
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const period = this.#period
    const count = cells[1]!
    const head = cells[2]!
    if (count < period) {
      cells[1] = count + 1
      cells[3]! += x
      cells[4]! += (count + 1) * x
    } else {
      cells[4]! += period * x - cells[3]!
      cells[3]! += x - cells[RING + head]!
    }
    cells[RING + head] = x
    if (head + 1 === period) this.#makeAnew()
    else cells[2] = head + 1
    return (cells[0] = cells[1]! < period ? NaN : cells[4]! / ((period * (period + 1)) / 2))
  }

  /** Once per window, so that running sums do not drift. The oldest value is then the first of the ring. */
  #makeAnew(): void {
    const { cells } = this
    let sum = 0
    let weighted = 0
    for (let i = 0; i < this.#period; i++) {
      sum += cells[RING + i]!
      weighted += (i + 1) * cells[RING + i]!
    }
    cells[2] = 0
    cells[3] = sum
    cells[4] = weighted
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return this.cells[1] === this.#period
  }
}
