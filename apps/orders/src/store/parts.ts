import { subjects } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { averagePrice, cumQuantity, leavesQuantity, statusOf, termsOf } from '@contrail/trading'
import type { Batch, Held } from '../account/held.ts'
import { isOpen, stateOf } from './write.ts'
import type { Writer } from './write.ts'

/*
 * Parts of the one statement that writes a batch. Rows go in as JSON, so that a part has one text whatever their number
 * and is prepared once. What there is nothing of is left out. Decimals are strings there, and read as NUMERIC.
 */
type Part = ReturnType<typeof update>

export function ordersOf(writer: Writer, batch: Batch): Part[] {
  const latest = new Map(batch.held.map((one) => [one.held.head.orderId, one.held]))
  const inserts = new Set(batch.held.filter(isNew).map((one) => one.held.head.orderId))
  const made = [...latest.values()].filter(({ head }) => inserts.has(head.orderId))
  const changed = [...latest.values()].filter(({ head }) => !inserts.has(head.orderId))
  return [
    ...(made.length > 0 ? [insertOrders(writer, made)] : []),
    ...(changed.length > 0 ? [update(writer, changed)] : []),
  ]
}

/** Its row is not there yet. */
const isNew = (one: Batch['held'][number]): boolean => one.insert || one.held.unwritten !== undefined

/** What changes of an order. */
const changing = (held: Held) => ({
  order_id: held.head.orderId,
  state: stateOf(held),
  status: statusOf(held.order),
  open: isOpen(held),
  quantity: termsOf(held.order).quantity,
  cum_quantity: cumQuantity(held.order),
  leaves_quantity: leavesQuantity(held.order),
  average_price: averagePrice(held.order) ?? null,
  cl_ord_id: held.origin ?? null,
  reason: held.order.reason ?? null,
  updated_us: held.updatedUs,
})

/** Said once more beside the rows: a plan for rows of unknown number reads the whole table, one for a name its index. */
const among = (sql: Sql, names: readonly string[]) =>
  names.length === 1 ? sql`= ${names[0] as string}` : sql`= any(${[...names]}::text[])`

function insertOrders({ database: { sql }, tenant }: Writer, made: readonly Held[]) {
  const rows = made.map((held) => {
    const { account, strategy, venue, instrument, intent, checks, source, decidedUs, createdUs } = held.head
    const request = held.head.request ?? null
    const head = { account, strategy, venue, instrument, intent, request, checks, ...source }
    return { ...head, ...changing(held), decided_us: decidedUs, created_us: createdUs }
  })
  return sql`
    placed as (
      insert into orders (order_id, tenant_id, account, strategy, venue, instrument, intent, request, state, status, open,
        quantity, cum_quantity, leaves_quantity, average_price, cl_ord_id, reason, checks, stream, incarnation,
        sequence, decided_us, created_us, updated_us)
      select o.order_id, ${tenant}, o.account, o.strategy, o.venue, o.instrument, o.intent, o.request, o.state, o.status,
        o.open, o.quantity, o.cum_quantity, o.leaves_quantity, o.average_price, o.cl_ord_id, o.reason, o.checks,
        o.stream, o.incarnation, o.sequence, o.decided_us, o.created_us, o.updated_us
      from fence, jsonb_to_recordset(${sql.json(rows as never)}::jsonb) as o (order_id text, account text, strategy text,
        venue text, instrument text, intent jsonb, request jsonb, state jsonb, status text, open boolean,
        quantity numeric, cum_quantity numeric, leaves_quantity numeric, average_price numeric, cl_ord_id text,
        reason jsonb, checks jsonb, stream text, incarnation text, sequence bigint, decided_us bigint,
        created_us bigint, updated_us bigint)
    )`
}

function update({ database: { sql } }: Writer, changed: readonly Held[]) {
  return sql`
    moved as (
      update orders set state = o.state, status = o.status, open = o.open, quantity = o.quantity,
        cum_quantity = o.cum_quantity, leaves_quantity = o.leaves_quantity, average_price = o.average_price,
        cl_ord_id = o.cl_ord_id, reason = o.reason, updated_us = o.updated_us
      from fence, jsonb_to_recordset(${sql.json(changed.map(changing) as never)}::jsonb) as o (order_id text, state jsonb,
        status text, open boolean, quantity numeric, cum_quantity numeric, leaves_quantity numeric,
        average_price numeric, cl_ord_id text, reason jsonb, updated_us bigint)
      where orders.order_id = o.order_id and orders.order_id ${among(
        sql,
        changed.map(({ head }) => head.orderId),
      )}
    )`
}

