import { refuse } from '@contrail/contracts'
import type { MarketDataPort, MarketQuery, SeriesInfo } from '@contrail/data'

/** The same port, which refuses before it reads more rows than one job may hold. */
export function limitedPort(port: MarketDataPort, rowsMax: number): MarketDataPort {
  let listed: Promise<SeriesInfo[]> | undefined
  let rows = 0
  const list = (): Promise<SeriesInfo[]> => (listed ??= port.list())
  const count = (more: number): void => {
    rows += more
    if (rows > rowsMax)
      throw refuse('too_many_rows', 'data', `${Math.round(rows)} rows`, `at most ${rowsMax}: ask for a shorter period`)
  }
  return {
    list,
    instruments: () => port.instruments(),
    async read(query) {
      const info = (await list()).find((one) => isOf(one, query))
      const expected = info ? rowsWithin(info, query) : 0
      count(expected)
      const series = await port.read(query)
      count(series.rows - expected)
      return series
    },
  }
}

const isOf = (one: SeriesInfo, { venue, instrument, kind, timeframe }: MarketQuery): boolean =>
  one.venue === venue && one.instrument === instrument && one.kind === kind && one.timeframe === timeframe

/** As if they lay evenly. */
function rowsWithin({ rows, firstUs, lastUs }: SeriesInfo, { fromUs = firstUs, toUs = lastUs }: MarketQuery): number {
  if (lastUs <= firstUs) return rows
  const shareUs = Math.min(toUs, lastUs) - Math.max(fromUs, firstUs)
  return Math.max(0, Math.ceil((rows * shareUs) / (lastUs - firstUs)))
}
