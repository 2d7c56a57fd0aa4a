import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { Delay, delayCells, MovingSum, sumCells } from './windows.ts'

/** Cells: value, close before, average so far, closes seen (up to the period), then past closes and the path between them. */
const BEFORE = 1
const AVERAGE = 2
const SEEN = 3
const PAST = 4

/**
 * Kaufman's adaptive moving average: as fast as the way from the oldest to the newest close is straight. It begins with the
 * close before its first value, which comes with number period + 1 (TA-Lib). Prices that do not move count as straight.
 */
export class Kama extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #past: Delay
  readonly #path: MovingSum
  readonly #fast: number
  readonly #slow: number

  constructor(period: number, options: { fast?: number; slow?: number } = {}) {
    const { fast = 2, slow = 30 } = options
    super(`kama(${period},${fast},${slow})`, 1, PAST - 1 + delayCells(periodOf('period', period)) + sumCells(period))
    this.#past = this.part(new Delay(this.cells, PAST, period))
    this.#path = this.part(new MovingSum(this.cells, PAST + delayCells(period), period))
    this.#fast = 2 / (periodOf('fast', fast) + 1)
    this.#slow = 2 / (periodOf('slow', slow) + 1)
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const step = cells[SEEN] === 0 ? NaN : Math.abs(x - cells[BEFORE]!)
    cells[BEFORE] = x
    const oldest = this.#past.push(x)
    const path = cells[SEEN] === 0 ? NaN : this.#path.push(step)
    cells[SEEN] = 1
    if (Number.isNaN(path)) {
      cells[AVERAGE] = x
      return NaN
    }
    const way = Math.abs(x - oldest)
    const straight = way >= path ? 1 : way / path
    const speed = straight * (this.#fast - this.#slow) + this.#slow
    cells[AVERAGE]! += (x - cells[AVERAGE]!) * speed * speed
    return (cells[0] = cells[AVERAGE]!)
  }
}
