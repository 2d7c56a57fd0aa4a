/*
 * Mean and variance of a window. Sums of squares lose digits (4e-6 after 5 million candles), a sliding Welford too
 * (2e-6); sums of differences to a value inside the window keep them, as long as they are made anew in time.
 *
 * Cells: count, head, shift, sum of differences, sum of squared differences, the largest that was since they were made,
 * then the window.
 */
export const momentsCells = (period: number): number => 6 + period
/** The squared sum may shrink to this part of its largest before it is made anew: three digits of sixteen are lost. */
const SHRINK_MIN = 1e-3

export function pushMoments(cells: Float64Array, at: number, period: number, x: number): void {
  const count = cells[at]!
  const head = cells[at + 1]!
  const ring = at + 6
  if (count === 0) cells[at + 2] = x
  const shift = cells[at + 2]!
  const entering = x - shift
  if (count < period) {
    cells[at] = count + 1
    cells[at + 3]! += entering
    cells[at + 4]! += entering * entering
  } else {
    const leaving = cells[ring + head]! - shift
    cells[at + 3]! += entering - leaving
    cells[at + 4]! += entering * entering - leaving * leaving
  }
  cells[ring + head] = x
  cells[at + 1] = head + 1 === period ? 0 : head + 1
  const squares = cells[at + 4]!
  if (squares > cells[at + 5]!) cells[at + 5] = squares
  const filled = cells[at]!
  const spread = squares - (cells[at + 3]! * cells[at + 3]!) / filled
  if (head + 1 === period || spread < cells[at + 5]! * SHRINK_MIN) makeAnew(cells, at, filled)
}

/** Both sums from the window itself, around its mean. */
function makeAnew(cells: Float64Array, at: number, filled: number): void {
  const ring = at + 6
  let total = 0
  for (let i = ring; i < ring + filled; i++) total += cells[i]!
  const shift = total / filled
  let sum = 0
  let squares = 0
  for (let i = ring; i < ring + filled; i++) {
    const difference = cells[i]! - shift
    sum += difference
    squares += difference * difference
  }
  cells[at + 2] = shift
  cells[at + 3] = sum
  cells[at + 4] = squares
  cells[at + 5] = squares
}

export function meanOf(cells: Float64Array, at: number): number {
  return cells[at + 2]! + cells[at + 3]! / cells[at]!
}

/** Of the population, or of a sample (divided by one less). */
export function deviationOf(cells: Float64Array, at: number, sample: boolean): number {
  const count = cells[at]!
  const sum = cells[at + 3]!
  const spread = cells[at + 4]! - (sum * sum) / count
  return spread > 0 ? Math.sqrt(spread / (sample ? count - 1 : count)) : 0
}
