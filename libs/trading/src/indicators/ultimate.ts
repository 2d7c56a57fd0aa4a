import { refuse } from '@contrail/contracts'
import { CellIndicator, mustBeBar, periodOf } from './indicator.ts'
import { pushSum, sumCells, trueRange } from './kernels.ts'

/** Cells: value, close before, bars seen (up to 1), then two windows for each period. */
const WINDOWS = 3

/**
 * Ultimate oscillator, 0 to 100: buying pressure in parts of the true range over three windows, weighed 4, 2 and 1. First
 * value with number slow + 1; a window without any range counts 0 (TA-Lib).
 */
export class UltimateOscillator extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #periods: readonly [number, number, number]

  constructor(fast = 7, middle = 14, slow = 28) {
    const cells = sumCells(periodOf('fast', fast)) + sumCells(periodOf('middle', middle))
    super(`ultimate(${fast},${middle},${slow})`, 1, WINDOWS - 1 + 2 * (cells + sumCells(periodOf('slow', slow))))
    if (fast > middle || middle > slow)
      throw refuse('invalid_period', 'fast', [fast, middle, slow].join(), 'give periods that do not fall')
    this.#periods = [fast, middle, slow]
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const before = cells[1]!
    cells[1] = close
    if (cells[2] === 0) {
      cells[2] = 1
      return NaN
    }
    const pressure = close - Math.min(low, before)
    const range = trueRange(high, low, before)
    const [fast, middle, slow] = this.#periods
    const second = WINDOWS + 2 * sumCells(fast)
    const parts = 4 * this.#part(WINDOWS, fast, pressure, range) + 2 * this.#part(second, middle, pressure, range)
    const last = this.#part(second + 2 * sumCells(middle), slow, pressure, range)
    return (cells[0] = (100 * (parts + last)) / 7)
  }

  #part(at: number, period: number, pressure: number, range: number): number {
    const bought = pushSum(this.cells, at, period, pressure)
    const moved = pushSum(this.cells, at + sumCells(period), period, range)
    return moved === 0 ? 0 : bought / moved
  }
}
