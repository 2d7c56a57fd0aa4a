import { CellIndicator, mustBeBar, mustBeFinite, periodOf } from './indicator.ts'
import {
  delayCells,
  EMA_CELLS,
  extremeCells,
  pushDelay,
  pushEma,
  pushExtreme,
  pushSma,
  pushWilder,
  smaCells,
  trueRange,
  WILDER_CELLS,
} from './kernels.ts'
import type { AtrOptions } from './atr.ts'
import type { Seed } from './kernels.ts'
import { typicalPrice } from './volume.ts'

/** Cells: close before, bars seen (up to 1), then the average; a true range that is part of another indicator. */
export const rangeCells = (period: number, simple: boolean): number => 2 + (simple ? smaCells(period) : WILDER_CELLS)

export function pushRange(
  cells: Float64Array,
  at: number,
  period: number,
  simple: boolean,
  skipFirst: boolean,
  high: number,
  low: number,
  close: number,
): number {
  const first = cells[at + 1] === 0
  const range = first ? high - low : trueRange(high, low, cells[at]!)
  cells[at] = close
  cells[at + 1] = 1
  if (first && skipFirst) return NaN
  return simple ? pushSma(cells, at + 2, period, range) : pushWilder(cells, at + 2, period, 'sma', range)
}

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

/** Cells: middle, half width, then the average and the range. */
const AVERAGE = 2

/** Keltner channels: an average, and average true ranges to either side. All begin when both are there. */
export class Keltner extends CellIndicator {
  readonly inputs = ['high', 'low', 'close'] as const
  readonly outputs = ['middle', 'upper', 'lower'] as const
  readonly #options: Required<KeltnerOptions>
  readonly #simple: boolean
  readonly #skipFirst: boolean

  constructor(options: KeltnerOptions = {}) {
    const { period = 20, atrPeriod = 10, width = 2, average = 'ema', seed = 'sma', price = 'close', atr = {} } = options
    const { smoothing = 'wilder', firstBar = 'skip' } = atr
    const averageCells = average === 'ema' ? EMA_CELLS : smaCells(periodOf('period', period))
    const cells = averageCells + rangeCells(periodOf('atrPeriod', atrPeriod), smoothing === 'simple')
    super(`keltner(${[period, atrPeriod, width, average, seed, price, smoothing, firstBar].join()})`, 2, cells)
    mustBeFinite('keltner', 'width', width)
    this.#options = { period: periodOf('period', period), atrPeriod, width, average, seed, price, atr }
    this.#simple = smoothing === 'simple'
    this.#skipFirst = firstBar === 'skip'
  }

  update(high: number, low: number, close: number): number {
    mustBeBar(this.name, high, low, close)
    const { cells } = this
    const { period, atrPeriod, width, average, seed, price } = this.#options
    const x = price === 'close' ? close : typicalPrice(high, low, close)
    const isEma = average === 'ema'
    const middle = isEma
      ? pushEma(cells, AVERAGE, period, 2 / (period + 1), seed, x)
      : pushSma(cells, AVERAGE, period, x)
    const at = AVERAGE + (isEma ? EMA_CELLS : smaCells(period))
    const range = pushRange(cells, at, atrPeriod, this.#simple, this.#skipFirst, high, low, close)
    if (Number.isNaN(middle) || Number.isNaN(range)) return NaN
    cells[1] = width * range
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
  readonly #periods: readonly [number, number, number]
  readonly #displacement: number

  constructor(options: IchimokuOptions = {}) {
    const { conversion = 9, base = 26, span = 52, displacement = 26 } = options
    const windows = 2 * (extremeCells(periodOf('conversion', conversion)) + extremeCells(periodOf('base', base)))
    const delays = 2 * delayCells(periodOf('displacement', displacement, 0))
    const cells = windows + 2 * extremeCells(periodOf('span', span)) + delays
    super(`ichimoku(${conversion},${base},${span},${displacement})`, LINES, cells)
    this.#periods = [conversion, base, span]
    this.#displacement = displacement
  }

  update(high: number, low: number): number {
    mustBeFinite(this.name, 'high', high)
    mustBeFinite(this.name, 'low', low)
    const { cells } = this
    const [conversion, base, span] = this.#periods
    const bases = LINES + 2 * extremeCells(conversion)
    const spans = bases + 2 * extremeCells(base)
    const now = (cells[0] = this.#middle(LINES, conversion, high, low))
    cells[1] = this.#middle(bases, base, high, low)
    const spanB = this.#middle(spans, span, high, low)
    const waiting = spans + 2 * extremeCells(span)
    cells[2] = this.#delayed(waiting, (now + cells[1]) / 2)
    cells[3] = this.#delayed(waiting + delayCells(this.#displacement), spanB)
    return now
  }

  #middle(at: number, period: number, high: number, low: number): number {
    const highest = pushExtreme(this.cells, at, period, 1, high)
    return (highest + pushExtreme(this.cells, at + extremeCells(period), period, -1, low)) / 2
  }

  #delayed(at: number, x: number): number {
    return this.#displacement === 0 ? x : pushDelay(this.cells, at, this.#displacement, x)
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
