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

/** Cells: place in the block, its extreme so far, values seen (up to the period), then one block. */
export const extremeCells = (period: number): number => 3 + period

/**
 * Highest (`sign` 1) or lowest (-1) of the window, by blocks of one window each (van Herk, 1992): places up to the newest
 * hold values of this block, those behind it the extreme from there to the end of the block before. No value is compared
 * more than three times, however the market moves.
 */
export function pushExtreme(cells: Float64Array, at: number, period: number, sign: 1 | -1, x: number): number {
  const place = cells[at]!
  const block = at + 3
  const value = sign * x
  const extreme = place === 0 ? value : Math.max(cells[at + 1]!, value)
  cells[at + 1] = extreme
  cells[block + place] = value
  if (cells[at + 2]! < period) cells[at + 2]! += 1
  if (place + 1 < period) {
    cells[at] = place + 1
    if (cells[at + 2]! < period) return NaN
    // Zero is added so that it never comes out negative.
    return sign * Math.max(cells[block + place + 1]!, extreme) + 0
  }
  cells[at] = 0
  let behind = value
  for (let i = block + period - 2; i > block; i--) cells[i] = behind = Math.max(behind, cells[i]!)
  return sign * extreme + 0
}

/** Largest of high - low, and of the two distances to the close before. */
export const trueRange = (high: number, low: number, closeBefore: number): number =>
  Math.max(high, closeBefore) - Math.min(low, closeBefore)
