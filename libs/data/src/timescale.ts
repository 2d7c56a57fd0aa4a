import { check, instrumentSchema, refuse } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'
import { KIND_SPECS, seriesOf, sharedColumns } from './columns/kinds.ts'
import type { ColumnArray, Rows, SeriesKey } from './columns/kinds.ts'
import { joinRows } from './columns/join.ts'
import type { MarketDataPort, MarketQuery, SeriesInfo } from './port.ts'

/** A tagged template that runs a query, as the postgres client has it. This room knows no database. */
export type QueryTag = (text: TemplateStringsArray, ...values: (string | number)[]) => PromiseLike<readonly unknown[]>

type Row = Record<string, number | string>
/** Rows that are asked for at once. */
const PAGE_ROWS = 50_000
const SIDE_OF = [0, 1, -1] as const
const NUMERIC_ID = /^\d{1,15}$/
const LAST = Number.MAX_SAFE_INTEGER

/** The MARKET database that the recorder writes, as the same port as the files. */
export function timescalePort(sql: QueryTag): MarketDataPort {
  return {
    read: async (query) => await read(sql, query),
    list: async () => await list(sql),
    instruments: async () => await instruments(sql),
  }
}

async function read(sql: QueryTag, query: MarketQuery): Promise<MarketColumns> {
  const pieces: Rows[] = []
  for await (const page of pagesOf(sql, query)) pieces.push(rowsOfPage(query, page))
  const rows = joinRows(query.kind, pieces)
  if (rows.rows > 0) return seriesOf(query, rows)
  const { venue, instrument, kind, timeframe = '' } = query
  throw refuse(
    'no_data',
    'data',
    `${venue} ${instrument} ${kind} ${timeframe}`.trim(),
    'the database has none; see contrail data list',
  )
}

async function* pagesOf(sql: QueryTag, query: MarketQuery): AsyncGenerator<readonly Row[]> {
  const { venue, instrument, kind, timeframe = '', fromUs = 0, toUs = LAST } = query
  let [afterUs, afterSource, afterSequence] = [fromUs, -1, -1]
  for (;;) {
    const page = (await (kind === 'ticks'
      ? sql`select receive_time_us as "receiveTimeUs", venue_time_us as "venueTimeUs", price, quantity,
          trade_id as "tradeId", side, source_id as source, sequence from ticks
        where venue = ${venue} and instrument = ${instrument} and receive_time_us < ${toUs}
          and (receive_time_us, source_id, sequence) > (${afterUs}, ${afterSource}, ${afterSequence})
        order by receive_time_us, source_id, sequence limit ${PAGE_ROWS}`
      : kind === 'quotes'
        ? sql`select receive_time_us as "receiveTimeUs", venue_time_us as "venueTimeUs", bid,
          bid_quantity as "bidQuantity", ask, ask_quantity as "askQuantity", source_id as source, sequence from quotes
        where venue = ${venue} and instrument = ${instrument} and receive_time_us < ${toUs}
          and (receive_time_us, source_id, sequence) > (${afterUs}, ${afterSource}, ${afterSequence})
        order by receive_time_us, source_id, sequence limit ${PAGE_ROWS}`
        : kind === 'candles'
          ? sql`select open_time_us as "openTimeUs", open, high, low, close, volume,
          quote_volume as "quoteVolume", trades, 0 as source, 0 as sequence from candles
        where venue = ${venue} and instrument = ${instrument} and timeframe = ${timeframe} and open_time_us < ${toUs}
          and (open_time_us, 0, 0) > (${afterUs}, ${afterSource}, ${afterSequence})
        order by open_time_us limit ${PAGE_ROWS}`
          : unkept(kind))) as readonly Row[]
    if (page.length > 0) yield page
    const last = page.at(-1)
    if (!last || page.length < PAGE_ROWS) return
    afterUs = Number(last[KIND_SPECS[kind].time])
    afterSource = Number(last['source'])
    afterSequence = Number(last['sequence'])
  }
}

function unkept(kind: string): never {
  throw refuse('no_data', 'kind', kind, 'the database keeps candles, ticks and quotes; ask the files for the others')
}

function rowsOfPage(query: MarketQuery, page: readonly Row[]): Rows {
  const columns: Record<string, ColumnArray> = sharedColumns(query.kind, page.length)
  for (const { name } of KIND_SPECS[query.kind].columns) {
    const target = columns[name]!
    for (let row = 0; row < page.length; row++) target[row] = cellOf(name, page[row]![name]!)
  }
  return { rows: page.length, columns }
}

function cellOf(name: string, value: number | string): number {
  if (name === 'side') return SIDE_OF[Number(value)] ?? 0
  if (name === 'tradeId') return NUMERIC_ID.test(String(value)) ? Number(value) : Number.NaN
  return Number(value)
}

async function list(sql: QueryTag): Promise<SeriesInfo[]> {
  const rows = (await sql`
    select venue, instrument, 'candles' as kind, timeframe, count(*) as rows, min(open_time_us) as first,
      max(open_time_us) as last from candles group by venue, instrument, timeframe
    union all select venue, instrument, 'ticks', '', count(*), min(receive_time_us), max(receive_time_us)
      from ticks group by venue, instrument
    union all select venue, instrument, 'quotes', '', count(*), min(receive_time_us), max(receive_time_us)
      from quotes group by venue, instrument
    order by 1, 2, 3, 4`) as readonly Row[]
  return rows.map((row) => {
    const { venue, instrument, kind, timeframe } = row as Record<'venue' | 'instrument' | 'timeframe', string> &
      SeriesKey
    const key = { venue, instrument, kind, ...(kind === 'candles' ? { timeframe: timeframe as Timeframe } : {}) }
    return { ...key, rows: Number(row['rows']), firstUs: Number(row['first']), lastUs: Number(row['last']), files: 0 }
  })
}

async function instruments(sql: QueryTag): Promise<Instrument[]> {
  const rows = (await sql`select definition from instruments order by venue, instrument`) as readonly {
    definition: unknown
  }[]
  return rows.map(({ definition }) => check(instrumentSchema, definition, 'instrument'))
}
