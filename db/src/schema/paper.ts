import { sql } from 'drizzle-orm'
import { bigint, bigserial, boolean, index, jsonb, numeric, pgTable } from 'drizzle-orm/pg-core'
import { primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { tenantId, us, writtenUs } from './columns.ts'

/** The paper venue's own books: every request as it was received, repeats included. */
export const paperRequests = pgTable(
  'paper_requests',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    kind: text('kind').$type<'place' | 'cancel' | 'amend'>().notNull(),
    clOrdId: text('cl_ord_id').notNull(),
    /** The order that a cancel or amend is about. */
    origin: text('origin').notNull(),
    epoch: bigint('epoch', { mode: 'number' }).notNull(),
    body: jsonb('body').notNull(),
    outcome: text('outcome').$type<'accepted' | 'rejected' | 'duplicate'>().notNull(),
    reason: jsonb('reason'),
    receivedUs: us('received_us').notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [index('paper_requests_cl_ord_id').on(table.account, table.clOrdId, table.id)],
)

export const paperOrders = pgTable(
  'paper_orders',
  {
    account: text('account').notNull(),
    clOrdId: text('cl_ord_id').notNull(),
    tenantId: tenantId(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    orderType: text('order_type').notNull(),
    /** What it hung on when it came: an order whose fills it waits for, and the first one of its group. */
    parent: text('parent'),
    oco: text('oco'),
    open: boolean('open').notNull(),
    /** Of the pure venue: queue position, trigger, what is filled, how it ended. */
    state: jsonb('state').notNull(),
    updatedUs: us('updated_us').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.account, table.clOrdId] }),
    index('paper_orders_oco')
      .on(table.account, table.oco)
      .where(sql`oco is not null`),
  ],
)

export const paperFills = pgTable(
  'paper_fills',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    tenantId: tenantId(),
    account: text('account').notNull(),
    clOrdId: text('cl_ord_id').notNull(),
    venue: text('venue').notNull(),
    instrument: text('instrument').notNull(),
    /** The strategy's virtual sub-account. */
    subAccount: text('sub_account').notNull(),
    side: text('side').$type<'buy' | 'sell'>().notNull(),
    tradeId: text('trade_id').notNull(),
    quantity: numeric('quantity').notNull(),
    price: numeric('price').notNull(),
    fee: numeric('fee').notNull(),
    feeAsset: text('fee_asset').notNull(),
    liquidity: text('liquidity').$type<'maker' | 'taker'>().notNull(),
    atUs: us('at_us').notNull(),
  },
  (table) => [
    uniqueIndex('paper_fills_trade').on(table.account, table.venue, table.instrument, table.tradeId),
    index('paper_fills_account').on(table.account, table.id),
  ],
)
