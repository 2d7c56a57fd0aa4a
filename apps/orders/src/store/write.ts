import type { Database } from '@contrail/db'
import { subjects } from '@contrail/contracts'
import { statusOf } from '@contrail/trading'
import { TERMINAL_STATUSES } from '@contrail/contracts'
import type { Attempt, Batch, Held, Report } from '../account/held.ts'
import { attemptsOf, cursorsOf, fillsOf, ordersOf, quarantinedOf, reportsOf } from './parts.ts'
import { fenceOf, statementOf } from './statement.ts'

/** Another process owns the account now. Nothing was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}
export type StoredReport = { readonly id: number; readonly subject: string; readonly body: Report }
export type Writer = { readonly database: Database; readonly tenant: string; readonly account: string }

/** Fence, orders, attempts, fills, reports, head: all or nothing. */
export async function writeBatch(
  writer: Writer,
  venue: string,
  epoch: number,
  batch: Batch,
  atUs: number,
): Promise<StoredReport[]> {
  const { account, tenant } = writer
  const { sql } = writer.database
  const parts = [
    fenceOf({ venue, account, epoch, tenant, atUs }),
    ...ordersOf(sql, batch),
    ...attemptsOf(sql, batch, atUs),
    ...fillsOf(sql, batch),
    ...reportsOf(sql, batch),
    ...quarantinedOf(sql, batch),
    ...cursorsOf(venue, batch),
  ]
  const ids = batch.reports.length > 0 ? 'array(select id from told order by id)' : `'{}'::bigint[]`
  const [done] = await statementOf<{ ids: number[] }>(sql, parts, `select ${ids} as ids from fence`)
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
