import { instrumentKey, refuse, subjects, TIMEFRAME_US } from '@contrail/contracts'
import type { MarketColumns } from './columns.ts'
import type { Stock } from './stock.ts'
import type { MarketRoute } from '../strategy/mailbox.ts'
import type { StrategyActor } from '../strategy/actor.ts'

/** Often enough that a slow strategy is seen to move and stops when told; a power of two. */
export const PROGRESS_EVENTS = 2048

/** One series of the run and who looks at it. */
export type Feed = {
  readonly index: number
  readonly columns: MarketColumns
  readonly stock: Stock
  /** Undefined: the strategy does not listen to it. */
  readonly route: MarketRoute | undefined
  /** The venue fills by it. */
  readonly matches: boolean
  /** When its rows are seen; for candles their open. */
  readonly timesUs: Float64Array
  /** From open to seen. */
  readonly spanUs: number
  /** First row of the run proper, and the row after its last. */
  first: number
  end: number
}

export function feedsOf(
  series: readonly MarketColumns[],
  stocks: readonly Stock[],
  actor: StrategyActor,
  isBarModel: boolean,
): Feed[] {
  if (series.length === 0) throw refuse('no_series', 'series', 0, 'give at least one series of market data')
  return series.map((columns, index) => {
    const key = instrumentKey(columns.venue, columns.instrument)
    const stock = stocks.find((one) => one.key === key)
    if (!stock) throw refuse('unknown_instrument', 'instruments', key, 'give the instrument of each series')
    const route = columns.kind === 'funding' ? undefined : actor.resolve(subjectOf(columns))
    const matches = isBarModel ? isFinestBar(columns, series) : columns.kind !== 'candles' && columns.kind !== 'funding'
    if (matches) stock.series ??= columns
    return {
      index,
      columns,
      stock,
      route: route as MarketRoute | undefined,
      matches,
      timesUs: timesOf(columns),
      spanUs: columns.kind === 'candles' ? TIMEFRAME_US[columns.timeframe] : 0,
      first: 0,
      end: columns.rows,
    }
  })
}

const timesOf = (columns: MarketColumns): Float64Array =>
  columns.kind === 'candles' ? columns.openTimeUs : columns.kind === 'funding' ? columns.timeUs : columns.receiveTimeUs

/** Of several timeframes of an instrument the shortest knows most of what happened; without bars, its trades are bars. */
function isFinestBar(columns: MarketColumns, series: readonly MarketColumns[]): boolean {
  const own = series.filter((one) => one.venue === columns.venue && one.instrument === columns.instrument)
  const bars = own.filter((one) => one.kind === 'candles')
  if (bars.length === 0) return columns.kind === 'ticks'
  const shortest = bars.reduce((best, one) => (TIMEFRAME_US[one.timeframe] < TIMEFRAME_US[best.timeframe] ? one : best))
  return columns === shortest
}

function subjectOf(columns: Exclude<MarketColumns, { kind: 'funding' }>): string {
  const { venue, instrument } = columns
  switch (columns.kind) {
    case 'candles':
      return subjects.candle(venue, instrument, columns.timeframe)
    case 'ticks':
      return subjects.tick(venue, instrument)
    case 'quotes':
      return subjects.quote(venue, instrument)
    case 'book':
      return subjects.book(venue, instrument)
  }
}

/** First row that is seen at or after `fromUs`. */
export function rowAt({ timesUs, spanUs, columns }: Feed, fromUs: number): number {
  let low = 0
  let high = columns.rows
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timesUs[middle]! + spanUs < fromUs) low = middle + 1
    else high = middle
  }
  return low
}
