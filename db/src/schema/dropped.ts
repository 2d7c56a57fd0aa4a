import { bigint, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantId, writtenUs } from './columns.ts'

/*
 * Tables that a later migration drops. The baseline still makes them: databases that were made by it know it by its hash.
 * Nothing reads or writes them.
 */
const inbox = (name: string) =>
  pgTable(
    name,
    {
      stream: text('stream').notNull(),
      incarnation: text('incarnation').notNull(),
      sequence: bigint('sequence', { mode: 'number' }).notNull(),
      tenantId: tenantId(),
      writtenUs: writtenUs(),
    },
    (table) => [primaryKey({ columns: [table.stream, table.incarnation, table.sequence] })],
  )

/** Dropped by trade/0250: `decision_heads` is what makes a repeat harmless. */
export const ordersInbox = inbox('orders_inbox')
/** Dropped by trade/0260: the venue's own trade id is what makes a repeat harmless. */
export const portfolioInbox = inbox('portfolio_inbox')
