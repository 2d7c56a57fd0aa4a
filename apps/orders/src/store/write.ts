import type { Database, Transaction } from '@contrail/db'
import { subjects } from '@contrail/contracts'
import { averagePrice, cumQuantity, leavesQuantity, statusOf, termsOf } from '@contrail/trading'
import { TERMINAL_STATUSES } from '@contrail/contracts'
import type { Attempt, Batch, Head, Held, NewFill, Report } from '../account/held.ts'

/** Another process owns the account now. Nothing was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}
export type StoredReport = { readonly id: number; readonly subject: string; readonly body: Report }
export type Writer = { readonly database: Database; readonly tenant: string; readonly account: string }

/** One transaction: fence, orders, attempts, fills, reports, inbox, head. All or nothing; pipelined in one round trip. */
export async function writeBatch(
  writer: Writer,
  venue: string,
  epoch: number,
  batch: Batch,
  atUs: number,
): Promise<StoredReport[]> {
  const { account } = writer
  return await writer.database.sql.begin(async (tx) => {
    const fence = tx`
      select 1 from venue_leases where venue = ${venue} and account = ${account} and epoch = ${epoch} for share`
    const latest = new Map(batch.held.map((one) => [one.held.head.orderId, one.held]))
    const inserts = new Set(batch.held.filter((one) => one.insert).map((one) => one.held.head.orderId))
    const orders = [...latest].map(([orderId, held]) =>
      inserts.has(orderId) ? insertOrder(tx, writer, held) : updateOrder(tx, held),
    )
    const attempts = batch.attempts.map((one) =>
      one.insert
        ? insertAttempt(tx, writer, one.orderId, one.attempt)
        : updateAttempt(tx, one.orderId, one.attempt, atUs),
    )
    const fills = batch.fills.map((fill) => insertFill(tx, writer, fill, atUs))
    const reports = batch.reports.map((report) => insertReport(tx, writer, report))
    const rest = [
      ...batch.quarantined.map(
        (one) => tx`
          insert into order_quarantine (tenant_id, account, order_id, event, cause, at_us)
          values (${writer.tenant}, ${account}, ${one.orderId ?? null}, ${tx.json(one.event as never)}, ${one.cause},
            ${atUs})`,
      ),
      ...(batch.head ? [writeHead(tx, writer, batch.head)] : []),
      ...(batch.inbox
        ? [
            tx`
              insert into orders_inbox (stream, incarnation, sequence, tenant_id)
              values (${batch.inbox.stream}, ${batch.inbox.incarnation}, ${batch.inbox.sequence}, ${writer.tenant})
              on conflict do nothing`,
          ]
        : []),
      ...(batch.venueCursor === undefined
        ? []
        : [
            tx`
              insert into venue_cursors (venue, account, tenant_id, cursor)
              values (${venue}, ${account}, ${writer.tenant}, ${batch.venueCursor})
              on conflict (venue, account) do update set cursor = greatest(venue_cursors.cursor, excluded.cursor)`,
          ]),
    ]
    // A statement is sent when it is first waited for: the order of this list is the order on the wire.
    const [[held], , , , stored] = await Promise.all([
      fence.execute(),
      Promise.all(orders),
      Promise.all(attempts),
      Promise.all(fills),
      Promise.all(reports),
      Promise.all(rest),
    ])
    if (!held) throw new Fenced(`${venue}/${account}: epoch ${epoch} is over`)
    return stored.map((rows, at) => {
      const body = batch.reports[at] as Report
      return { id: (rows[0] as { id: number }).id, subject: subjects.confirm(body.account, body.strategy), body }
    })
  })
}

export const isOpen = (held: Held): boolean =>
  !TERMINAL_STATUSES.has(statusOf(held.order)) || held.attempts.some((one) => unsettled(one))
/** A request of which nobody knows what became of it. */
export const unsettled = (attempt: Attempt): boolean => attempt.state === 'persisted' || attempt.state === 'unknown'

