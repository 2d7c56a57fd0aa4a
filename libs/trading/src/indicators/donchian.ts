import { extremeCells, HighLow } from './extremes.ts'
import { Indicator, mustBeFinite, periodOf } from './indicator.ts'

/** Cells: upper, lower, then the two windows. */
const WINDOWS = 2

/** Donchian channel: highest high and lowest low of the window, this bar included. */
export class Donchian extends Indicator {
  readonly inputs = ['high', 'low'] as const
  readonly outputs = ['middle', 'upper', 'lower'] as const
  readonly #window: HighLow

  constructor(period = 20) {
    super(`donchian(${period})`, WINDOWS + 2 * extremeCells(periodOf('period', period)))
    this.#window = this.part(new HighLow(this.cells, WINDOWS, period))
    this.cells[0] = NaN
    this.cells[1] = NaN
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    this.#window.push(high, low)
    cells[0] = this.#window.highest
    cells[1] = this.#window.lowest
    return this.value
  }

  get value(): number {
    return (this.cells[0]! + this.cells[1]!) / 2
  }

  get middle(): number {
    return this.value
  }

  get upper(): number {
    return this.cells[0]!
  }

  get lower(): number {
    return this.cells[1]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[0])
  }
}
