/*
 * Parts of indicators as functions over a stretch of cells that begins at `at`; one Float64Array can hold several. Each
 * returns its value, or NaN while it has too few inputs.
 */

/** How an average that needs a past begins: with the mean of its first period (TA-Lib), or with the first value. */
export type Seed = 'sma' | 'first'

/** Cells: count, head, sum, then the window. */
export const smaCells = (period: number): number => 3 + period

export function pushSma(cells: Float64Array, at: number, period: number, x: number): number {
  const count = cells[at]!
  const head = cells[at + 1]!
  const ring = at + 3
  if (count < period) {
    cells[at] = count + 1
    cells[at + 2]! += x
  } else cells[at + 2]! += x - cells[ring + head]!
  cells[ring + head] = x
  if (head + 1 === period) {
    // A running sum drifts, and keeps the rest of a huge value for ever: it is made anew once per window.
    let sum = 0
    for (let i = ring; i < ring + period; i++) sum += cells[i]!
    cells[at + 2] = sum
    cells[at + 1] = 0
  } else cells[at + 1] = head + 1
  return cells[at]! < period ? NaN : cells[at + 2]! / period
}

/** Cells: count, value (the sum while seeding with the mean). */
export const EMA_CELLS = 2

export function pushEma(cells: Float64Array, at: number, period: number, alpha: number, seed: Seed, x: number): number {
  const count = cells[at]!
  const before = cells[at + 1]!
  if (count === period) return (cells[at + 1] = (x - before) * alpha + before)
  cells[at] = count + 1
  if (seed === 'first') cells[at + 1] = count === 0 ? x : (x - before) * alpha + before
  else cells[at + 1] = count + 1 === period ? (before + x) / period : before + x
  return count + 1 < period ? NaN : cells[at + 1]!
}

/** Cells: count, value (the sum while seeding with the mean). */
export const WILDER_CELLS = 2

/** Wilder's smoothing. Seed `first` begins at zero with the first input, as the StockCharts RSI sheet does. */
export function pushWilder(cells: Float64Array, at: number, period: number, seed: Seed, x: number): number {
  const count = cells[at]!
  const before = cells[at + 1]!
  if (count === period || seed === 'first') cells[at + 1] = (before * (period - 1) + x) / period
  else cells[at + 1] = count + 1 === period ? (before + x) / period : before + x
  if (count < period) cells[at] = count + 1
  return cells[at]! < period ? NaN : cells[at + 1]!
}

/** Cells: clock, first, size, then (time, value) pairs of the candidates. */
export const extremeCells = (period: number): number => 3 + 2 * period

/** Highest (`sign` 1) or lowest (-1) of the window: a queue of those that can still become it, O(1) on average. */
export function pushExtreme(cells: Float64Array, at: number, period: number, sign: 1 | -1, x: number): number {
  const clock = cells[at]!
  const pairs = at + 3
  let first = cells[at + 1]!
  let size = cells[at + 2]!
  if (size > 0 && cells[pairs + 2 * first]! <= clock - period) {
    first = first + 1 === period ? 0 : first + 1
    size--
  }
  while (size > 0) {
    const last = first + size - 1
    const slot = last >= period ? last - period : last
    if (sign * cells[pairs + 2 * slot + 1]! > sign * x) break
    size--
  }
  const next = first + size
  const slot = next >= period ? next - period : next
  cells[pairs + 2 * slot] = clock
  cells[pairs + 2 * slot + 1] = x
  cells[at] = clock + 1
  cells[at + 1] = first
  cells[at + 2] = size + 1
  return clock + 1 < period ? NaN : cells[pairs + 2 * first + 1]!
}

/** Largest of high - low, and of the two distances to the close before. */
export function trueRange(high: number, low: number, closeBefore: number): number {
  const range = high - low
  const up = Math.abs(high - closeBefore)
  const down = Math.abs(low - closeBefore)
  return up > range ? (down > up ? down : up) : down > range ? down : range
}
