import type { CandleView, FillView } from '@contrail/contracts'
import type { SeriesMarker, Time, UTCTimestamp } from 'lightweight-charts'
import type { Palette } from './chart-look.ts'

/** Fills as arrows, one per bar and side; its id is the last order, so that a click can say why. */
export function markersOf(
  fills: readonly FillView[],
  bars: readonly CandleView[],
  look: Pick<Palette, 'up' | 'down'>,
): SeriesMarker<Time>[] {
  const groups = new Map<string, { openTimeUs: number; side: FillView['side']; orderId: string; count: number }>()
  for (const fill of fills) {
    const openTimeUs = barOf(bars, fill.venueTimeUs)
    if (openTimeUs === undefined) continue
    const key = `${openTimeUs} ${fill.side}`
    const group = groups.get(key)
    if (group) group.count++
    else groups.set(key, { openTimeUs, side: fill.side, orderId: fill.orderId, count: 1 })
  }
  return [...groups.values()]
    .sort((a, b) => a.openTimeUs - b.openTimeUs || (a.side < b.side ? -1 : 1))
    .map(({ openTimeUs, side, orderId, count }) => ({
      time: (openTimeUs / 1e6) as UTCTimestamp,
      position: side === 'buy' ? 'belowBar' : 'aboveBar',
      shape: side === 'buy' ? 'arrowUp' : 'arrowDown',
      color: side === 'buy' ? look.up : look.down,
      id: orderId,
      size: 1.4,
      ...(count > 1 ? { text: `×${count}` } : {}),
    }))
}

/** The bar that a time falls into or, where no bar is, the one before. Nothing before the first bar. */
function barOf(bars: readonly CandleView[], atUs: number): number | undefined {
  let low = 0
  let high = bars.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bars[middle] as CandleView).openTimeUs <= atUs) low = middle + 1
    else high = middle
  }
  return bars[low - 1]?.openTimeUs
}
