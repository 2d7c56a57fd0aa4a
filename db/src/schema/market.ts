import {
  bigint,
  bigserial,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  serial,
  smallint,
  text,
} from 'drizzle-orm/pg-core'

/*
 * MARKET database: what the venues said. Written by the recorder, read by strategies and portfolio. `ticks`, `quotes`
 * and `candles` are hypertables, or native range partitions without Timescale (see db/migrations/market): hence each of
 * their keys contains the time column. Market data is no money: doubles.
 */

const timeUs = (name: string) => bigint(name, { mode: 'number' }).notNull()

/** Where rows came from: one incarnation of the MD stream, or one imported file by its hash. */
export const sources = pgTable('sources', {
  sourceId: serial('source_id').primaryKey(),
  kind: text('kind', { enum: ['stream', 'file'] }).notNull(),
  /** `<stream>@<incarnation>` or `sha256:<hash of the file>`. */
  name: text('name').notNull().unique(),
  detail: text('detail').notNull().default(''),
  createdUs: timeUs('created_us'),
  /** Highest sequence (or line) committed. */
  lastSequence: bigint('last_sequence', { mode: 'number' }).notNull().default(0),
})

/** What never reached the archive: the stream dropped it before the recorder read it. */
export const gaps = pgTable('gaps', {
  gapId: bigserial('gap_id', { mode: 'number' }).primaryKey(),
  sourceId: integer('source_id')
    .notNull()
    .references(() => sources.sourceId),
  fromSequence: bigint('from_sequence', { mode: 'number' }).notNull(),
  toSequence: bigint('to_sequence', { mode: 'number' }).notNull(),
  reason: text('reason').notNull(),
  noticedUs: timeUs('noticed_us'),
})

export const instruments = pgTable(
  'instruments',
  {
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    /** contracts/instrument.ts, schema-checked on the way out. */
    definition: jsonb('definition').notNull(),
    updatedUs: timeUs('updated_us'),
  },
  (table) => [primaryKey({ columns: [table.venue, table.instrument] })],
)

export const ticks = pgTable(
  'ticks',
  {
    receiveTimeUs: timeUs('receive_time_us'),
    venueTimeUs: timeUs('venue_time_us'),
    sourceId: integer('source_id').notNull(),
    /** Sequence in the stream, or line in the file. */
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    tradeId: text('trade_id').notNull(),
    /** The taker's: 0 unknown, 1 buy, 2 sell. */
    side: smallint('side').notNull(),
    price: doublePrecision('price').notNull(),
    quantity: doublePrecision('quantity').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sourceId, table.sequence, table.receiveTimeUs] }),
    index('ticks_by_instrument').on(table.venue, table.instrument, table.receiveTimeUs.desc()),
  ],
)

export const quotes = pgTable(
  'quotes',
  {
    receiveTimeUs: timeUs('receive_time_us'),
    venueTimeUs: timeUs('venue_time_us'),
    sourceId: integer('source_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    bid: doublePrecision('bid').notNull(),
    bidQuantity: doublePrecision('bid_quantity').notNull(),
    ask: doublePrecision('ask').notNull(),
    askQuantity: doublePrecision('ask_quantity').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sourceId, table.sequence, table.receiveTimeUs] }),
    index('quotes_by_instrument').on(table.venue, table.instrument, table.receiveTimeUs.desc()),
  ],
)

/** Closed bars. A bar told twice (a restart rebuilds the one it was in) is one row: the one of more trades. */
export const candles = pgTable(
  'candles',
  {
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    timeframe: text('timeframe').notNull(),
    openTimeUs: timeUs('open_time_us'),
    closeTimeUs: timeUs('close_time_us'),
    open: doublePrecision('open').notNull(),
    high: doublePrecision('high').notNull(),
    low: doublePrecision('low').notNull(),
    close: doublePrecision('close').notNull(),
    volume: doublePrecision('volume').notNull(),
    quoteVolume: doublePrecision('quote_volume').notNull(),
    trades: integer('trades').notNull(),
    receiveTimeUs: timeUs('receive_time_us'),
    sourceId: integer('source_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.venue, table.instrument, table.timeframe, table.openTimeUs] })],
)
