import { Indicator, mustBeBar, mustBeVolume, periodOf } from './indicator.ts'
import { meanCells, MovingMean, MovingSum, sumCells } from './windows.ts'

/** Cells: value, then sum of price x volume and sum of volume; each a plain sum, or a window. */
const SUMS = 1

/**
 * Volume-weighted average of the typical price (high + low + close) / 3: since the start or the last `reset` (call it
 * where a session begins), or over a window of `period` bars. NaN while there is no volume.
 */
export class Vwap extends Indicator {
  readonly inputs = ['high', 'low', 'close', 'volume'] as const
  readonly outputs = ['value'] as const
  /** Of a window only. */
  readonly #money: MovingMean | undefined
  readonly #volume: MovingSum | undefined
  readonly #period: number

  constructor(options: { period?: number } = {}) {
    const { period } = options
    const width = period === undefined ? 2 : meanCells(periodOf('period', period)) + sumCells(period)
    super(`vwap(${period ?? 'session'})`, SUMS + width)
    this.cells[0] = NaN
    this.#period = period ?? 0
    if (period !== undefined) {
      this.#money = this.part(new MovingMean(this.cells, SUMS, period))
      this.#volume = this.part(new MovingSum(this.cells, SUMS + meanCells(period), period))
    }
  }

  update(high: number, low: number, close: number, volume: number): number {
    mustBeBar(this.name, high, low, close)
    mustBeVolume(this.name, volume)
    const { cells } = this
    const traded = ((high + low + close) / 3) * volume
    if (!this.#money || !this.#volume) {
      cells[SUMS]! += traded
      cells[SUMS + 1]! += volume
      return (cells[0] = cells[SUMS + 1]! > 0 ? cells[SUMS]! / cells[SUMS + 1]! : NaN)
    }
    const money = this.#money.push(traded) * this.#period
    const total = this.#volume.push(volume)
    return (cells[0] = total > 0 ? money / total : NaN)
  }

  /** A new session begins. */
  reset(): void {
    this.cells.fill(0)
    this.cells[0] = NaN
    this.#money?.load()
    this.#volume?.load()
  }

  get value(): number {
    return this.cells[0]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[0])
  }
}
