import { refuse } from '@contrail/contracts'
import type { MarketDataPort, MarketQuery, SeriesInfo } from '@contrail/data'
import type { Sql } from '@contrail/db'

/** How many rows a query will bring, as far as that is known. */
export type Expected = (query: MarketQuery) => Promise<number>

/** The same port, which refuses before it reads more rows than one job may hold. */
export function limitedPort(port: MarketDataPort, rowsMax: number, expected: Expected): MarketDataPort {
  let rows = 0
  const count = (more: number): void => {
    rows += more
    if (rows > rowsMax)
      throw refuse('too_many_rows', 'data', `${rows} rows`, `at most ${rowsMax}: ask for a shorter period`)
  }
  return {
    list: () => port.list(),
    instruments: () => port.instruments(),
    async read(query) {
      const expects = await expected(query)
      count(expects)
      const series = await port.read(query)
      count(series.rows - expects)
      return series
    },
  }
}

/** By what a store says it has, as if the rows lay evenly. */
export function expectedOfList(port: MarketDataPort): Expected {
  let listed: Promise<SeriesInfo[]> | undefined
  return async (query) => {
    listed ??= port.list()
    const info = (await listed).find((one) => isOf(one, query))
    return info ? rowsWithin(info, query) : 0
  }
}

/** By the database itself, which counts no further than it has to. */
export function expectedOfDatabase(sql: Sql, rowsMax: number): Expected {
  return async ({ venue, instrument, kind, timeframe = '', fromUs = 0, toUs = Number.MAX_SAFE_INTEGER }) => {
    if (kind !== 'ticks' && kind !== 'quotes' && kind !== 'candles') return 0 // the port refuses it by its name
    const time = kind === 'candles' ? 'open_time_us' : 'receive_time_us'
    const ofFrame = kind === 'candles' ? sql`and timeframe = ${timeframe}` : sql``
    const [found] = await sql<[{ rows: number }]>`select count(*) as rows from (
      select 1 from ${sql(kind)} where venue = ${venue} and instrument = ${instrument} ${ofFrame}
        and ${sql(time)} >= ${fromUs} and ${sql(time)} < ${toUs} limit ${rowsMax + 1}) as few`
    return found.rows
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
