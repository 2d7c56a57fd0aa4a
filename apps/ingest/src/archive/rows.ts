import type { Candle, Quote, Tick } from '@contrail/contracts'
import type { Sql, SqlRunner } from '@contrail/db'

/** Where a row came from: unique together with its time. */
export type Origin = {
  readonly sourceId: number
  readonly sequence: number
  readonly venue: string
  readonly instrument: string
}
export type TickRow = Origin & { readonly tick: Tick }
export type QuoteRow = Origin & { readonly quote: Quote }
export type CandleRow = Origin & { readonly candle: Omit<Candle, 'schema'> }
export type Batch = { ticks: TickRow[]; quotes: QuoteRow[]; candles: CandleRow[] }

export const emptyBatch = (): Batch => ({ ticks: [], quotes: [], candles: [] })
export const batchSize = (batch: Batch): number => batch.ticks.length + batch.quotes.length + batch.candles.length

const SIDES = ['unknown', 'buy', 'sell'] as const

/** One statement for a batch of any size: arrays in, rows out. A row that is there already stays as it is. */
export async function insertTicks(sql: SqlRunner, rows: readonly TickRow[]): Promise<number> {
  if (rows.length === 0) return 0
  const inserted = await sql`
    insert into ticks (source_id, sequence, venue, instrument, receive_time_us, venue_time_us, trade_id, side, price, quantity)
    select * from unnest(
      ${rows.map((row) => row.sourceId)}::int[], ${rows.map((row) => row.sequence)}::bigint[],
      ${rows.map((row) => row.venue)}::text[], ${rows.map((row) => row.instrument)}::text[],
      ${rows.map((row) => row.tick.receiveTimeUs)}::bigint[], ${rows.map((row) => row.tick.venueTimeUs)}::bigint[],
      ${rows.map((row) => row.tick.tradeId)}::text[], ${rows.map((row) => SIDES.indexOf(row.tick.side))}::smallint[],
      ${rows.map((row) => row.tick.price)}::float8[], ${rows.map((row) => row.tick.quantity)}::float8[])
    on conflict do nothing`
  return inserted.count
}

export async function insertQuotes(sql: SqlRunner, rows: readonly QuoteRow[]): Promise<number> {
  if (rows.length === 0) return 0
  const inserted = await sql`
    insert into quotes (source_id, sequence, venue, instrument, receive_time_us, venue_time_us,
      bid, bid_quantity, ask, ask_quantity)
    select * from unnest(
      ${rows.map((row) => row.sourceId)}::int[], ${rows.map((row) => row.sequence)}::bigint[],
      ${rows.map((row) => row.venue)}::text[], ${rows.map((row) => row.instrument)}::text[],
      ${rows.map((row) => row.quote.receiveTimeUs)}::bigint[], ${rows.map((row) => row.quote.venueTimeUs)}::bigint[],
      ${rows.map((row) => row.quote.bid)}::float8[], ${rows.map((row) => row.quote.bidQuantity)}::float8[],
      ${rows.map((row) => row.quote.ask)}::float8[], ${rows.map((row) => row.quote.askQuantity)}::float8[])
    on conflict do nothing`
  return inserted.count
}

/** A bar told twice is one row: the telling that saw more trades, and of equal ones the later. */
export async function insertCandles(sql: SqlRunner, rows: readonly CandleRow[]): Promise<number> {
  const best = new Map<string, CandleRow>()
  for (const row of rows) {
    const key = `${row.venue} ${row.instrument} ${row.candle.timeframe} ${row.candle.openTimeUs}`
    const other = best.get(key)
    if (!other || row.candle.trades >= other.candle.trades) best.set(key, row)
  }
  const unique = [...best.values()]
  if (unique.length === 0) return 0
  const inserted = await sql`
    insert into candles (source_id, sequence, venue, instrument, timeframe, open_time_us, close_time_us, receive_time_us,
      open, high, low, close, volume, quote_volume, trades)
    select * from unnest(
      ${unique.map((row) => row.sourceId)}::int[], ${unique.map((row) => row.sequence)}::bigint[],
      ${unique.map((row) => row.venue)}::text[], ${unique.map((row) => row.instrument)}::text[],
      ${unique.map((row) => row.candle.timeframe)}::text[], ${unique.map((row) => row.candle.openTimeUs)}::bigint[],
      ${unique.map((row) => row.candle.closeTimeUs)}::bigint[], ${unique.map((row) => row.candle.receiveTimeUs)}::bigint[],
      ${unique.map((row) => row.candle.open)}::float8[], ${unique.map((row) => row.candle.high)}::float8[],
      ${unique.map((row) => row.candle.low)}::float8[], ${unique.map((row) => row.candle.close)}::float8[],
      ${unique.map((row) => row.candle.volume)}::float8[], ${unique.map((row) => row.candle.quoteVolume)}::float8[],
      ${unique.map((row) => row.candle.trades)}::int[])
    on conflict (venue, instrument, timeframe, open_time_us) do update set
      source_id = excluded.source_id, sequence = excluded.sequence, close_time_us = excluded.close_time_us,
      receive_time_us = excluded.receive_time_us, open = excluded.open, high = excluded.high, low = excluded.low,
      close = excluded.close, volume = excluded.volume, quote_volume = excluded.quote_volume, trades = excluded.trades
    where excluded.trades >= candles.trades`
  return inserted.count
}

/** Partitions a table has room for, so that the database is asked once per day and not once per batch. */
export class Room {
  readonly #sql: Sql
  readonly #known = new Set<string>()
  #intervals: Promise<ReadonlyMap<string, number>> | undefined

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async ensure(table: 'ticks' | 'quotes' | 'candles', timesUs: readonly number[]): Promise<void> {
    const sql = this.#sql
    this.#intervals ??= this.#load()
    const intervalUs = (await this.#intervals).get(table)
    if (intervalUs === undefined) throw new Error(`${table} is not in market_time_tables: migrate the database`)
    for (const timeUs of timesUs) {
      const start = timeUs - (timeUs % intervalUs)
      const key = `${table} ${start}`
      if (this.#known.has(key)) continue
      await sql`select market_ensure(${table}, ${start}::bigint, ${start}::bigint)`
      this.#known.add(key)
    }
  }

  async forBatch(batch: Batch): Promise<void> {
    await this.ensure(
      'ticks',
      batch.ticks.map((row) => row.tick.receiveTimeUs),
    )
    await this.ensure(
      'quotes',
      batch.quotes.map((row) => row.quote.receiveTimeUs),
    )
    await this.ensure(
      'candles',
      batch.candles.map((row) => row.candle.openTimeUs),
    )
  }

  /** After old partitions were dropped: what was known may be gone. */
  forget(): void {
    this.#known.clear()
  }

  async #load(): Promise<ReadonlyMap<string, number>> {
    try {
      const sql = this.#sql
      const rows = await sql<{ table_name: string; interval_us: number }[]>`
        select table_name, interval_us from market_time_tables`
      return new Map(rows.map((row) => [row.table_name, row.interval_us]))
    } catch (error) {
      this.#intervals = undefined
      throw error
    }
  }
}

export async function insertBatch(sql: SqlRunner, batch: Batch): Promise<Record<keyof Batch, number>> {
  return {
    ticks: await insertTicks(sql, batch.ticks),
    quotes: await insertQuotes(sql, batch.quotes),
    candles: await insertCandles(sql, batch.candles),
  }
}
