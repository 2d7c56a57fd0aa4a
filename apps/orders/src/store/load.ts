import type { Fill, PlaceIntent } from '@contrail/contracts'
import { pricedAt } from '@contrail/trading'
import type { Order, PlaceRequest, RiskCheck } from '@contrail/trading'
import { loadUnwritten } from './first.ts'
import { positionKey } from '../account/held.ts'
import type { AccountState, Attempt, Held, Recent, Report } from '../account/held.ts'
import type { StoredReport, Writer } from './write.ts'

type OrderRow = {
  order_id: string
  account: string
  strategy: string
  venue: string
  instrument: string
  intent: PlaceIntent
  request: PlaceRequest | null
  state: Order
  cl_ord_id: string | null
  checks: RiskCheck[]
  stream: string
  incarnation: string
  sequence: number
  decided_us: number
  created_us: number
  updated_us: number
}
type AttemptRow = Attempt & { orderId: string }
type FillRow = Fill & { orderId: string }

/** How far back C8 and C11 look. */
const RECENT_US = 60_000_000

/** Everything the account's writer keeps in hand, as it was committed. Starting and recovering are this. */
export async function loadState(writer: Writer, venue: string, epoch: number, nowUs: number): Promise<AccountState> {
  const { sql } = writer.database
  const { account } = writer
  const [rows, heads, positions, recent, cancels, cursors] = await Promise.all([
    sql<OrderRow[]>`select * from orders where account = ${account} and open`,
    sql<{ strategy: string; number: number; index: number }[]>`
      select strategy, number, index from decision_heads where account = ${account}`,
    sql<{ strategy: string; venue: string; instrument: string; quantity: string }[]>`
      select strategy, venue, instrument,
        trim_scale(sum(case side when 'buy' then quantity else -quantity end))::text as quantity
      from fills where account = ${account} group by 1, 2, 3`,
    sql<{ orderId: string; strategy: string; intent: PlaceIntent; atUs: number }[]>`
      select order_id as "orderId", strategy, intent, created_us as "atUs" from orders
      where account = ${account} and created_us > ${nowUs - RECENT_US} and status <> 'denied' order by created_us`,
    sql<{ atUs: number }[]>`
      select created_us as "atUs" from order_attempts
      where account = ${account} and kind = 'cancel' and created_us > ${nowUs - RECENT_US} order by 1`,
    sql<{ cursor: number }[]>`select cursor from venue_cursors where account = ${account} and venue = ${venue}`,
  ])
  const held = [...(await complete(writer, rows)), ...(await loadUnwritten(writer))]
  const state: AccountState = {
    epoch,
    open: new Map(held.map((one) => [one.head.orderId, one])),
    byClOrdId: new Map(held.flatMap((one) => one.attempts.map((each) => [each.clOrdId, one.head.orderId] as const))),
    heads: new Map(heads.map(({ strategy, ...head }) => [strategy, head])),
    positions: new Map(positions.map((row) => [positionKey(row.strategy, row.venue, row.instrument), row.quantity])),
    recent: recent.map(({ intent, ...row }) => recentOf(row, intent)),
    recentCancelsUs: cancels.map((row) => row.atUs),
    venueCursor: cursors[0]?.cursor ?? 0,
    setAside: new Set(),
  }
  return state
}

export function recentOf(row: { orderId: string; strategy: string; atUs: number }, intent: PlaceIntent): Recent {
  const { venue, instrument, side, quantity } = intent
  return { ...row, venue, instrument, side, quantity, price: pricedAt(intent) }
}

/** One order whatever its state, by its id or by an id that the venue knows. */
export async function loadHeld(
  writer: Writer,
  by: { orderId: string } | { clOrdId: string },
): Promise<Held | undefined> {
  const { sql } = writer.database
  const which =
    'orderId' in by
      ? sql`order_id = ${by.orderId}`
      : sql`order_id = (select order_id from order_attempts where cl_ord_id = ${by.clOrdId})`
  const rows = await sql<OrderRow[]>`select * from orders where account = ${writer.account} and ${which}`
  return (await complete(writer, rows))[0]
}

async function complete(writer: Writer, rows: readonly OrderRow[]): Promise<Held[]> {
  if (rows.length === 0) return []
  const { sql } = writer.database
  const ids = rows.map((row) => row.order_id)
  const [attempts, fills] = await Promise.all([
    sql<AttemptRow[]>`
      select order_id as "orderId", attempt, kind, cl_ord_id as "clOrdId", state, epoch, body,
        valid_until_us as "validUntilUs", created_us as "createdUs"
      from order_attempts where order_id = any(${ids}) order by attempt`,
    sql<FillRow[]>`
      select order_id as "orderId", trade_id as "tradeId", quantity, price, fee, fee_asset as "feeAsset", liquidity,
        venue_time_us as "venueTimeUs"
      from fills where order_id = any(${ids}) order by id`,
  ])
  return rows.map((row) => ({
    head: {
      orderId: row.order_id,
      account: row.account,
      strategy: row.strategy,
      venue: row.venue,
      instrument: row.instrument,
      intent: row.intent,
      request: row.request ?? undefined,
      checks: row.checks,
      source: { stream: row.stream, incarnation: row.incarnation, sequence: row.sequence },
      decidedUs: row.decided_us,
      createdUs: row.created_us,
    },
    order: { ...row.state, fills: fillsOf(fills, row.order_id) },
    origin: row.cl_ord_id ?? undefined,
    attempts: attempts.filter((one) => one.orderId === row.order_id),
    updatedUs: row.updated_us,
  }))
}

function fillsOf(rows: readonly FillRow[], orderId: string): Record<string, Fill> {
  const own = rows.filter((row) => row.orderId === orderId)
  return Object.fromEntries(own.map((row) => [row.tradeId, fillOf(row)]))
}

const fillOf = ({ tradeId, quantity, price, fee, feeAsset, liquidity, venueTimeUs }: FillRow): Fill => ({
  tradeId,
  quantity,
  price,
  fee,
  feeAsset,
  liquidity,
  venueTimeUs,
})

type Trade = { readonly venue: string; readonly instrument: string; readonly tradeId: string }
/** A venue counts the trades of each instrument: an id alone names several. */
export const tradeName = ({ venue, instrument, tradeId }: Trade): string => `${venue} ${instrument} ${tradeId}`

/** Fills with these trade ids that are booked already, by `tradeName`. */
export async function knownFills(writer: Writer, tradeIds: readonly string[]): Promise<Map<string, FillRow>> {
  const rows = await writer.database.sql<(FillRow & Trade)[]>`
    select order_id as "orderId", venue, instrument, trade_id as "tradeId", quantity, price, fee, fee_asset as "feeAsset", liquidity,
      venue_time_us as "venueTimeUs"
    from fills where account = ${writer.account} and trade_id = any(${[...tradeIds]})`
  return new Map(rows.map((row) => [tradeName(row), row]))
}

export async function loadUnpublished(writer: Writer, limit: number): Promise<StoredReport[]> {
  return await writer.database.sql<{ id: number; subject: string; body: Report }[]>`
    select id, subject, body from executions
    where account = ${writer.account} and published_sequence is null order by id limit ${limit}`
}

export async function markPublished(writer: Writer, marks: readonly { id: number; sequence: number }[]): Promise<void> {
  const ids = marks.map((mark) => mark.id)
  const sequences = marks.map((mark) => mark.sequence)
  await writer.database.sql`
    update executions set published_sequence = mark.sequence
    from unnest(${ids}::bigint[], ${sequences}::bigint[]) as mark(id, sequence)
    where executions.id = mark.id and executions.id = any(${ids}::bigint[])`
}
