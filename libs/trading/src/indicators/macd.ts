import { refuse } from '@contrail/contracts'
import { Indicator, mustBeFinite, periodOf } from './indicator.ts'
import { EMA_CELLS, pushEma } from './kernels.ts'

/**
 * `aligned` (TA-Lib): both averages are seeded so that they begin together at the slow period. `own`: each is seeded with
 * the mean of its own first period (technicalindicators). `first`: each begins with its first value, the signal with a difference of 0 (StockCharts
 * sheet, pandas `ewm(adjust=False)`).
 */
export type MacdSeed = 'aligned' | 'own' | 'first'

/** Cells: macd, signal, closes seen (up to slow), then the three averages. */
const FAST = 3
const SLOW = FAST + EMA_CELLS
const SIGNAL = SLOW + EMA_CELLS

/** Two exponential averages of the same price, how far apart they are, and the average of that. */
abstract class AveragesApart extends Indicator {
  readonly inputs = ['close'] as const
  readonly #percent: boolean
  readonly #fast: number
  readonly #slow: number
  readonly #signal: number
  readonly #seed: MacdSeed
  readonly #fastAlpha: number
  readonly #slowAlpha: number
  readonly #signalAlpha: number

  constructor(kind: 'macd' | 'ppo', fast: number, slow: number, signal: number, seed: MacdSeed) {
    super(`${kind}(${fast},${slow},${signal},${seed})`, SIGNAL + EMA_CELLS)
    this.#percent = kind === 'ppo'
    this.#fast = periodOf('fast', fast)
    this.#slow = periodOf('slow', slow)
    this.#signal = periodOf('signal', signal)
    this.#seed = seed
    this.#fastAlpha = 2 / (fast + 1)
    this.#slowAlpha = 2 / (slow + 1)
    this.#signalAlpha = 2 / (signal + 1)
    if (fast >= slow) throw refuse('invalid_period', 'fast', fast, `make it less than slow (${slow})`)
    this.cells[0] = NaN
    this.cells[1] = NaN
  }

  update(x: number): number {
    mustBeFinite(this.name, 'close', x)
    const { cells } = this
    if (cells[SIGNAL] !== this.#signal || cells[2] !== this.#slow) return this.#begin(x)
    const fast = (cells[FAST + 1]! += (x - cells[FAST + 1]!) * this.#fastAlpha)
    const slow = (cells[SLOW + 1]! += (x - cells[SLOW + 1]!) * this.#slowAlpha)
    const macd = (cells[0] = this.#percent ? percentOf(fast, slow) : fast - slow)
    cells[1] = cells[SIGNAL + 1]! += (macd - cells[SIGNAL + 1]!) * this.#signalAlpha
    return macd
  }

  /** Until all three averages have had their period. */
  #begin(x: number): number {
    const { cells } = this
    const seed = this.#seed === 'first' ? 'first' : 'sma'
    const seen = cells[2]!
    if (seen < this.#slow) cells[2] = seen + 1
    const early = this.#seed === 'aligned' && seen < this.#slow - this.#fast
    if (!early) pushEma(cells, FAST, this.#fast, this.#fastAlpha, seed, x)
    pushEma(cells, SLOW, this.#slow, this.#slowAlpha, seed, x)
    const ready = cells[2] === this.#slow
    if (!ready && this.#seed !== 'first') return NaN
    // Where averages begin with their first value, their difference exists long before it is told.
    const [before, behind] = [cells[FAST + 1]!, cells[SLOW + 1]!]
    const macd = this.#percent ? percentOf(before, behind) : before - behind
    const signal = pushEma(cells, SIGNAL, this.#signal, this.#signalAlpha, seed, macd)
    if (!ready) return NaN
    cells[1] = signal
    return (cells[0] = macd)
  }

  get value(): number {
    return this.cells[0]!
  }

  get signal(): number {
    return this.cells[1]!
  }

  get histogram(): number {
    return this.cells[0]! - this.cells[1]!
  }

  get ready(): boolean {
    return !Number.isNaN(this.cells[1])
  }
}

/** In percent of the slow one; 0 where that is 0 (TA-Lib). */
const percentOf = (fast: number, slow: number): number => (slow === 0 ? 0 : (100 * (fast - slow)) / slow)

/** Moving average convergence divergence. */
export class Macd extends AveragesApart {
  readonly outputs = ['macd', 'signal', 'histogram'] as const

  constructor(fast = 12, slow = 26, signal = 9, options: { seed?: MacdSeed } = {}) {
    super('macd', fast, slow, signal, options.seed ?? 'aligned')
  }

  get macd(): number {
    return this.cells[0]!
  }
}

/** Percentage price oscillator: MACD in percent of its slow average. Exponential averages, as StockCharts. */
export class Ppo extends AveragesApart {
  readonly outputs = ['ppo', 'signal', 'histogram'] as const

  constructor(fast = 12, slow = 26, signal = 9, options: { seed?: MacdSeed } = {}) {
    super('ppo', fast, slow, signal, options.seed ?? 'aligned')
  }

  get ppo(): number {
    return this.cells[0]!
  }
}
