import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantId, writtenUs } from './columns.ts'

/*
 * Tables that a later migration drops. The baseline still makes them: databases that were made by it know it by its hash.
 * Nothing reads or writes them.
 */

/** Dropped by trade/0250: `decision_heads` is what makes a repeat harmless. */
export const ordersInbox = pgTable(
  'orders_inbox',
  {
    stream: text('stream').notNull(),
    incarnation: text('incarnation').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    tenantId: tenantId(),
    writtenUs: writtenUs(),
  },
  (table) => [primaryKey({ columns: [table.stream, table.incarnation, table.sequence] })],
)

/** Dropped by trade/0260: the venue's own trade id is what makes a repeat harmless. */
export const portfolioInbox = pgTable(
  'portfolio_inbox',
  {
    stream: text('stream').notNull(),
    incarnation: text('incarnation').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    tenantId: tenantId(),
    writtenUs: writtenUs(),
  },
  (table) => [primaryKey({ columns: [table.stream, table.incarnation, table.sequence] })],
)
