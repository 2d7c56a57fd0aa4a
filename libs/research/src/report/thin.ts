import type { TradeRecord } from '@contrail/trading'
import type { Numbers } from '../metrics/statistics.ts'
import type { GroupRow } from './data.ts'

/** Rows of a curve that keep its look: of each bucket the lowest and the highest; the first and the last always. */
export function bucketExtremes(values: Numbers, buckets: number): number[] {
  const count = values.length
  if (count <= buckets * 2) return Array.from({ length: count }, (_, i) => i)
  const rows = new Set<number>([0])
  for (let bucket = 0; bucket < buckets; bucket++) {
    const [from, to] = [Math.floor((bucket * count) / buckets), Math.floor(((bucket + 1) * count) / buckets)]
    let [low, high] = [from, from]
    for (let i = from; i < to; i++) {
      if ((values[i] as number) < (values[low] as number)) low = i
      if ((values[i] as number) > (values[high] as number)) high = i
    }
    rows.add(low).add(high)
  }
  rows.add(count - 1)
  return [...rows].toSorted((a, b) => a - b)
}

/** At most `most` of the numbers below `count`, evenly, the last always. */
export function everyNth(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / most))
  const rows: number[] = []
  for (let i = (count - 1) % step; i < count; i += step) rows.push(i)
  return rows
}

export function groupsOf(trades: readonly TradeRecord[], nameOf: (trade: TradeRecord) => string): GroupRow[] {
  const groups = new Map<string, GroupRow>()
  for (const trade of trades) {
    const name = nameOf(trade)
    const group = groups.get(name) ?? { name, trades: 0, wins: 0, pnl: 0, fees: 0, funding: 0 }
    group.trades++
    if (trade.pnl > 0) group.wins++
    group.pnl += trade.pnl
    group.fees += trade.fees
    group.funding += trade.funding
    groups.set(name, group)
  }
  return [...groups.values()]
}