/** Fills are rows of their own; the state is kept without them. */
export const stateOf = (held: Held) => ({ ...held.order, fills: {} })

function insertOrder(tx: Transaction, writer: Writer, held: Held) {
  const { head, order } = held
  return tx`
    insert into orders (order_id, tenant_id, account, strategy, venue, instrument, intent, request, state, status, open,
      quantity, cum_quantity, leaves_quantity, average_price, cl_ord_id, reason, checks, stream, incarnation, sequence,
      decided_us, created_us, updated_us)
    values (${head.orderId}, ${writer.tenant}, ${head.account}, ${head.strategy}, ${head.venue}, ${head.instrument},
      ${tx.json(head.intent)}, ${head.request ? tx.json(head.request) : null}, ${tx.json(stateOf(held) as never)},
      ${statusOf(order)}, ${isOpen(held)}, ${termsOf(order).quantity}, ${cumQuantity(order)}, ${leavesQuantity(order)},
      ${averagePrice(order) ?? null}, ${held.origin ?? null}, ${order.reason ? tx.json(order.reason) : null},
      ${tx.json(head.checks as never)}, ${head.source.stream}, ${head.source.incarnation}, ${head.source.sequence},
      ${head.decidedUs}, ${head.createdUs}, ${held.updatedUs})`
}

function updateOrder(tx: Transaction, held: Held) {
  const { order } = held
  return tx`
    update orders set state = ${tx.json(stateOf(held) as never)}, status = ${statusOf(order)}, open = ${isOpen(held)},
      quantity = ${termsOf(order).quantity}, cum_quantity = ${cumQuantity(order)},
      leaves_quantity = ${leavesQuantity(order)}, average_price = ${averagePrice(order) ?? null},
      cl_ord_id = ${held.origin ?? null}, reason = ${order.reason ? tx.json(order.reason) : null},
      updated_us = ${held.updatedUs}
    where order_id = ${held.head.orderId}`
}

function insertAttempt(tx: Transaction, writer: Writer, orderId: string, attempt: Attempt) {
  return tx`
    insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
      valid_until_us, created_us)
    values (${orderId}, ${attempt.attempt}, ${writer.tenant}, ${writer.account}, ${attempt.kind}, ${attempt.clOrdId},
      ${attempt.epoch}, ${attempt.state}, ${tx.json(attempt.body as never)}, ${attempt.validUntilUs},
      ${attempt.createdUs})`
}

function updateAttempt(tx: Transaction, orderId: string, attempt: Attempt, atUs: number) {
  return tx`
    update order_attempts set state = ${attempt.state}, answered_us = ${atUs}
    where order_id = ${orderId} and attempt = ${attempt.attempt}`
}

function insertFill(tx: Transaction, writer: Writer, { held, fill }: NewFill, atUs: number) {
  const { head } = held
  return tx`
    insert into fills (tenant_id, account, strategy, venue, instrument, trade_id, order_id, side, quantity, price, fee,
      fee_asset, liquidity, venue_time_us, at_us)
    values (${writer.tenant}, ${writer.account}, ${head.strategy}, ${head.venue}, ${head.instrument}, ${fill.tradeId},
      ${head.orderId}, ${head.intent.side}, ${fill.quantity}, ${fill.price}, ${fill.fee}, ${fill.feeAsset},
      ${fill.liquidity}, ${fill.venueTimeUs}, ${atUs})`
}

function insertReport(tx: Transaction, writer: Writer, report: Report) {
  return tx`
    insert into executions (tenant_id, account, order_id, subject, body)
    values (${writer.tenant}, ${writer.account}, ${report.orderId},
      ${subjects.confirm(report.account, report.strategy)}, ${tx.json(report as never)})
    returning id`
}

function writeHead(tx: Transaction, writer: Writer, head: Head) {
  return tx`
    insert into decision_heads (account, strategy, tenant_id, number, index)
    values (${writer.account}, ${head.strategy}, ${writer.tenant}, ${head.number}, ${head.index})
    on conflict (account, strategy) do update set number = excluded.number, index = excluded.index`
}
