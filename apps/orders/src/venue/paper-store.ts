import { addDecimal, fromSteps, instrumentKey } from '@contrail/contracts'
import type { Fill, Instrument, Reason } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import type { VenueOrder, VenueReport } from '@contrail/trading'
import { fenceOf, statementOf } from '../store/statement.ts'
import type { Part } from '../store/statement.ts'
import type { Answer, VenueFill, VenuePosition } from './port.ts'

/** SQL of the paper venue's own books. Nothing here looks at the tables of orders, but for the lease. */
type Books = {
  readonly database: Database
  readonly tenant: string
  readonly account: string
  readonly instrumentOf: (key: string) => Instrument | undefined
}
export type PaperRequest = {
  readonly kind: 'place' | 'cancel' | 'amend'
  readonly clOrdId: string
  readonly origin: string
  readonly epoch: number
  readonly body: unknown
  readonly outcome: 'accepted' | 'rejected' | 'duplicate'
  readonly reason?: Reason
}
export type StepRows = {
  readonly orders: readonly VenueOrder[]
  readonly reports: readonly VenueReport[]
  readonly nowUs: number
}

const UNIQUE_VIOLATION = '23505'

/**
 * A request and all it did, or the note that it came before: one statement, so one commit and one round trip. The
 * sender's epoch is checked in it: a zombie's request is refused by the venue itself, as a real one refuses a signature
 * that is too old.
 */
export async function writeRequest(
  books: Books,
  request: PaperRequest,
  rows: StepRows,
): Promise<'written' | 'duplicate'> {
  try {
    await write(books, request.epoch, rows, [requestedOf(books, request), ...stepOf(books, rows)])
    return 'written'
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error
    await write(books, request.epoch, rows, [requestedOf(books, { ...request, outcome: 'duplicate' })])
    return 'duplicate'
  }
}

/** What the market did. Under the epoch in which these books were read: an older memory does not know what came since. */
export async function writeStep(books: Books, epoch: number, rows: StepRows): Promise<void> {
  await write(books, epoch, rows, stepOf(books, rows))
}

async function write(books: Books, epoch: number, { nowUs: atUs }: StepRows, parts: readonly Part[]): Promise<void> {
  const { account, tenant, database } = books
  const fence = fenceOf({ venue: 'paper', account, epoch, tenant, atUs })
  const held = await statementOf(database.sql, [fence, ...parts], 'select 1 from fence')
  if (held.length === 0) throw new Error(`paper: epoch ${epoch} of account ${account} is over`)
}

function requestedOf({ database: { sql } }: Books, request: PaperRequest): Part {
  const { kind, clOrdId, origin, epoch, body, outcome, reason } = request
  const json = (value: unknown) => sql.json(value as never)
  const values = [kind, clOrdId, origin, epoch, json(body), outcome, reason ? json(reason) : null]
  return { name: 'requested', text: REQUESTED, values }
}

const REQUESTED: Part['text'] = (kind, clOrdId, origin, epoch, body, outcome, reason) => `
  insert into paper_requests (tenant_id, account, kind, cl_ord_id, origin, epoch, body, outcome, reason, received_us)
  select tenant, account, ${kind}, ${clOrdId}, ${origin}, ${epoch}::bigint, ${body}::jsonb, ${outcome}, ${reason}::jsonb,
    at_us
  from fence`

/** As far as there are rows. They go in as JSON: one text whatever their number. */
function stepOf({ database: { sql } }: Books, rows: StepRows): Part[] {
  const orders = rows.orders.map((order) => {
    const { clOrdId, venue, instrument, orderType } = order
    const links = { parent: order.parent || null, oco: order.oco || null }
    const names = { cl_ord_id: clOrdId, venue, instrument, order_type: orderType }
    return { ...names, ...links, open: order.state !== 'done', state: order }
  })
  const fills = fillRows(rows)
  return [
    ...(orders.length > 0 ? [{ name: 'ordered', text: ORDERED, values: [sql.json(orders as never)] }] : []),
    ...(fills.length > 0 ? [{ name: 'filled', text: FILLED, values: [sql.json(fills as never)] }] : []),
  ]
}

const ORDERED: Part['text'] = (rows) => `
  insert into paper_orders (account, cl_ord_id, tenant_id, venue, instrument, order_type, parent, oco, open, state,
    updated_us)
  select account, o.cl_ord_id, tenant, o.venue, o.instrument, o.order_type, o.parent, o.oco, o.open, o.state, at_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as o (cl_ord_id text, venue text, instrument text, order_type text,
    parent text, oco text, open boolean, state jsonb)
  on conflict (account, cl_ord_id) do update
    set open = excluded.open, state = excluded.state, updated_us = excluded.updated_us`

const FILLED: Part['text'] = (rows) => `
  insert into paper_fills (tenant_id, account, cl_ord_id, venue, instrument, sub_account, side, trade_id, quantity, price,
    fee, fee_asset, liquidity, at_us)
  select tenant, account, f.cl_ord_id, f.venue, f.instrument, f.sub_account, f.side, f.trade_id, f.quantity, f.price,
    f.fee, f.fee_asset, f.liquidity, f.at_us
  from fence, jsonb_to_recordset(${rows}::jsonb) as f (at int, cl_ord_id text, venue text, instrument text,
    sub_account text, side text, trade_id text, quantity numeric, price numeric, fee numeric, fee_asset text,
    liquidity text, at_us bigint)
  order by f.at`

