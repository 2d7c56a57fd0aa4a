import type { CandleColumns } from '@contrail/trading'

/*
 * What a hand would write for one strategy and nothing else: SMA(10/30), long above and flat below, market orders at the
 * next open, a fee, equity and its greatest fall after every bar. The limit that a general engine is measured against.
 */
export type BareResult = {
  readonly fills: number
  readonly digest: number
  readonly finalEquity: number
  readonly maxDrawdown: number
  readonly equity: Float64Array
}

const FAST = 10
const SLOW = 30

export function bareLoop(columns: CandleColumns, quantity: number, cash: number, feeBps: number): BareResult {
  const { open, close, rows } = columns
  const equity = new Float64Array(rows)
  const fee = feeBps / 10_000
  let fastSum = 0
  let slowSum = 0
  let held = 0
  let want = 0
  let money = cash
  let fills = 0
  let digest = 0
  let peak = cash
  let maxDrawdown = 0
  for (let row = 0; row < rows; row++) {
    if (want !== held) {
      const price = open[row]!
      const delta = want - held
      money -= delta * price + Math.abs(delta) * price * fee
      held = want
      fills++
      digest = (Math.imul(digest, 31) + row) | 0
    }
    const price = close[row]!
    fastSum += price
    slowSum += price
    if (row >= FAST) fastSum -= close[row - FAST]!
    if (row >= SLOW) slowSum -= close[row - SLOW]!
    if (row >= SLOW - 1) {
      const fast = fastSum / FAST
      const slow = slowSum / SLOW
      if (fast > slow) want = quantity
      else if (fast < slow) want = 0
    }
    const value = money + held * price
    equity[row] = value
    if (value > peak) peak = value
    else if (1 - value / peak > maxDrawdown) maxDrawdown = 1 - value / peak
  }
  return { fills, digest, finalEquity: equity[rows - 1]!, maxDrawdown, equity }
}
