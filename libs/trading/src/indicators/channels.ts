import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import { extremeCells, HighLow } from './extremes.ts'
import { EMA_CELLS, pushEma, pushRange, pushWilder, RANGE_CELLS, WILDER_CELLS } from './kernels.ts'
import type { AtrOptions } from './atr.ts'
import type { Seed } from './kernels.ts'
import { typicalPrice } from './volume.ts'
import { Delay, delayCells, meanCells, MovingMean } from './windows.ts'

export type KeltnerOptions = {
  period?: number
  atrPeriod?: number
  /** Average true ranges to either side. */
  width?: number
  average?: 'ema' | 'sma'
  seed?: Seed
  /** What the middle averages. */
  price?: 'close' | 'typical'
  atr?: AtrOptions
}

/** Cells: middle, half width, then the average, the range, and its average. */
const AVERAGE = 2

/** Keltner channels: an average, and average true ranges to either side. All begin when both are there. */
export class Keltner extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['middle', 'upper', 'lower'] as const
  readonly #period: number
  readonly #alpha: number
  readonly #seed: Seed
  readonly #atrPeriod: number
  readonly #width: number
  readonly #typical: boolean
  readonly #skipFirst: boolean
  /** Where the range begins. */
  readonly #range: number
  /** Of simple averages only. */
  readonly #mean: MovingMean | undefined
  readonly #meanRange: MovingMean | undefined

  constructor(options: KeltnerOptions = {}) {
    const { period = 20, atrPeriod = 10, width = 2, average = 'ema', seed = 'sma', price = 'close', atr = {} } = options
    const { smoothing = 'wilder', firstBar = 'skip' } = atr
    const averageCells = average === 'ema' ? EMA_CELLS : meanCells(periodOf('period', period))
    const simple = smoothing === 'simple'
    const rangeCells = RANGE_CELLS + (simple ? meanCells(periodOf('atrPeriod', atrPeriod)) : WILDER_CELLS)
    const name = `keltner(${[period, atrPeriod, width, average, seed, price, smoothing, firstBar].join()})`
    super(name, 2, averageCells + rangeCells)
    mustBeFinite('keltner', 'width', width)
    this.#period = periodOf('period', period)
    this.#alpha = 2 / (period + 1)
    this.#seed = seed
    this.#atrPeriod = periodOf('atrPeriod', atrPeriod)
    this.#width = width
    this.#typical = price === 'typical'
    this.#skipFirst = firstBar === 'skip'
    this.#range = AVERAGE + averageCells
    if (average === 'sma') this.#mean = this.part(new MovingMean(this.cells, AVERAGE, period))
    if (simple) this.#meanRange = this.part(new MovingMean(this.cells, this.#range + RANGE_CELLS, atrPeriod))
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const x = this.#typical ? typicalPrice(high, low, close) : close
    const middle = this.#mean ? this.#mean.push(x) : pushEma(cells, AVERAGE, this.#period, this.#alpha, this.#seed, x)
    const now = pushRange(cells, this.#range, this.#skipFirst, high, low, close)
    if (Number.isNaN(now)) return NaN
    const range = this.#meanRange
      ? this.#meanRange.push(now)
      : pushWilder(cells, this.#range + RANGE_CELLS, this.#atrPeriod, 'sma', now)
    if (Number.isNaN(middle) || Number.isNaN(range)) return NaN
    cells[1] = this.#width * range
    return (cells[0] = middle)
  }

  get middle(): number {
    return this.cells[0]!
  }

  get upper(): number {
    return this.cells[0]! + this.cells[1]!
  }

  get lower(): number {
    return this.cells[0]! - this.cells[1]!
  }
}

export type IchimokuOptions = { conversion?: number; base?: number; span?: number; displacement?: number }

const LINES = 4

/**
 * Ichimoku: conversion and base line of this bar, and the two spans of the cloud as drawn at this bar, which is what they
 * were `displacement` bars ago (0: what they are now, drawn later). The lagging span is the close, drawn that far back: it
 * is known to nobody at its own place, so it is no output.
 */
export class Ichimoku extends CellIndicator {
  readonly inputs = ['high', 'low'] as const
  readonly outputs = ['conversion', 'base', 'spanA', 'spanB'] as const
  readonly #windows: readonly HighLow[]
  readonly #spanA: Delay | undefined
  readonly #spanB: Delay | undefined

  constructor(options: IchimokuOptions = {}) {
    const { conversion = 9, base = 26, span = 52, displacement = 26 } = options
    const windows = 2 * (extremeCells(periodOf('conversion', conversion)) + extremeCells(periodOf('base', base)))
    const delays = 2 * delayCells(periodOf('displacement', displacement, 0))
    const cells = windows + 2 * extremeCells(periodOf('span', span)) + delays
    super(`ichimoku(${conversion},${base},${span},${displacement})`, LINES, cells)
    const bases = LINES + 2 * extremeCells(conversion)
    const spans = bases + 2 * extremeCells(base)
    const waiting = spans + 2 * extremeCells(span)
    this.#windows = [
      this.part(new HighLow(this.cells, LINES, conversion)),
      this.part(new HighLow(this.cells, bases, base)),
      this.part(new HighLow(this.cells, spans, span)),
    ]
    if (displacement > 0) {
      this.#spanA = this.part(new Delay(this.cells, waiting, displacement))
      this.#spanB = this.part(new Delay(this.cells, waiting + delayCells(displacement), displacement))
    }
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    // Both lines, and span B of this bar.
    for (let i = 0; i < 3; i++) {
      const window = this.#windows[i]!
      window.push(high, low)
      cells[i] = (window.highest + window.lowest) / 2
    }
    const conversion = cells[0]!
    const spanB = cells[2]!
    const spanA = (conversion + cells[1]!) / 2
    cells[2] = this.#spanA ? this.#spanA.push(spanA) : spanA
    cells[3] = this.#spanB ? this.#spanB.push(spanB) : spanB
    return conversion
  }

  get conversion(): number {
    return this.cells[0]!
  }

  get base(): number {
    return this.cells[1]!
  }

  get spanA(): number {
    return this.cells[2]!
  }

  get spanB(): number {
    return this.cells[3]!
  }

  override get ready(): boolean {
    return !Number.isNaN(this.cells[0]! + this.cells[1]! + this.cells[2]! + this.cells[3]!)
  }
}
