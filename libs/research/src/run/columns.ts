import { refuse } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'

/* Parts of one series put together. */

export const timesOfSeries = (series: MarketColumns): Float64Array =>
  series.kind === 'candles' ? series.openTimeUs : series.kind === 'funding' ? series.timeUs : series.receiveTimeUs

const nameOf = (one: MarketColumns): string =>
  `${one.venue} ${one.instrument} ${one.kind}${one.kind === 'candles' ? ` ${one.timeframe}` : ''}`
export { nameOf as seriesName }

/** Series of the same name, from several files, as one. They must follow each other. */
export function joinSeries(all: readonly MarketColumns[]): MarketColumns[] {
  const groups = new Map<string, MarketColumns[]>()
  for (const one of all) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one])
  return [...groups.values()].map((group) => {
    const parts = group.toSorted((a, b) => (timesOfSeries(a)[0] ?? 0) - (timesOfSeries(b)[0] ?? 0))
    return parts.reduce((joined, next) => follow(joined, next))
  })
}

function follow(first: MarketColumns, next: MarketColumns): MarketColumns {
  const last = timesOfSeries(first).at(-1) as number
  if ((timesOfSeries(next)[0] as number) < last || (first.kind === 'candles' && timesOfSeries(next)[0] === last))
    throw refuse('overlapping_files', 'data', nameOf(first), 'name each period once: two files hold the same time')
  const joined: Record<string, unknown> = { ...first, rows: first.rows + next.rows }
  for (const [name, column] of Object.entries(first)) {
    if (!ArrayBuffer.isView(column)) continue
    const [a, b] = [column as Float64Array, (next as unknown as Record<string, Float64Array>)[name] as Float64Array]
    const Kind = a.constructor as new (memory: SharedArrayBuffer) => Float64Array
    const whole = new Kind(new SharedArrayBuffer(a.byteLength + b.byteLength))
    whole.set(a)
    whole.set(b, a.length)
    joined[name] = whole
  }
  return joined as unknown as MarketColumns
}
