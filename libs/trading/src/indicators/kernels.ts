/*
 * Parts of indicators as functions over a stretch of cells that begins at `at`; one Float64Array can hold several. Each
 * returns its value, or NaN while it has too few inputs. As short as those in `windows.ts`, for the same reason: how they
 * begin is in functions of their own. What remembers a window is there.
 */

/** How an average that needs a past begins: with the mean of its first period (TA-Lib), or with the first value. */
export type Seed = 'sma' | 'first'

/** Cells: sum, and what its digits have lost. */
export const TOTAL_CELLS = 2

/** A sum since the beginning of time that loses no digits (Neumaier, 1974). */
export function pushTotal(cells: Float64Array, at: number, x: number): number {
  const before = cells[at]!
  const sum = before + x
  cells[at + 1]! += Math.abs(before) >= Math.abs(x) ? before - sum + x : x - sum + before
  cells[at] = sum
  return sum + cells[at + 1]!
}

/** How far it rose, else 0: without a branch, which would be guessed wrong every other time. */
export const gainOf = (change: number): number => change / 2 + Math.abs(change / 2)

/** Cells: count, value (the sum while seeding with the mean). */
export const EMA_CELLS = 2

export function pushEma(cells: Float64Array, at: number, period: number, alpha: number, seed: Seed, x: number): number {
  if (cells[at] !== period) return beginEma(cells, at, period, alpha, seed, x)
  const before = cells[at + 1]!
  return (cells[at + 1] = (x - before) * alpha + before)
}

function beginEma(cells: Float64Array, at: number, period: number, alpha: number, seed: Seed, x: number): number {
  const count = cells[at]! + 1
  const before = cells[at + 1]!
  cells[at] = count
  if (seed === 'first') cells[at + 1] = count === 1 ? x : (x - before) * alpha + before
  else cells[at + 1] = count === period ? (before + x) / period : before + x
  return count < period ? NaN : cells[at + 1]!
}

/** Cells: count, value (the sum while seeding with the mean). */
export const WILDER_CELLS = 2

/** Wilder's smoothing. Seed `first` begins at zero with the first input, as the StockCharts RSI sheet does. */
export function pushWilder(cells: Float64Array, at: number, period: number, seed: Seed, x: number): number {
  if (cells[at] !== period) return beginWilder(cells, at, period, seed, x)
  return (cells[at + 1] = (cells[at + 1]! * (period - 1) + x) / period)
}

function beginWilder(cells: Float64Array, at: number, period: number, seed: Seed, x: number): number {
  const count = cells[at]! + 1
  const before = cells[at + 1]!
  cells[at] = count
  if (seed === 'first') cells[at + 1] = (before * (period - 1) + x) / period
  else cells[at + 1] = count === period ? (before + x) / period : before + x
  return count < period ? NaN : cells[at + 1]!
}

/** Largest of high - low, and of the two distances to the close before. */
export const trueRange = (high: number, low: number, closeBefore: number): number =>
  Math.max(high, closeBefore) - Math.min(low, closeBefore)

/** Cells: close before, bars seen (up to 1). */
export const RANGE_CELLS = 2

/** True range; the first bar has no close before: NaN if it is to be skipped, else its own range. */
export function pushRange(
  cells: Float64Array,
  at: number,
  skipFirst: boolean,
  high: number,
  low: number,
  close: number,
): number {
  const before = cells[at]!
  cells[at] = close
  if (cells[at + 1] === 1) return trueRange(high, low, before)
  cells[at + 1] = 1
  return skipFirst ? NaN : high - low
}
