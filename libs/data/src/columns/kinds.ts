import type { Timeframe } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'

export type Kind = MarketColumns['kind']
export const KINDS = ['candles', 'ticks', 'quotes', 'book', 'funding'] as const satisfies readonly Kind[]

export type ColumnArray = Float64Array | Int8Array
export type ColumnType = 'f64' | 'i8'
export type ColumnSpec = { readonly name: string; readonly type: ColumnType; readonly perLevel?: true }

/** Which series: `timeframe` of candles, `depth` (levels of a side) of book rows. */
export type SeriesKey = {
  readonly venue: string
  readonly instrument: string
  readonly kind: Kind
  readonly timeframe?: Timeframe | undefined
  readonly depth?: number | undefined
}
/** Some rows of a series by column name; the arrays may be longer than `rows`. */
export type Rows = { readonly rows: number; readonly columns: Readonly<Record<string, ColumnArray>> }

type KindSpec = { readonly time: string; readonly period: 'day' | 'month'; readonly columns: readonly ColumnSpec[] }

const f64 = (...names: string[]): ColumnSpec[] => names.map((name) => ({ name, type: 'f64' }))
const levels = (...names: string[]): ColumnSpec[] => names.map((name) => ({ name, type: 'f64', perLevel: true }))

/** The columns of each kind in the order of the file. The first is the time that orders and partitions the rows. */
export const KIND_SPECS: Readonly<Record<Kind, KindSpec>> = {
  candles: {
    time: 'openTimeUs',
    period: 'month',
    columns: f64('openTimeUs', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'trades'),
  },
  ticks: {
    time: 'receiveTimeUs',
    period: 'day',
    columns: [...f64('receiveTimeUs', 'venueTimeUs', 'price', 'quantity', 'tradeId'), { name: 'side', type: 'i8' }],
  },
  quotes: {
    time: 'receiveTimeUs',
    period: 'day',
    columns: f64('receiveTimeUs', 'venueTimeUs', 'bid', 'bidQuantity', 'ask', 'askQuantity'),
  },
  book: {
    time: 'receiveTimeUs',
    period: 'day',
    columns: [
      ...f64('receiveTimeUs', 'venueTimeUs', 'updateId'),
      ...levels('bidPrice', 'bidQuantity', 'askPrice', 'askQuantity'),
    ],
  },
  funding: { time: 'timeUs', period: 'month', columns: f64('timeUs', 'rate') },
}

export const BYTES_PER: Readonly<Record<ColumnType, number>> = { f64: 8, i8: 1 }
export const cellsOf = (spec: ColumnSpec, rows: number, depth = 0): number => (spec.perLevel ? rows * depth : rows)

/** Zeroed columns for so many rows, over shared memory so that worker threads read them without a copy. */
export function sharedColumns(
  kind: Kind,
  rows: number,
  depth = 0,
  names?: readonly string[],
): Record<string, ColumnArray> {
  const { columns, time } = KIND_SPECS[kind]
  const wanted = names ? columns.filter(({ name }) => name === time || names.includes(name)) : columns
  return Object.fromEntries(
    wanted.map((spec) => {
      const cells = cellsOf(spec, rows, depth)
      const memory = new SharedArrayBuffer(cells * BYTES_PER[spec.type])
      return [spec.name, spec.type === 'f64' ? new Float64Array(memory) : new Int8Array(memory)]
    }),
  )
}

export function seriesOf(key: SeriesKey, { rows, columns }: Rows): MarketColumns {
  const { venue, instrument, kind, timeframe, depth } = key
  const shape = {
    ...(kind === 'candles' ? { timeframe } : {}),
    ...(kind === 'book' ? { depth: depth ?? 0 } : {}),
  }
  // The columns are those of KIND_SPECS by construction; TypeScript cannot follow the names.
  return { venue, instrument, kind, rows, ...shape, ...columns } as unknown as MarketColumns
}

export function keyOf(series: MarketColumns): SeriesKey {
  const { venue, instrument, kind } = series
  return {
    venue,
    instrument,
    kind,
    ...(series.kind === 'candles' ? { timeframe: series.timeframe } : {}),
    ...(series.kind === 'book' ? { depth: series.depth } : {}),
  }
}

export function rowsOf(series: MarketColumns): Rows {
  const all = series as unknown as Record<string, ColumnArray>
  const columns = Object.fromEntries(KIND_SPECS[series.kind].columns.map(({ name }) => [name, all[name]!]))
  return { rows: series.rows, columns }
}

export const timesOf = (kind: Kind, { columns }: Rows): Float64Array => columns[KIND_SPECS[kind].time] as Float64Array

/** Rows `from` to `to` (exclusive) as views of the same memory. */
export function sliceRows(kind: Kind, { columns }: Rows, from: number, to: number, depth = 0): Rows {
  const cut = KIND_SPECS[kind].columns.flatMap((spec): [string, ColumnArray][] => {
    const array = columns[spec.name]
    return array ? [[spec.name, array.subarray(cellsOf(spec, from, depth), cellsOf(spec, to, depth))]] : []
  })
  return { rows: to - from, columns: Object.fromEntries(cut) }
}

/** The first row at or after `timeUs` among the first `rows` of an ascending column. */
export function lowerBound(times: Float64Array, rows: number, timeUs: number): number {
  let [low, high] = [0, rows]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < timeUs) low = middle + 1
    else high = middle
  }
  return low
}
