import type { Database } from '@contrail/db'
import { subjects } from '@contrail/contracts'
import { statusOf } from '@contrail/trading'
import { TERMINAL_STATUSES } from '@contrail/contracts'
import type { Attempt, Batch, Held, Report } from '../account/held.ts'
import { attemptsOf, cursorsOf, fillsOf, ordersOf, quarantinedOf, reportsOf } from './parts.ts'

/** Another process owns the account now. Nothing was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}
export type StoredReport = { readonly id: number; readonly subject: string; readonly body: Report }
export type Writer = { readonly database: Database; readonly tenant: string; readonly account: string }

/**
 * Fence, orders, attempts, fills, reports, head: all or nothing. One statement, so one commit and one round trip:
 * every part takes its rows from the fence, and without the epoch nothing is written.
 */
export async function writeBatch(
  writer: Writer,
  venue: string,
  epoch: number,
  batch: Batch,
  atUs: number,
): Promise<StoredReport[]> {
  const { account } = writer
  const { sql } = writer.database
  const fence = sql`
    fence as (
      select 1 from venue_leases where venue = ${venue} and account = ${account} and epoch = ${epoch} for share
    )`
  const [done] = await sql<{ ids: number[] }[]>`
    with ${[
      fence,
      ...ordersOf(writer, batch),
      ...attemptsOf(writer, batch, atUs),
      ...fillsOf(writer, batch, atUs),
      ...reportsOf(writer, batch),
      ...quarantinedOf(writer, batch, atUs),
      ...cursorsOf(writer, venue, batch),
    ].map((part, at) => (at === 0 ? part : sql`, ${part}`))}
    select ${batch.reports.length > 0 ? sql`array(select id from told order by id)` : sql`'{}'::bigint[]`} as ids
    from fence`
  if (!done) throw new Fenced(`${venue}/${account}: epoch ${epoch} is over`)
  return batch.reports.map((body, at) => {
    const id = done.ids[at]
    if (id === undefined) throw new Error(`${done.ids.length} of ${batch.reports.length} reports were stored`)
    return { id, subject: subjects.confirm(body.account, body.strategy), body }
  })
}

export const isOpen = (held: Held): boolean =>
  !TERMINAL_STATUSES.has(statusOf(held.order)) || held.attempts.some((one) => unsettled(one))
/** A request of which nobody knows what became of it. */
export const unsettled = (attempt: Attempt): boolean => attempt.state === 'persisted' || attempt.state === 'unknown'

/** Fills are rows of their own; the state is kept without them. */
export const stateOf = (held: Held) => ({ ...held.order, fills: {} })
