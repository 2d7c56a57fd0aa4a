import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DAY_US, instrumentKey, SECOND_US, LIVE_TIMEFRAMES } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import { timescalePort } from '@contrail/data'
import type { DataStore } from '@contrail/data'
import type { Sql } from '@contrail/db'
import { tickColumns } from './tick-columns.ts'
import type { ArchivedTick } from './tick-columns.ts'

export type CopyReport = { ticks: number; candles: number }

/** Ticks in memory at once. */
const ROWS_MAX = 200_000
/** A bar may be told again by a restart that rebuilds it; after this it is as it will be. */
const SETTLED_US = 60 * SECOND_US
/** Seconds are made from the trades when they are asked for. */
const KEPT: readonly Timeframe[] = LIVE_TIMEFRAMES.filter((timeframe) => timeframe !== '1s')

/**
 * Recorded market data from the MARKET database into the columnar store. It goes by the sequence of each source, so that
 * rows of any time are found; the cursor is written after the rows are safe, and rows that come twice are known as such:
 * it may be stopped anywhere and run again.
 */
export async function copyToStore(sql: Sql, store: DataStore, nowUs: number): Promise<CopyReport> {
  const port = timescalePort(sql)
  const definitions = new Map(
    (await port.instruments()).map((each) => [instrumentKey(each.venue, each.instrument), each]),
  )
  const report = { ticks: await copyTicks(sql, store, definitions), candles: 0 }
  for (const definition of definitions.values())
    for (const timeframe of KEPT) report.candles += await copyBars(sql, store, definition, timeframe, nowUs)
  return report
}

async function copyTicks(sql: Sql, store: DataStore, definitions: ReadonlyMap<string, Instrument>): Promise<number> {
  const cursors = readCursors(store)
  let added = 0
  const sources = await sql<{ sourceId: number; name: string; lastSequence: number }[]>`
    select source_id as "sourceId", name, last_sequence as "lastSequence" from sources order by source_id`
  for (const { sourceId, name, lastSequence } of sources) {
    for (let after = cursors[name] ?? -1; after < lastSequence;) {
      const rows = await sql<(ArchivedTick & { sequence: number })[]>`
        select venue, instrument, sequence, receive_time_us as "receiveTimeUs", venue_time_us as "venueTimeUs",
          trade_id as "tradeId", side, price, quantity from ticks
        where source_id = ${sourceId} and sequence > ${after} and sequence <= ${lastSequence}
        order by sequence limit ${ROWS_MAX}`
      for (const [key, ticks] of Map.groupBy(rows, (row) => instrumentKey(row.venue, row.instrument))) {
        const definition = definitions.get(key)
        if (definition) added += (await store.write(tickColumns(ticks), definition, `recorder ${name}`)).added
      }
      after = rows.length < ROWS_MAX ? lastSequence : rows.at(-1)!.sequence
      cursors[name] = after
      writeCursors(store, cursors)
    }
  }
  return added
}

/** Days of which the database has more bars than the store. */
async function copyBars(sql: Sql, store: DataStore, definition: Instrument, timeframe: Timeframe, nowUs: number) {
  const { venue, instrument } = definition
  const query = { venue, instrument, kind: 'candles', timeframe } as const
  const settledUs = nowUs - SETTLED_US
  const days = await sql<{ day: number; bars: number }[]>`
    select (open_time_us / ${DAY_US}::bigint)::int as day, count(*)::int as bars from candles
    where venue = ${venue} and instrument = ${instrument} and timeframe = ${timeframe} and close_time_us <= ${settledUs}
    group by 1 order by 1`
  if (days.length === 0) return 0
  const stored = new Map<number, number>()
  for (const us of await store.times(query)) {
    const day = Math.floor(us / DAY_US)
    stored.set(day, (stored.get(day) ?? 0) + 1)
  }
  const missing = days.filter(({ day, bars }) => bars > (stored.get(day) ?? 0))
  const [first, last] = [missing[0], missing.at(-1)]
  if (!first || !last) return 0
  const toUs = Math.min((last.day + 1) * DAY_US, settledUs)
  const series = await timescalePort(sql).read({ ...query, fromUs: first.day * DAY_US, toUs })
  return (await store.write(series, definition, 'recorder')).added
}

type Cursors = Record<string, number>
const cursorFile = (store: DataStore): string => path.join(store.directory, '.recorder.json')

function readCursors(store: DataStore): Cursors {
  const file = cursorFile(store)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Cursors) : {}
}

function writeCursors(store: DataStore, cursors: Cursors): void {
  mkdirSync(store.directory, { recursive: true })
  const aside = `${cursorFile(store)}.${process.pid}`
  writeFileSync(aside, JSON.stringify(cursors))
  renameSync(aside, cursorFile(store))
}
