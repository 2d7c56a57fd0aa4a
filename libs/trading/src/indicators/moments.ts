/*
 * Mean and variance of a window. Sums of squares lose digits (4e-6 after 5 million candles), a sliding Welford too
 * (2e-6); sums of differences to a value inside the window keep them, as long as they are made anew in time.
 *
 * Cells: count, head, shift, sum of differences, sum of squared differences, the largest that was since they were made,
 * sum of squared differences to the mean, then the window.
 */
const SPREAD = 6
/** Where the window begins: a ring whose oldest value lies at the head. */
export const RING = 7
export const momentsCells = (period: number): number => RING + period
/** The squared sum may shrink to this part of its largest before it is made anew: three digits of sixteen are lost. */
const SHRINK_MIN = 1e-3

/** True where the sums were made anew from the window itself. */
export function pushMoments(cells: Float64Array, at: number, period: number, x: number): boolean {
  const head = cells[at + 1]!
  const ring = at + RING
  if (cells[at]! < period) {
    begin(cells, at, period, x)
    return cells[at] === period
  }
  const shift = cells[at + 2]!
  const entering = x - shift
  const leaving = cells[ring + head]! - shift
  const sum = (cells[at + 3]! += entering - leaving)
  const squares = (cells[at + 4]! += entering * entering - leaving * leaving)
  cells[ring + head] = x
  if (squares > cells[at + 5]!) cells[at + 5] = squares
  const spread = squares - (sum * sum) / period
  cells[at + SPREAD] = spread
  const full = head + 1 === period
  cells[at + 1] = full ? 0 : head + 1
  if (!full && spread >= cells[at + 5]! * SHRINK_MIN) return false
  makeAnew(cells, at, period)
  return true
}

/** The window is not full yet: only its last value needs sums. */
function begin(cells: Float64Array, at: number, period: number, x: number): void {
  const count = cells[at]!
  cells[at + RING + count] = x
  cells[at] = count + 1
  if (count + 1 === period) makeAnew(cells, at, period)
}

/** Both sums from the window itself, around its mean. */
function makeAnew(cells: Float64Array, at: number, period: number): void {
  const ring = at + RING
  let total = 0
  for (let i = ring; i < ring + period; i++) total += cells[i]!
  const shift = total / period
  let sum = 0
  let squares = 0
  for (let i = ring; i < ring + period; i++) {
    const difference = cells[i]! - shift
    sum += difference
    squares += difference * difference
  }
  cells[at + 2] = shift
  cells[at + 3] = sum
  cells[at + 4] = squares
  cells[at + 5] = squares
  cells[at + SPREAD] = squares - (sum * sum) / period
}

/** Of a full window. */
export function meanOf(cells: Float64Array, at: number): number {
  return cells[at + 2]! + cells[at + 3]! / cells[at]!
}

/** Sum of squared differences to the mean, of a full window. */
export const spreadOf = (cells: Float64Array, at: number): number => Math.max(0, cells[at + SPREAD]!)

/** Of a full window: of the population, or of a sample (divided by one less). */
export function deviationOf(cells: Float64Array, at: number, sample: boolean): number {
  const spread = cells[at + SPREAD]!
  return spread > 0 ? Math.sqrt(spread / (sample ? cells[at]! - 1 : cells[at]!)) : 0
}
