import { orderView, refuse } from '@contrail/contracts'
import type { Confirm, ExplainView, FillView, OrderView, PlaceIntent, Reason } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { reportsOf } from '@contrail/trading'
import type { RiskCheck } from '@contrail/trading'
import { z } from 'zod'

const LIMIT_MAX = 500
export const listQuery = z.strictObject({
  account: z.string().optional(),
  strategy: z.string().optional(),
  instrument: z.string().optional(),
  status: z.enum(['open', 'all']).default('all'),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(100),
  cursor: z.string().max(200).optional(),
})
export type ListQuery = z.infer<typeof listQuery>
export type Page<T> = { items: T[]; next?: string }

type OrderRow = {
  orderId: string
  clOrdId: string | null
  account: string
  strategy: string
  venue: string
  instrument: string
  intent: PlaceIntent
  price: string | null
  stopPrice: string | null
  quantity: string
  status: string
  cumQuantity: string
  leavesQuantity: string
  averagePrice: string | null
  reason: Reason | null
  createdUs: number
  updatedUs: number
}

const COLUMNS = `order_id as "orderId", cl_ord_id as "clOrdId", account, strategy, venue, instrument, intent,
  quantity::text, status, cum_quantity::text as "cumQuantity", leaves_quantity::text as "leavesQuantity",
  average_price::text as "averagePrice", reason, created_us as "createdUs", updated_us as "updatedUs"`

function viewOf(row: OrderRow): OrderView {
  const { intent, ...rest } = row
  const { side, orderType, timeInForce, price, stopPrice } = intent
  return orderView.parse({
    ...rest,
    side,
    orderType,
    timeInForce,
    price: price ?? null,
    stopPrice: stopPrice ?? null,
  }) as OrderView
}

/** Newest first. The cursor is the last row's place, so a page does not move when orders come in. */
export async function listOrders({ sql }: Database, query: ListQuery): Promise<Page<OrderView>> {
  const [beforeUs, beforeId] = splitCursor(query.cursor)
  const rows = await sql<OrderRow[]>`
    select ${sql.unsafe(COLUMNS)} from orders
    where ${query.account ? sql`account = ${query.account}` : sql`true`}
      and ${query.strategy ? sql`strategy = ${query.strategy}` : sql`true`}
      and ${query.instrument ? sql`instrument = ${query.instrument}` : sql`true`}
      and ${query.status === 'open' ? sql`open` : sql`true`}
      and ${beforeUs === undefined ? sql`true` : sql`(created_us, order_id) < (${beforeUs}, ${beforeId as string})`}
    order by created_us desc, order_id desc limit ${query.limit + 1}`
  const items = rows.slice(0, query.limit)
  const last = items.at(-1)
  const more = rows.length > query.limit && last
  return { items: items.map(viewOf), ...(more ? { next: `${last.createdUs}.${last.orderId}` } : {}) }
}

function splitCursor(cursor: string | undefined): [number, string] | [undefined, undefined] {
  if (cursor === undefined) return [undefined, undefined]
  const point = cursor.indexOf('.')
  const us = Number(cursor.slice(0, point))
  if (point < 1 || !Number.isSafeInteger(us)) throw refuse('invalid', 'cursor', cursor, 'give the "next" of a page')
  return [us, cursor.slice(point + 1)]
}

export async function oneOrder({ sql }: Database, orderId: string): Promise<OrderView> {
  const [row] = await sql<OrderRow[]>`select ${sql.unsafe(COLUMNS)} from orders where order_id = ${orderId}`
  if (!row) throw refuse('not_found', 'orderId', orderId, 'list the orders and give the id of one')
  return viewOf(row)
}

type FillRow = FillView & { id?: number }

export async function listFills({ sql }: Database, query: ListQuery): Promise<Page<FillView>> {
  const before = query.cursor === undefined ? undefined : Number(query.cursor)
  if (before !== undefined && !Number.isSafeInteger(before))
    throw refuse('invalid', 'cursor', query.cursor, 'give the "next" of a page')
  const rows = await sql<FillRow[]>`
    select id, order_id as "orderId", account, strategy, venue, instrument, side, trade_id as "tradeId",
      quantity::text, price::text, fee::text, fee_asset as "feeAsset", liquidity, venue_time_us as "venueTimeUs",
      at_us as "atUs"
    from fills
    where ${query.account ? sql`account = ${query.account}` : sql`true`}
      and ${query.strategy ? sql`strategy = ${query.strategy}` : sql`true`}
      and ${query.instrument ? sql`instrument = ${query.instrument}` : sql`true`}
      and ${before === undefined ? sql`true` : sql`id < ${before}`}
    order by id desc limit ${query.limit + 1}`
  const page = rows.slice(0, query.limit)
  const last = page.at(-1)
  const next = rows.length > query.limit && last ? { next: String(last.id) } : {}
  for (const row of page) delete row.id
  return { items: page, ...next }
}

type Explained = {
  order: OrderView
  source: { stream: string; incarnation: string; sequence: number }
  checks: RiskCheck[]
  attempts: (ExplainView['attempts'][number] & { kind: string })[]
  reports: Confirm[]
}

/** Everything that is stored about one order; the decision itself is in its stream. */
export async function explainOrder(database: Database, orderId: string): Promise<Explained> {
  const { sql } = database
  const order = await oneOrder(database, orderId)
  const [[head], attempts, reports] = await Promise.all([
    sql<{ stream: string; incarnation: string; sequence: number; checks: RiskCheck[] }[]>`
      select stream, incarnation, sequence, checks from orders where order_id = ${orderId}`,
    sql<Explained['attempts']>`
      select attempt, kind, cl_ord_id as "clOrdId", state, created_us as "atUs" from order_attempts
      where order_id = ${orderId} order by attempt`,
    sql<{ id: number; body: Omit<Confirm, 'reportId'> }[]>`
      select id, body from executions where order_id = ${orderId} order by id`,
  ])
  if (!head) throw refuse('not_found', 'orderId', orderId, 'list the orders and give the id of one')
  const { checks, ...source } = head
  const told = reports.flatMap(({ id, body }) => reportsOf({ ...body, reportId: String(id) }))
  return { order, source, checks, attempts: [...attempts], reports: told }
}
