import { index, pgTable, text } from 'drizzle-orm/pg-core'
import { tenantId, writtenUs } from './columns.ts'

/** A tenant is its own first row: the policy shows it only to itself. */
export const tenants = pgTable('tenants', {
  tenantId: tenantId().primaryKey(),
  name: text('name').notNull(),
  writtenUs: writtenUs(),
})

/** A venue account. Its id is unique across tenants. */
export const accounts = pgTable(
  'accounts',
  {
    account: text('account').primaryKey(),
    tenantId: tenantId().references(() => tenants.tenantId),
    /** `paper`, or the name of a venue adapter. */
    venueKind: text('venue_kind').notNull(),
    /** What P&L and equity are shown in. */
    currency: text('currency').notNull(),
    writtenUs: writtenUs(),
  },
  (table) => [index('accounts_tenant').on(table.tenantId)],
)
