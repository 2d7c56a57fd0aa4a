import { CellIndicator, mustBeFinite, periodOf } from './indicator.ts'
import { EMA_CELLS, pushEma } from './kernels.ts'
import type { Seed } from './kernels.ts'
import { WeightedMean, weightedCells } from './windows.ts'

/** Exponential averages of one another: each begins when the one before has its first value, as in TA-Lib. */
abstract class Cascade extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #period: number
  readonly #alpha: number
  readonly #seed: Seed
  readonly #depth: number

  constructor(name: string, period: number, depth: number, seed: Seed, more = 0) {
    super(`${name},${seed})`, 1, depth * EMA_CELLS + more)
    this.#period = periodOf('period', period)
    this.#alpha = 2 / (period + 1)
    this.#seed = seed
    this.#depth = depth
  }

  /** False until the deepest has its first value. */
  protected push(x: number): boolean {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    const last = this.#depth * EMA_CELLS
    if (cells[last - 1] !== this.#period) return this.#begin(x)
    const alpha = this.#alpha
    let value = x
    for (let at = EMA_CELLS; at <= last; at += EMA_CELLS) {
      const before = cells[at]!
      value = cells[at] = (value - before) * alpha + before
    }
    return true
  }

  #begin(x: number): boolean {
    let value = x
    for (let i = 0; i < this.#depth; i++) {
      value = pushEma(this.cells, 1 + i * EMA_CELLS, this.#period, this.#alpha, this.#seed, value)
      if (Number.isNaN(value)) return false
    }
    return true
  }

  /** The average of that depth, counted from 1. */
  protected average(depth: number): number {
    return this.cells[depth * EMA_CELLS]!
  }
}

/** Double exponential moving average: 2 x EMA - EMA of EMA. First value with number 2 x period - 1. */
export class Dema extends Cascade {
  constructor(period: number, options: { seed?: Seed } = {}) {
    super(`dema(${period}`, period, 2, options.seed ?? 'sma')
  }

  update(x: number): number {
    return (this.cells[0] = this.push(x) ? 2 * this.average(1) - this.average(2) : NaN)
  }
}

/** Triple exponential moving average: 3 x EMA - 3 x EMA2 + EMA3. First value with number 3 x period - 2. */
export class Tema extends Cascade {
  constructor(period: number, options: { seed?: Seed } = {}) {
    super(`tema(${period}`, period, 3, options.seed ?? 'sma')
  }

  update(x: number): number {
    const ready = this.push(x)
    return (this.cells[0] = ready ? 3 * this.average(1) - 3 * this.average(2) + this.average(3) : NaN)
  }
}

/** Tillson's T3: six averages, weighed by the volume factor (TA-Lib: 0.7). First value with number 6 x period - 5. */
export class T3 extends Cascade {
  readonly #weights: readonly [number, number, number, number]

  constructor(period: number, options: { factor?: number; seed?: Seed } = {}) {
    const { factor = 0.7, seed = 'sma' } = options
    super(`t3(${period},${factor}`, period, 6, seed)
    mustBeFinite('t3', 'factor', factor)
    const [square, cube] = [factor ** 2, factor ** 3]
    this.#weights = [
      -cube,
      3 * square + 3 * cube,
      -6 * square - 3 * factor - 3 * cube,
      1 + 3 * factor + cube + 3 * square,
    ]
  }

  update(x: number): number {
    if (!this.push(x)) return NaN
    const weights = this.#weights
    return (this.cells[0] =
      weights[0] * this.average(6) +
      weights[1] * this.average(5) +
      weights[2] * this.average(4) +
      weights[3] * this.average(3))
  }
}

/** Cell of the triple average one close before; after the three averages. */
const BEFORE = 1 + 3 * EMA_CELLS

/** Change of a triple exponential average in percent. First value with number 3 x period - 1; 0 where the average was 0. */
export class Trix extends Cascade {
  constructor(period: number, options: { seed?: Seed } = {}) {
    super(`trix(${period}`, period, 3, options.seed ?? 'sma', 1)
    this.cells[BEFORE] = NaN
  }

  update(x: number): number {
    if (!this.push(x)) return NaN
    const before = this.cells[BEFORE]!
    const now = (this.cells[BEFORE] = this.average(3))
    return (this.cells[0] = before === 0 ? 0 : (100 * (now - before)) / before)
  }
}

/**
 * Hull moving average: WMA over the root of the period, of 2 x WMA(period / 2) - WMA(period); half and root are rounded
 * down. First value with number period + root - 1.
 */
export class Hma extends CellIndicator {
  readonly inputs = ['close'] as const
  readonly outputs = ['value'] as const
  readonly #slow: WeightedMean
  readonly #fast: WeightedMean
  readonly #root: WeightedMean

  constructor(period: number) {
    const half = Math.floor(periodOf('period', period, 2) / 2)
    const root = Math.floor(Math.sqrt(period))
    super(`hma(${period})`, 1, weightedCells(period) + weightedCells(half) + weightedCells(root))
    const short = 1 + weightedCells(period)
    this.#slow = this.part(new WeightedMean(this.cells, 1, period))
    this.#fast = this.part(new WeightedMean(this.cells, short, half))
    this.#root = this.part(new WeightedMean(this.cells, short + weightedCells(half), root))
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const slow = this.#slow.push(x)
    const fast = this.#fast.push(x)
    if (Number.isNaN(slow)) return NaN
    return (this.cells[0] = this.#root.push(2 * fast - slow))
  }
}
