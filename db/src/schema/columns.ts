import { sql } from 'drizzle-orm'
import { bigint, customType, text } from 'drizzle-orm/pg-core'

/** Microseconds since the epoch, UTC. Exact in a double until the year 2255. */
export const us = (name: string) => bigint(name, { mode: 'number' })

/** The tenant that owns the row. Row-level security is put on every table that has this column. */
export const tenantId = () => text('tenant_id').notNull()

/** When the database wrote the row: for people, never for logic. */
export const writtenUs = () =>
  us('written_us')
    .notNull()
    .default(sql`(extract(epoch from clock_timestamp()) * 1000000)::bigint`)

export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' })
