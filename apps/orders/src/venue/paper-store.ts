import { fromSteps, instrumentKey } from '@contrail/contracts'
import type { Fill, Instrument, Reason } from '@contrail/contracts'
import type { Database, Transaction } from '@contrail/db'
import type { VenueOrder, VenueReport } from '@contrail/trading'
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
 * A request and all it did, or the note that it came before. The sender's epoch is checked in the same transaction: a
 * zombie's request is refused by the venue itself, as a real one refuses a signature that is too old.
 */
export async function writeRequest(
  books: Books,
  request: PaperRequest,
  rows: StepRows,
): Promise<'written' | 'duplicate'> {
  try {
    await books.database.sql.begin(async (tx) => {
      const lease = tx`
        select 1 from venue_leases
        where venue = 'paper' and account = ${books.account} and epoch = ${request.epoch} for share`
      const writes = [insertRequest(tx, books, request, rows.nowUs), ...stepWrites(tx, books, rows)]
      const [[held]] = await Promise.all([lease, ...writes])
      if (!held) throw new Error(`paper: epoch ${request.epoch} of account ${books.account} is over`)
    })
    return 'written'
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error
    const repeat: PaperRequest = { ...request, outcome: 'duplicate' }
    await books.database.sql.begin((tx) => insertRequest(tx, books, repeat, rows.nowUs))
    return 'duplicate'
  }
}

export async function writeStep(books: Books, rows: StepRows): Promise<void> {
  await books.database.sql.begin(async (tx) => void (await Promise.all(stepWrites(tx, books, rows))))
}

function insertRequest(tx: Transaction, books: Books, request: PaperRequest, nowUs: number) {
  const reason = request.reason ? tx.json(request.reason) : null
  return tx`
    insert into paper_requests
      (tenant_id, account, kind, cl_ord_id, origin, epoch, body, outcome, reason, received_us)
    values (${books.tenant}, ${books.account}, ${request.kind}, ${request.clOrdId}, ${request.origin},
      ${request.epoch}, ${tx.json(request.body as never)}, ${request.outcome}, ${reason}, ${nowUs})`
}

function stepWrites(tx: Transaction, books: Books, rows: StepRows) {
  const byOrigin = new Map(rows.orders.map((order) => [order.clOrdId, order]))
  const orders = rows.orders.map(
    (order) => tx`
      insert into paper_orders (account, cl_ord_id, tenant_id, venue, instrument, open, state, updated_us)
      values (${books.account}, ${order.clOrdId}, ${books.tenant}, ${order.venue}, ${order.instrument},
        ${order.state !== 'done'}, ${tx.json(order as never)}, ${rows.nowUs})
      on conflict (account, cl_ord_id) do update
        set open = excluded.open, state = excluded.state, updated_us = excluded.updated_us`,
  )
  const fills = rows.reports.flatMap((report) => {
    if (report.type !== 'filled') return []
    const order = byOrigin.get(report.origin)
    if (!order) throw new Error(`a fill of ${report.origin} without its order`)
    const { fill } = report
    return [
      tx`
        insert into paper_fills (tenant_id, account, cl_ord_id, venue, instrument, sub_account, side, trade_id,
          quantity, price, fee, fee_asset, liquidity, at_us)
        values (${books.tenant}, ${books.account}, ${report.origin}, ${order.venue}, ${order.instrument},
          ${report.subAccount}, ${report.side}, ${fill.tradeId}, ${fill.quantity}, ${fill.price}, ${fill.fee},
          ${fill.feeAsset}, ${fill.liquidity}, ${report.atUs})`,
    ]
  })
  return [...orders, ...fills]
}

export async function loadOpen({ database, account }: Books): Promise<VenueOrder[]> {
  const rows = await database.sql<{ state: VenueOrder }[]>`
    select state from paper_orders where account = ${account} and open order by updated_us, cl_ord_id`
  return rows.map((row) => row.state)
}

export async function loadPositions({ database, account }: Books): Promise<VenuePosition[]> {
  return await database.sql<VenuePosition[]>`
    select sub_account as "subAccount", venue, instrument,
      trim_scale(sum(case side when 'buy' then quantity else -quantity end))::text as quantity
    from paper_fills where account = ${account} group by 1, 2, 3 order by 1, 2, 3`
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
