import { CellIndicator, mustBeBar, mustBeFinite } from './indicator.ts'

/** Cells: close, open, high, low, bars seen (up to 1). */
const SEEN = 4

/** Heikin-Ashi candles, from the first bar on, whose open is the middle of its own open and close. */
export class HeikinAshi extends CellIndicator {
  readonly inputs = ['open', 'high', 'low', 'close'] as const
  readonly outputs = ['close', 'open', 'high', 'low'] as const

  constructor() {
    super('heikin_ashi()', 4, 1)
  }

  update(open: number, high: number, low: number, close: number): number {
    mustBeFinite(this.name, 'open', open)
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const began = cells[SEEN] === 0 ? (open + close) / 2 : (cells[1]! + cells[0]!) / 2
    const ended = (open + high + low + close) / 4
    cells[SEEN] = 1
    cells[1] = began
    cells[2] = Math.max(high, began, ended)
    cells[3] = Math.min(low, began, ended)
    return (cells[0] = ended)
  }

  get close(): number {
    return this.cells[0]!
  }

  get open(): number {
    return this.cells[1]!
  }

  get high(): number {
    return this.cells[2]!
  }

  get low(): number {
    return this.cells[3]!
  }
}