/** Numbered: their ids are the venue's order of them. */
function fillRows({ orders, reports }: StepRows) {
  const byOrigin = new Map(orders.map((order) => [order.clOrdId, order]))
  return reports.flatMap((report, at) => {
    if (report.type !== 'filled') return []
    const order = byOrigin.get(report.origin)
    if (!order) throw new Error(`a fill of ${report.origin} without its order`)
    const { tradeId, quantity, price, fee, feeAsset, liquidity } = report.fill
    const names = { cl_ord_id: report.origin, sub_account: report.subAccount, trade_id: tradeId, fee_asset: feeAsset }
    const { venue, instrument } = order
    return [{ at, venue, instrument, ...names, side: report.side, quantity, price, fee, liquidity, at_us: report.atUs }]
  })
}

export async function loadOpen({ database, account }: Books): Promise<VenueOrder[]> {
  const rows = await database.sql<{ state: VenueOrder }[]>`
    select state from paper_orders where account = ${account} and open order by updated_us, cl_ord_id`
  return rows.map((row) => row.state)
}

/** An order that has ended, and all that shared a group with it and have ended, too. */
export async function loadEnded({ database, account }: Books, clOrdId: string): Promise<VenueOrder[]> {
  const rows = await database.sql<{ state: VenueOrder }[]>`
    select state from paper_orders
    where account = ${account} and not open and (cl_ord_id = ${clOrdId} or oco = ${clOrdId})
    order by updated_us, cl_ord_id`
  return rows.map((row) => row.state)
}

/** All fills of an account through the last that was counted. New ones only come behind it: one writer, one at a time. */
export class PaperPositions {
  readonly #books: Books
  readonly #counted = new Map<string, VenuePosition>()
  #through = 0

  constructor(books: Books) {
    this.#books = books
  }

  /** In the venue's lane: what is being written while it counts might be passed over for ever. */
  async now(): Promise<VenuePosition[]> {
    const { database, account } = this.#books
    const rows = await database.sql<(VenuePosition & { through: number })[]>`
      select sub_account as "subAccount", venue, instrument, max(id) as through,
        trim_scale(sum(case side when 'buy' then quantity else -quantity end))::text as quantity
      from paper_fills where account = ${account} and id > ${this.#through} group by 1, 2, 3`
    for (const { through, ...more } of rows) {
      const name = `${more.subAccount} ${more.venue} ${more.instrument}`
      const quantity = addDecimal(this.#counted.get(name)?.quantity ?? '0', more.quantity)
      this.#counted.set(name, { ...more, quantity })
      this.#through = Math.max(this.#through, through)
    }
    return [...this.#counted.values()]
  }
}

type FillRow = Omit<Fill, 'venueTimeUs'> & {
  id: number
  origin: string
  venue: string
  instrument: string
  subAccount: string
  side: 'buy' | 'sell'
  atUs: Fill['venueTimeUs']
}

export async function readFills({ database, account }: Books, cursor: number, limit: number): Promise<VenueFill[]> {
  const rows = await database.sql<FillRow[]>`
    select id, cl_ord_id as origin, venue, instrument, sub_account as "subAccount", side, trade_id as "tradeId",
      quantity, price, fee, fee_asset as "feeAsset", liquidity, at_us as "atUs"
    from paper_fills where account = ${account} and id > ${cursor} order by id limit ${limit}`
  return rows.map(({ id, origin, venue, instrument, subAccount, side, atUs, ...fill }) => ({
    cursor: id,
    venue,
    instrument,
    report: { type: 'filled', origin, atUs, subAccount, side, fill: { ...fill, venueTimeUs: atUs } },
  }))
}

export async function readAnswer(books: Books, clOrdId: string, origin: string): Promise<Answer> {
  const { sql } = books.database
  const [requests, orders] = await Promise.all([
    sql<{ outcome: 'accepted' | 'rejected'; reason: Reason | null }[]>`
      select outcome, reason from paper_requests
      where account = ${books.account} and cl_ord_id = ${clOrdId} and outcome <> 'duplicate'`,
    sql<{ state: VenueOrder }[]>`
      select state from paper_orders where account = ${books.account} and cl_ord_id = ${origin}`,
  ])
  const request = requests[0]
  const order = orders[0]?.state
  const rejected = request?.outcome === 'rejected' && request.reason
  return {
    request: !request ? 'absent' : rejected ? { rejected } : 'accepted',
    order: order && orderState(order, books),
  }
}

function orderState(order: VenueOrder, books: Books): NonNullable<Answer['order']> {
  const instrument = books.instrumentOf(instrumentKey(order.venue, order.instrument))
  if (!instrument) throw new Error(`${order.instrument} has an order and no definition`)
  return {
    venueOrderId: order.venueOrderId,
    facts: { side: order.side, instrument: order.instrument, quantity: fromSteps(order.quantity, instrument.lotSize) },
    open: order.state !== 'done',
    ending: order.end && { type: order.end, ...(order.endReason ? { reason: order.endReason } : {}) },
    cancelPending: order.cancel !== undefined,
    amendPending: order.amend !== undefined,
    amended: order.amended,
  }
}
