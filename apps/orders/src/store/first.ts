import { averagePrice, cumQuantity, leavesQuantity, statusOf, termsOf } from '@contrail/trading'
import type { Attempt, Batch, Head, Held } from '../account/held.ts'
import { Fenced, isOpen, stateOf } from './write.ts'
import type { Writer } from './write.ts'

export type First = { readonly held: Held; readonly attempt: Attempt; readonly head: Head }

/** A batch that is a new order with its first attempt and nothing else: what every placed order waits for. */
export function firstOf(batch: Batch): First | undefined {
  const held = batch.held.at(-1)
  const [attempt, ...more] = batch.attempts
  const others = batch.fills.length + batch.reports.length + batch.quarantined.length + more.length
  const inserts = batch.held.some((one) => one.insert) && attempt?.insert === true
  const single = held && batch.held.every((one) => one.held.head.orderId === held.held.head.orderId)
  if (!inserts || !single || others > 0 || batch.inbox || batch.venueCursor !== undefined || !batch.head)
    return undefined
  return { held: held.held, attempt: attempt.attempt, head: batch.head }
}

/** The same rows as `writeBatch` would write, as one statement: one round trip instead of three before the request. */
export async function writeFirst(writer: Writer, venue: string, epoch: number, first: First): Promise<void> {
  const { sql } = writer.database
  const { held, attempt, head: mark } = first
  const { head, order } = held
  const { account, tenant } = writer
  const json = (value: unknown) => sql.json(value as never)
  const rows = await sql`
    with fence as (
      select 1 from venue_leases where venue = ${venue} and account = ${account} and epoch = ${epoch} for share
    ), placed as (
      insert into orders (order_id, tenant_id, account, strategy, venue, instrument, intent, request, state, status, open,
        quantity, cum_quantity, leaves_quantity, average_price, cl_ord_id, checks, stream, incarnation, sequence,
        decided_us, created_us, updated_us)
      select ${head.orderId}, ${tenant}, ${account}, ${head.strategy}, ${head.venue}, ${head.instrument},
        ${json(head.intent)}::jsonb, ${json(head.request ?? null)}::jsonb, ${json(stateOf(held))}::jsonb,
        ${statusOf(order)}, ${isOpen(held)}::boolean, ${termsOf(order).quantity}::numeric, ${cumQuantity(order)}::numeric,
        ${leavesQuantity(order)}::numeric, ${averagePrice(order) ?? null}::numeric, ${held.origin ?? null},
        ${json(head.checks)}::jsonb, ${head.source.stream}, ${head.source.incarnation}, ${head.source.sequence}::bigint,
        ${head.decidedUs}::bigint, ${head.createdUs}::bigint, ${held.updatedUs}::bigint
      from fence
    ), attempted as (
      insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
        valid_until_us, created_us)
      select ${head.orderId}, ${attempt.attempt}::int, ${tenant}, ${account}, ${attempt.kind}, ${attempt.clOrdId},
        ${attempt.epoch}::bigint, ${attempt.state}, ${json(attempt.body)}::jsonb, ${attempt.validUntilUs}::bigint,
        ${attempt.createdUs}::bigint
      from fence
    ), marked as (
      insert into decision_heads (account, strategy, tenant_id, number, index)
      select ${account}, ${mark.strategy}, ${tenant}, ${mark.number}::bigint, ${mark.index}::int from fence
      on conflict (account, strategy) do update set number = excluded.number, index = excluded.index
    )
    select 1 from fence`
  if (rows.length === 0) throw new Fenced(`${venue}/${account}: epoch ${epoch} is over`)
}