/** One row is written once in a statement: of several words about an attempt the last one holds. */
export function attemptsOf({ database: { sql }, tenant, account }: Writer, batch: Batch, atUs: number): Part[] {
  const latest = new Map<string, { insert: boolean; row: Record<string, unknown> }>()
  for (const { orderId, attempt, insert } of batch.attempts) {
    const name = `${orderId} ${attempt.attempt}`
    const { clOrdId, validUntilUs, createdUs, ...same } = attempt
    const names = { cl_ord_id: clOrdId, valid_until_us: validUntilUs, created_us: createdUs }
    const row = { order_id: orderId, ...same, ...names, answered_us: insert ? null : atUs }
    latest.set(name, { insert: insert || latest.get(name)?.insert === true, row })
  }
  const rowsOf = (insert: boolean) => [...latest.values()].filter((one) => one.insert === insert).map(({ row }) => row)
  const [made, changed] = [rowsOf(true), rowsOf(false)]
  const inserted = () => sql`
    attempted as (
      insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
        valid_until_us, created_us, answered_us)
      select a.order_id, a.attempt, ${tenant}, ${account}, a.kind, a.cl_ord_id, a.epoch, a.state, a.body,
        a.valid_until_us, a.created_us, a.answered_us
      from fence, jsonb_to_recordset(${sql.json(made as never)}::jsonb) as a (order_id text, attempt int, kind text,
        cl_ord_id text, epoch bigint, state text, body jsonb, valid_until_us bigint, created_us bigint,
        answered_us bigint)
    )`
  const updated = () => sql`
    answered as (
      update order_attempts set state = a.state, answered_us = a.answered_us, head = null
      from fence, jsonb_to_recordset(${sql.json(changed as never)}::jsonb) as a (order_id text, attempt int, state text,
        answered_us bigint)
      where order_attempts.order_id = a.order_id and order_attempts.attempt = a.attempt
        and order_attempts.order_id ${among(
          sql,
          changed.map((row) => String(row['order_id'])),
        )}
    )`
  return [...(made.length > 0 ? [inserted()] : []), ...(changed.length > 0 ? [updated()] : [])]
}

export function fillsOf({ database: { sql }, tenant, account }: Writer, batch: Batch, atUs: number): Part[] {
  if (batch.fills.length === 0) return []
  const rows = batch.fills.map(({ held: { head }, fill }, at) => {
    const { strategy, venue, instrument, orderId } = head
    const { tradeId, quantity, price, fee, feeAsset, liquidity, venueTimeUs } = fill
    const names = { order_id: orderId, trade_id: tradeId, fee_asset: feeAsset, venue_time_us: venueTimeUs }
    return { at, strategy, venue, instrument, side: head.intent.side, quantity, price, fee, liquidity, ...names }
  })
  const part = sql`
    filled as (
      insert into fills (tenant_id, account, strategy, venue, instrument, trade_id, order_id, side, quantity, price, fee,
        fee_asset, liquidity, venue_time_us, at_us)
      select ${tenant}, ${account}, f.strategy, f.venue, f.instrument, f.trade_id, f.order_id, f.side, f.quantity,
        f.price, f.fee, f.fee_asset, f.liquidity, f.venue_time_us, ${atUs}::bigint
      from fence, jsonb_to_recordset(${sql.json(rows as never)}::jsonb) as f (at int, strategy text, venue text,
        instrument text, trade_id text, order_id text, side text, quantity numeric, price numeric, fee numeric,
        fee_asset text, liquidity text, venue_time_us bigint)
      order by f.at
    )`
  return [part]
}

/** Sorted before they get their ids: they are published in the order of these. */
export function reportsOf({ database: { sql }, tenant, account }: Writer, batch: Batch): Part[] {
  if (batch.reports.length === 0) return []
  const rows = batch.reports.map((body, at) => ({
    at,
    order_id: body.orderId,
    subject: subjects.confirm(body.account, body.strategy),
    body,
  }))
  const part = sql`
    told as (
      insert into executions (tenant_id, account, order_id, subject, body)
      select ${tenant}, ${account}, e.order_id, e.subject, e.body
      from fence, jsonb_to_recordset(${sql.json(rows as never)}::jsonb) as e (at int, order_id text, subject text,
        body jsonb)
      order by e.at returning id
    )`
  return [part]
}

export function quarantinedOf({ database: { sql }, tenant, account }: Writer, batch: Batch, atUs: number): Part[] {
  if (batch.quarantined.length === 0) return []
  const rows = batch.quarantined.map(({ orderId, event, cause }) => ({ order_id: orderId ?? null, event, cause }))
  const part = sql`
    quarantined as (
      insert into order_quarantine (tenant_id, account, order_id, event, cause, at_us)
      select ${tenant}, ${account}, q.order_id, q.event, q.cause, ${atUs}::bigint
      from fence, jsonb_to_recordset(${sql.json(rows as never)}::jsonb) as q (order_id text, event jsonb, cause text)
    )`
  return [part]
}

/** How far we are: in the decisions of a strategy, in the venue's fills. */
export function cursorsOf({ database: { sql }, tenant, account }: Writer, venue: string, batch: Batch): Part[] {
  const { venueCursor } = batch
  const head = batch.head ?? batch.held.find(({ held }) => held.unwritten)?.held.unwritten
  const parts: Part[] = []
  if (head)
    parts.push(sql`
      marked as (
        insert into decision_heads (account, strategy, tenant_id, number, index)
        select ${account}, ${head.strategy}, ${tenant}, ${head.number}::bigint, ${head.index}::int from fence
        on conflict (account, strategy) do update set number = excluded.number, index = excluded.index
      )`)
  if (venueCursor !== undefined)
    parts.push(sql`
      told_through as (
        insert into venue_cursors (venue, account, tenant_id, cursor)
        select ${venue}, ${account}, ${tenant}, ${venueCursor}::bigint from fence
        on conflict (venue, account) do update set cursor = greatest(venue_cursors.cursor, excluded.cursor)
      )`)
  return parts
}
