import { refuse } from '@contrail/contracts'
import { CellIndicator, mustBeBar, periodOf } from './indicator.ts'
import { trueRange } from './kernels.ts'
import { MovingSum, sumCells } from './windows.ts'

/** Cells: value, close before, bars seen (up to 1), then two windows for each period. */
const WINDOWS = 3
type Window = { readonly bought: MovingSum; readonly moved: MovingSum; readonly weight: number }

/**
 * Ultimate oscillator, 0 to 100: buying pressure in parts of the true range over three windows, weighed 4, 2 and 1. First
 * value with number slow + 1; a window without any range counts 0 (TA-Lib).
 */
export class UltimateOscillator extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #windows: readonly Window[]

  constructor(fast = 7, middle = 14, slow = 28) {
    const cells = sumCells(periodOf('fast', fast)) + sumCells(periodOf('middle', middle))
    super(`ultimate(${fast},${middle},${slow})`, 1, WINDOWS - 1 + 2 * (cells + sumCells(periodOf('slow', slow))))
    if (fast > middle || middle > slow)
      throw refuse('invalid_period', 'fast', [fast, middle, slow].join(), 'give periods that do not fall')
    const second = WINDOWS + 2 * sumCells(fast)
    this.#windows = [
      this.#window(WINDOWS, fast, 4),
      this.#window(second, middle, 2),
      this.#window(second + 2 * sumCells(middle), slow, 1),
    ]
  }

  #window(at: number, period: number, weight: number): Window {
    const bought = this.part(new MovingSum(this.cells, at, period))
    return { bought, moved: this.part(new MovingSum(this.cells, at + sumCells(period), period)), weight }
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
    let sum = 0
    for (let i = 0; i < 3; i++) {
      const window = this.#windows[i]!
      const bought = window.bought.push(pressure)
      const moved = window.moved.push(range)
      if (moved !== 0) sum += (bought / moved) * window.weight
    }
    return (cells[0] = (100 * sum) / 7)
  }
}
