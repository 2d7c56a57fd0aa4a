import { subjects } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { averagePrice, cumQuantity, leavesQuantity, statusOf, termsOf } from '@contrail/trading'
import type { Batch, Held } from '../account/held.ts'
import type { Part } from './statement.ts'
import { isOpen, stateOf } from './write.ts'

/*
 * Parts of the one statement that writes a batch. Rows go in as JSON, so that a part has one text whatever their number.
 * What there is nothing of is left out. Decimals are strings there, and read as NUMERIC.
 */
type Text = Part['text']

export function ordersOf(sql: Sql, batch: Batch): Part[] {
  const latest = new Map(batch.held.map((one) => [one.held.head.orderId, one.held]))
  const inserts = new Set(batch.held.filter(isNew).map((one) => one.held.head.orderId))
  const made = [...latest.values()].filter(({ head }) => inserts.has(head.orderId))
  const changed = [...latest.values()].filter(({ head }) => !inserts.has(head.orderId))
  return [
    ...(made.length > 0 ? [{ name: 'placed', text: PLACED, values: [json(sql, made.map(placing))] }] : []),
    ...amongOf(sql, 'moved', MOVED, changed.map(changing)),
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

const placing = (held: Held) => {
  const { account, strategy, venue, instrument, intent, checks, source, decidedUs, createdUs } = held.head
  const request = held.head.request ?? null
  const head = { account, strategy, venue, instrument, intent, request, checks, ...source }
  return { ...head, ...changing(held), decided_us: decidedUs, created_us: createdUs }
}

const json = (sql: Sql, rows: unknown) => sql.json(rows as never)

/**
 * A change of rows of orders. Their names are said once more beside the rows: a plan for rows of unknown number reads the
 * whole table, one for a name its index.
 */
function amongOf(sql: Sql, name: string, text: (rows: string, among: string) => string, rows: Changed[]): Part[] {
  const names = rows.map((row) => row.order_id)
  const one: Part = { name, text: (at, id) => text(at, `= ${id}`), values: [json(sql, rows), names[0]] }
  const some: Part = {
    name: `${name}_some`,
    text: (at, ids) => text(at, `= any(${ids}::text[])`),
    values: [json(sql, rows), names],
  }
  return names.length === 0 ? [] : names.length === 1 ? [one] : [some]
}
type Changed = { readonly order_id: string }

const PLACED: Text = (rows) => `
  insert into orders (order_id, tenant_id, account, strategy, venue, instrument, intent, request, state, status, open,
    quantity, cum_quantity, leaves_quantity, average_price, cl_ord_id, reason, checks, stream, incarnation,
    sequence, decided_us, created_us, updated_us)
  select o.order_id, tenant, o.account, o.strategy, o.venue, o.instrument, o.intent, o.request, o.state, o.status,
    o.open, o.quantity, o.cum_quantity, o.leaves_quantity, o.average_price, o.cl_ord_id, o.reason, o.checks,
    o.stream, o.incarnation, o.sequence, o.decided_us, o.created_us, o.updated_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as o (order_id text, account text, strategy text,
    venue text, instrument text, intent jsonb, request jsonb, state jsonb, status text, open boolean,
    quantity numeric, cum_quantity numeric, leaves_quantity numeric, average_price numeric, cl_ord_id text,
    reason jsonb, checks jsonb, stream text, incarnation text, sequence bigint, decided_us bigint,
    created_us bigint, updated_us bigint)`

const MOVED = (rows: string, among: string) => `
  update orders set state = o.state, status = o.status, open = o.open, quantity = o.quantity,
    cum_quantity = o.cum_quantity, leaves_quantity = o.leaves_quantity, average_price = o.average_price,
    cl_ord_id = o.cl_ord_id, reason = o.reason, updated_us = o.updated_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as o (order_id text, state jsonb, status text, open boolean,
    quantity numeric, cum_quantity numeric, leaves_quantity numeric, average_price numeric, cl_ord_id text,
    reason jsonb, updated_us bigint)
  where orders.order_id = o.order_id and orders.order_id ${among}`

/** One row is written once in a statement: of several words about an attempt the last one holds. */
export function attemptsOf(sql: Sql, batch: Batch, atUs: number): Part[] {
  const latest = new Map<string, { insert: boolean; row: Changed }>()
  for (const { orderId, attempt, insert } of batch.attempts) {
    const name = `${orderId} ${attempt.attempt}`
    const { clOrdId, validUntilUs, createdUs, ...same } = attempt
    const names = { cl_ord_id: clOrdId, valid_until_us: validUntilUs, created_us: createdUs }
    const row = { order_id: orderId, ...same, ...names, answered_us: insert ? null : atUs }
    latest.set(name, { insert: insert || latest.get(name)?.insert === true, row })
  }
  const rowsOf = (insert: boolean) => [...latest.values()].filter((one) => one.insert === insert).map(({ row }) => row)
  const made = rowsOf(true)
  return [
    ...(made.length > 0 ? [{ name: 'attempted', text: ATTEMPTED, values: [json(sql, made)] }] : []),
    ...amongOf(sql, 'answered', ANSWERED, rowsOf(false)),
  ]
}

const ATTEMPTED: Text = (rows) => `
  insert into order_attempts (order_id, attempt, tenant_id, account, kind, cl_ord_id, epoch, state, body,
    valid_until_us, created_us, answered_us)
  select a.order_id, a.attempt, tenant, account, a.kind, a.cl_ord_id, a.epoch, a.state, a.body,
    a.valid_until_us, a.created_us, a.answered_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as a (order_id text, attempt int, kind text, cl_ord_id text,
    epoch bigint, state text, body jsonb, valid_until_us bigint, created_us bigint, answered_us bigint)`

const ANSWERED = (rows: string, among: string) => `
  update order_attempts set state = a.state, answered_us = a.answered_us, head = null
  from fence, jsonb_to_recordset(${rows}::jsonb) as a (order_id text, attempt int, state text, answered_us bigint)
  where order_attempts.order_id = a.order_id and order_attempts.attempt = a.attempt
    and order_attempts.order_id ${among}`

export function fillsOf(sql: Sql, batch: Batch): Part[] {
  if (batch.fills.length === 0) return []
  const rows = batch.fills.map(({ held: { head }, fill }, at) => {
    const { strategy, venue, instrument, orderId } = head
    const { tradeId, quantity, price, fee, feeAsset, liquidity, venueTimeUs } = fill
    const names = { order_id: orderId, trade_id: tradeId, fee_asset: feeAsset, venue_time_us: venueTimeUs }
    return { at, strategy, venue, instrument, side: head.intent.side, quantity, price, fee, liquidity, ...names }
  })
  return [{ name: 'filled', text: FILLED, values: [json(sql, rows)] }]
}

const FILLED: Text = (rows) => `
  insert into fills (tenant_id, account, strategy, venue, instrument, trade_id, order_id, side, quantity, price, fee,
    fee_asset, liquidity, venue_time_us, at_us)
  select tenant, account, f.strategy, f.venue, f.instrument, f.trade_id, f.order_id, f.side, f.quantity, f.price, f.fee,
    f.fee_asset, f.liquidity, f.venue_time_us, at_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as f (at int, strategy text, venue text, instrument text,
    trade_id text, order_id text, side text, quantity numeric, price numeric, fee numeric, fee_asset text,
    liquidity text, venue_time_us bigint)
  order by f.at`

/** Sorted before they get their ids: they are published in the order of these. */
export function reportsOf(sql: Sql, batch: Batch): Part[] {
  if (batch.reports.length === 0) return []
  const rows = batch.reports.map((body, at) => ({
    at,
    order_id: body.orderId,
    subject: subjects.confirm(body.account, body.strategy),
    body,
  }))
  return [{ name: 'told', text: TOLD, values: [json(sql, rows)] }]
}

const TOLD: Text = (rows) => `
  insert into executions (tenant_id, account, order_id, subject, body)
  select tenant, account, e.order_id, e.subject, e.body
  from fence, jsonb_to_recordset(${rows}::jsonb) as e (at int, order_id text, subject text, body jsonb)
  order by e.at returning id`

export function quarantinedOf(sql: Sql, batch: Batch): Part[] {
  if (batch.quarantined.length === 0) return []
  const rows = batch.quarantined.map(({ orderId, event, cause }) => ({ order_id: orderId ?? null, event, cause }))
  return [{ name: 'quarantined', text: QUARANTINED, values: [json(sql, rows)] }]
}

const QUARANTINED: Text = (rows) => `
  insert into order_quarantine (tenant_id, account, order_id, event, cause, at_us)
  select tenant, account, q.order_id, q.event, q.cause, at_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as q (order_id text, event jsonb, cause text)`

/** How far we are: in the decisions of a strategy, in the venue's fills. */
export function cursorsOf(venue: string, batch: Batch): Part[] {
  const { venueCursor } = batch
  const head = batch.head ?? batch.held.find(({ held }) => held.unwritten)?.held.unwritten
  return [
    ...(head ? [{ name: 'marked', text: MARKED, values: [head.strategy, head.number, head.index] }] : []),
    ...(venueCursor === undefined ? [] : [{ name: 'told_through', text: TOLD_THROUGH, values: [venue, venueCursor] }]),
  ]
}

const MARKED: Text = (strategy, number, index) => `
  insert into decision_heads (account, strategy, tenant_id, number, index)
  select account, ${strategy}, tenant, ${number}::bigint, ${index}::int from fence
  on conflict (account, strategy) do update set number = excluded.number, index = excluded.index`

const TOLD_THROUGH: Text = (venue, cursor) => `
  insert into venue_cursors (venue, account, tenant_id, cursor)
  select ${venue}, account, tenant, ${cursor}::bigint from fence
  on conflict (venue, account) do update set cursor = greatest(venue_cursors.cursor, excluded.cursor)`
