import { check, instrumentSchema } from '@contrail/contracts'
import type { Candle, CandleView, Instrument, Tick, Timeframe } from '@contrail/contracts'
import type { Sql, SqlRunner } from '@contrail/db'

export type CandleQuery = {
  venue: string
  instrument: string
  timeframe: Timeframe
  fromUs?: number | undefined
  toUs?: number | undefined
  limit: number
}

/** Questions to the MARKET database. */
export class Archive {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Oldest first; without `fromUs` the last ones. `toUs` is exclusive. */
  async candles(query: CandleQuery): Promise<CandleView[]> {
    const { venue, instrument, timeframe, fromUs, toUs = Number.MAX_SAFE_INTEGER, limit } = query
    const order = fromUs === undefined ? this.#sql`desc` : this.#sql`asc`
    const rows = await this.#sql<CandleView[]>`
      select open_time_us as "openTimeUs", open, high, low, close, volume, trades from candles
      where venue = ${venue} and instrument = ${instrument} and timeframe = ${timeframe}
        and open_time_us >= ${fromUs ?? 0} and open_time_us < ${toUs}
      order by open_time_us ${order} limit ${limit}`
    return fromUs === undefined ? rows.toReversed() : [...rows]
  }

  /** The last ticks, oldest first. */
  async ticks(venue: string, instrument: string, limit: number): Promise<Tick[]> {
    const rows = await this.#sql<(Omit<Tick, 'side'> & { side: number })[]>`
      select trade_id as "tradeId", side, price, quantity, venue_time_us as "venueTimeUs",
        receive_time_us as "receiveTimeUs" from ticks
      where venue = ${venue} and instrument = ${instrument}
      order by receive_time_us desc, sequence desc limit ${limit}`
    return rows.toReversed().map((row) => ({ ...row, side: SIDES[row.side] ?? 'unknown' }))
  }

  async lastPrices(venue: string): Promise<Map<string, number>> {
    const rows = await this.#sql<{ instrument: string; price: number }[]>`
      select i.instrument, t.price from instruments i
      cross join lateral (select price from ticks where venue = i.venue and instrument = i.instrument
        order by receive_time_us desc, sequence desc limit 1) t
      where i.venue = ${venue}`
    return new Map(rows.map((row) => [row.instrument, row.price]))
  }

  /** When the last tick of a venue was received; undefined when none was. */
  async lastTickUs(venue: string): Promise<number | undefined> {
    const [row] = await this.#sql<{ atUs: number | null }[]>`
      select max(receive_time_us) as "atUs" from ticks where venue = ${venue}`
    return row?.atUs ?? undefined
  }

  /** The bar from `openTimeUs` on as its recorded one-second bars make it; undefined when there are none. */
  async barSoFar(venue: string, instrument: string, openTimeUs: number, toUs: number): Promise<BarSoFar | undefined> {
    const [row] = await this.#sql<(BarSoFar & { bars: number })[]>`
      select count(*)::int as bars, (array_agg(open order by open_time_us))[1] as open, max(high) as high,
        min(low) as low, (array_agg(close order by open_time_us desc))[1] as close, sum(volume) as volume,
        sum(quote_volume) as "quoteVolume", sum(trades)::int as trades from candles
      where venue = ${venue} and instrument = ${instrument} and timeframe = '1s'
        and open_time_us >= ${openTimeUs} and open_time_us < ${toUs}`
    return row && row.bars > 0 ? row : undefined
  }

  async saveInstruments(instruments: readonly Instrument[], updatedUs: number): Promise<void> {
    for (const instrument of instruments)
      await this.#sql`
        insert into instruments (venue, instrument, definition, updated_us)
        values (${instrument.venue}, ${instrument.instrument}, ${this.#sql.json(instrument)}, ${updatedUs})
        on conflict (venue, instrument) do update set definition = excluded.definition, updated_us = excluded.updated_us`
  }

  async instruments(): Promise<Instrument[]> {
    const rows = await this.#sql<{ definition: unknown }[]>`
      select definition from instruments order by venue, instrument`
    return rows.map((row) => check(instrumentSchema, row.definition, 'instrument'))
  }

  /**
   * Drops whole chunks or partitions that ended before `toUs`. Only of the time since this archive records a stream:
   * history that was imported or replayed from before is never too old.
   */
  async retain(table: 'ticks' | 'quotes' | 'candles', toUs: number): Promise<number> {
    const [row] = await this.#sql<{ dropped: number }[]>`
      select market_retain(${table}, created_us, ${toUs}::bigint) as dropped
      from sources where kind = 'stream' order by created_us limit 1`
    return row?.dropped ?? 0
  }
}

export type BarSoFar = Pick<Candle, 'open' | 'high' | 'low' | 'close' | 'volume' | 'quoteVolume' | 'trades'>
const SIDES = ['unknown', 'buy', 'sell'] as const

export type SourceRow = { readonly sourceId: number; readonly lastSequence: number }

/** The row of a stream's incarnation or of a file, made when it is new. */
export async function sourceOf(
  sql: SqlRunner,
  source: { kind: 'stream' | 'file'; name: string; detail: string; createdUs: number },
): Promise<SourceRow> {
  const [row] = await sql<SourceRow[]>`
    insert into sources (kind, name, detail, created_us)
    values (${source.kind}, ${source.name}, ${source.detail}, ${source.createdUs})
    on conflict (name) do update set name = excluded.name
    returning source_id as "sourceId", last_sequence as "lastSequence"`
  if (!row) throw new Error(`no row for source ${source.name}`)
  return row
}

export async function noteProgress(sql: SqlRunner, sourceId: number, lastSequence: number): Promise<void> {
  await sql`
    update sources set last_sequence = ${lastSequence}
    where source_id = ${sourceId} and last_sequence < ${lastSequence}`
}

export async function noteGap(
  sql: SqlRunner,
  gap: { sourceId: number; fromSequence: number; toSequence: number; reason: string; noticedUs: number },
): Promise<void> {
  await sql`
    insert into gaps (source_id, from_sequence, to_sequence, reason, noticed_us)
    values (${gap.sourceId}, ${gap.fromSequence}, ${gap.toSequence}, ${gap.reason}, ${gap.noticedUs})`
}
