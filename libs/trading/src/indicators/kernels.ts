/*
 * Parts of indicators as functions over a stretch of cells that begins at `at`; one Float64Array can hold several. Each
 * returns its value, or NaN while it has too few inputs.
 */

/** How an average that needs a past begins: with the mean of its first period (TA-Lib), or with the first value. */
export type Seed = 'sma' | 'first'

/** Cells: count, head, sum, then the window. */
export const smaCells = (period: number): number => 3 + period

export function pushSma(cells: Float64Array, at: number, period: number, x: number): number {
  const ring = at + 3
  // Whole by itself: said so that it indexes without a check, and read once and stored once like the sum.
  const head = cells[at + 1]! | 0
  let count = cells[at]!
  // Before the window is full what leaves it is zero.
  let sum = cells[at + 2]! + (x - cells[ring + head]!)
  cells[ring + head] = x
  if (count < period) {
    count++
    cells[at] = count
  }
  if (head + 1 === period) {
    // A running sum drifts, and keeps the rest of a huge value for ever: it is made anew once per window.
    sum = 0
    for (let i = ring; i < ring + period; i++) sum += cells[i]!
    cells[at + 1] = 0
  } else cells[at + 1] = head + 1
  cells[at + 2] = sum
  return count < period ? NaN : sum / period
}

/** Cells: zeros in a row (up to the period), then as an average. */
export const sumCells = (period: number): number => 1 + smaCells(period)

/** Sum of a window of numbers that are not negative: exactly 0 where all of them are, whatever left it before. */
export function pushSum(cells: Float64Array, at: number, period: number, x: number): number {
  if (x !== 0) cells[at] = 0
  else if (cells[at]! < period) cells[at]! += 1
  if (Number.isNaN(pushSma(cells, at + 1, period, x))) return NaN
  return cells[at] === period ? 0 : Math.max(0, cells[at + 3]!)
}

/** Cells: count, head, sum, weighted sum, then the window. */
export const wmaCells = (period: number): number => 4 + period

/** Linear weights: the newest has `period`, the oldest 1. */
export function pushWma(cells: Float64Array, at: number, period: number, x: number): number {
  const count = cells[at]!
  const head = cells[at + 1]!
  const ring = at + 4
  if (count < period) {
    cells[at] = count + 1
    cells[at + 2]! += x
    cells[at + 3]! += (count + 1) * x
  } else {
    cells[at + 3]! += period * x - cells[at + 2]!
    cells[at + 2]! += x - cells[ring + head]!
  }
  cells[ring + head] = x
  if (head + 1 === period) {
    let sum = 0
    let weighted = 0
    for (let i = 0; i < period; i++) {
      sum += cells[ring + i]!
      weighted += (i + 1) * cells[ring + i]!
    }
    cells[at + 1] = 0
    cells[at + 2] = sum
    cells[at + 3] = weighted
  } else cells[at + 1] = head + 1
  return cells[at]! < period ? NaN : cells[at + 3]! / ((period * (period + 1)) / 2)
}

/** Cells: count, head, then what waits. */
export const delayCells = (period: number): number => 2 + period

/** What was pushed `period` times ago; NaN while there is nothing yet. */
export function pushDelay(cells: Float64Array, at: number, period: number, x: number): number {
  const head = cells[at + 1]!
  const before = cells[at + 2 + head]!
  cells[at + 2 + head] = x
  cells[at + 1] = head + 1 === period ? 0 : head + 1
  if (cells[at] === period) return before
  cells[at]! += 1
  return NaN
}

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

/** Cells: close before, closes seen (up to 1), means (or sums) of gain and of loss, then the two windows. */
export const GAIN = 2
export const LOSS = 3
const GAINS = 4
export const gainsCells = (period: number, simple: boolean): number =>
  GAINS + 2 * (simple ? sumCells(period) : WILDER_CELLS)

/** Mean (Wilder) or sum (simple) of gains and of losses, into their cells. False while there are too few. */
export function pushGains(
  cells: Float64Array,
  at: number,
  period: number,
  simple: boolean,
  seed: Seed,
  close: number,
): boolean {
  const change = close - cells[at]!
  cells[at] = close
  if (cells[at + 1] === 0) {
    cells[at + 1] = 1
    return false
  }
  const [gain, loss] = [Math.max(change, 0), Math.max(-change, 0)]
  const losses = at + GAINS + (simple ? sumCells(period) : WILDER_CELLS)
  cells[at + GAIN] = simple
    ? pushSum(cells, at + GAINS, period, gain)
    : pushWilder(cells, at + GAINS, period, seed, gain)
  cells[at + LOSS] = simple ? pushSum(cells, losses, period, loss) : pushWilder(cells, losses, period, seed, loss)
  return !Number.isNaN(cells[at + LOSS])
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

/** Cells: values seen, head and length of the queue, then its values and when they came. */
export const queueCells = (period: number): number => 3 + 2 * period

/** How many pushes ago the highest (`sign` 1) or lowest (-1) of the window came, the latest of equals; NaN before it is full. */
export function pushExtremeAge(cells: Float64Array, at: number, period: number, sign: 1 | -1, x: number): number {
  const values = at + 3
  const times = values + period
  const now = cells[at]!
  const value = sign * x
  let head = cells[at + 1]!
  let length = cells[at + 2]!
  if (length > 0 && cells[times + head]! <= now - period) {
    head = head + 1 === period ? 0 : head + 1
    length--
  }
  // What is not above the newest can never be the highest any more: the queue falls from head to tail.
  let tail = (head + length) % period
  while (length > 0) {
    const last = tail === 0 ? period - 1 : tail - 1
    if (cells[values + last]! > value) break
    tail = last
    length--
  }
  cells[values + tail] = value
  cells[times + tail] = now
  cells[at] = now + 1
  cells[at + 1] = head
  cells[at + 2] = length + 1
  return now + 1 < period ? NaN : now - cells[times + head]!
}

/** Largest of high - low, and of the two distances to the close before. */
export const trueRange = (high: number, low: number, closeBefore: number): number =>
  Math.max(high, closeBefore) - Math.min(low, closeBefore)
