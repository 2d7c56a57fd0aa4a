import { bigint, bigserial, boolean, index, integer, jsonb, numeric, pgTable } from 'drizzle-orm/pg-core'
import { primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { tenantId, us, writtenUs } from './columns.ts'

/** One order: what was asked for, the state of its machine (without its fills) and what is derived from it. */
export const orders = pgTable(
  'orders',
  {
    orderId: text('order_id').primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    /** The intent as it was decided, whole. */
    intent: jsonb('intent').notNull(),
    /** What the gate made of it: a market order leaves as a limit at the protection band. */
    request: jsonb('request'),
    state: jsonb('state').notNull(),
    status: text('status').notNull(),
    open: boolean('open').notNull(),
    quantity: numeric('quantity').notNull(),
    cumQuantity: numeric('cum_quantity').notNull(),
    leavesQuantity: numeric('leaves_quantity').notNull(),
    averagePrice: numeric('average_price'),
    /** Of the place attempt that the venue holds, or the last one. */
    clOrdId: text('cl_ord_id'),
    reason: jsonb('reason'),
    /** Controls in the order they were looked at, with what was found and the limit then. */
    checks: jsonb('checks').notNull(),
    /** The message that decided it. */
    stream: text('stream').notNull(),
    incarnation: text('incarnation').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    decidedUs: us('decided_us').notNull(),
    createdUs: us('created_us').notNull(),
    updatedUs: us('updated_us').notNull(),
  },
  (table) => [
    index('orders_account').on(table.account, table.createdUs, table.orderId),
    index('orders_strategy').on(table.strategy, table.createdUs),
  ],
)

/**
 * Committed before any byte leaves. One row per request to the venue, never used twice. The first of an order comes before
 * its row in `orders`, so nothing is referenced.
 */
export const orderAttempts = pgTable(
  'order_attempts',
  {
    orderId: text('order_id').notNull(),
    attempt: integer('attempt').notNull(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    kind: text('kind').$type<'place' | 'cancel' | 'amend'>().notNull(),
    clOrdId: text('cl_ord_id').notNull(),
    /** Of the lease under which it was written. */
    epoch: bigint('epoch', { mode: 'number' }).notNull(),
    state: text('state').$type<'persisted' | 'accepted' | 'rejected' | 'unknown' | 'not_placed'>().notNull(),
    body: jsonb('body').notNull(),
    /** After it, what was not sent is not sent again. */
    validUntilUs: us('valid_until_us').notNull(),
    createdUs: us('created_us').notNull(),
    answeredUs: us('answered_us'),
    /** JSON: what the row in `orders` is made of, until that is written: with the answer, or by who recovers. */
    head: text('head'),
  },
  (table) => [
    primaryKey({ columns: [table.orderId, table.attempt] }),
    uniqueIndex('order_attempts_cl_ord_id').on(table.clOrdId),
  ],
)

/** What the venue filled. Keyed by the venue's own trade id. */
export const fills = pgTable(
  'fills',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    tradeId: text('trade_id').notNull(),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.orderId),
    side: text('side').$type<'buy' | 'sell'>().notNull(),
    quantity: numeric('quantity').notNull(),
    price: numeric('price').notNull(),
    fee: numeric('fee').notNull(),
    feeAsset: text('fee_asset').notNull(),
    liquidity: text('liquidity').$type<'maker' | 'taker'>().notNull(),
    venueTimeUs: us('venue_time_us').notNull(),
    atUs: us('at_us').notNull(),
  },
  (table) => [
    uniqueIndex('fills_trade').on(table.account, table.venue, table.instrument, table.tradeId),
    index('fills_order').on(table.orderId),
    index('fills_account').on(table.account, table.id),
  ],
)

/** Execution reports, and the outbox of `trades.confirm.*`: what is not published yet has no sequence. */
export const executions = pgTable(
  'executions',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.orderId),
    subject: text('subject').notNull(),
    body: jsonb('body').notNull(),
    /** Of TRADES. */
    publishedSequence: bigint('published_sequence', { mode: 'number' }),
    writtenUs: writtenUs(),
  },
  (table) => [index('executions_order').on(table.orderId, table.id)],
)

/** A venue's statement that fits no row of the table: kept for a person. */
export const orderQuarantine = pgTable('order_quarantine', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  tenantId: tenantId(),
  account: text('account').notNull(),
  orderId: text('order_id'),
  event: jsonb('event').notNull(),
  cause: text('cause').notNull(),
  atUs: us('at_us').notNull(),
})

/** The highest (decision number, intent index) that had its effect: numbers of one writer only grow. */
export const decisionHeads = pgTable(
  'decision_heads',
  {
    account: text('account').notNull(),
    strategy: text('strategy').notNull(),
    tenantId: tenantId(),
    number: bigint('number', { mode: 'number' }).notNull(),
    index: integer('index').notNull(),
  },
  (table) => [primaryKey({ columns: [table.account, table.strategy] })],
)

/** One writer per venue account; the epoch grows with every owner and fences the one before. */
export const venueLeases = pgTable(
  'venue_leases',
  {
    venue: text('venue').notNull(),
    account: text('account').notNull(),
    tenantId: tenantId(),
    holder: text('holder').notNull(),
    epoch: bigint('epoch', { mode: 'number' }).notNull(),
    expiresUs: us('expires_us').notNull(),
  },
  (table) => [primaryKey({ columns: [table.venue, table.account] })],
)

/** How far the venue's own list of fills has been read. */
export const venueCursors = pgTable(
  'venue_cursors',
  {
    venue: text('venue').notNull(),
    account: text('account').notNull(),
    tenantId: tenantId(),
    cursor: bigint('cursor', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.venue, table.account] })],
)

/** What persons asked for. Its key is the number of the manual decision, for all accounts together. */
export const manualNumbers = pgTable('manual_numbers', {
  number: bigserial('number', { mode: 'number' }).primaryKey(),
  tenantId: tenantId(),
  account: text('account').notNull(),
  by: text('by').notNull(),
  atUs: us('at_us').notNull(),
})

/** Definitions as they were last told by ingest, so that a restart does not depend on it. */
export const tradedInstruments = pgTable(
  'traded_instruments',
  {
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    tenantId: tenantId(),
    definition: jsonb('definition').notNull(),
  },
  (table) => [primaryKey({ columns: [table.venue, table.instrument] })],
)

export { paperFills, paperOrders, paperRequests } from './paper.ts'
