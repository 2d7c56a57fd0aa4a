import { CellIndicator, mustBeBar, periodOf } from './indicator.ts'
import { typicalPrice } from './volume.ts'
import { meanCells, MovingMean } from './windows.ts'

/** Lambert's constant: about three in four values then lie between -100 and 100. */
const SCALE = 0.015

/**
 * Commodity channel index: distance of the typical price from its mean, in mean deviations. First value with number
 * period; 0 where nothing deviates. A mean deviation needs the whole window for each bar.
 */
export class Cci extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #mean: MovingMean

  constructor(period = 20) {
    super(`cci(${period})`, 1, meanCells(periodOf('period', period)))
    this.#period = period
    this.#mean = this.part(new MovingMean(this.cells, 1, period))
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const period = this.#period
    const price = typicalPrice(high, low, close)
    const mean = this.#mean.push(price)
    if (Number.isNaN(mean)) return NaN
    const ring = cells.length - period
    let deviation = 0
    let same = true
    for (let i = ring; i < ring + period; i++) {
      deviation += Math.abs(cells[i]! - mean)
      if (cells[i] !== price) same = false
    }
    return (cells[0] = same ? 0 : (price - mean) / ((SCALE * deviation) / period))
  }
}
