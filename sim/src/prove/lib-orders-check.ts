import { addDecimal, compareDecimal, confirmSchema, decodeJson, positionSchema } from '@contrail/contracts'
import type { Confirm } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import type { OrdersWorld } from './lib-orders-world.ts'

export type Violation = { readonly rule: string; readonly detail: string }
export type Totals = {
  orders: number
  requests: number
  venueFills: number
  bookedFills: number
  confirms: number
  repeatedConfirms: number
  ledgerTransactions: number
}
type FillRow = { key: string; orderId: string; signed: string; quantity: string; text: string; strategy: string }

/** I1 to I5 over everything that ever happened in this world: venue, orders, confirmations, portfolio, ledger. */
export async function checkAll(world: OrdersWorld): Promise<{ violations: Violation[]; totals: Totals }> {
  const sql = world.sql
  const violations: Violation[] = []
  const fail = (rule: string, rows: readonly unknown[]) => {
    for (const row of rows.slice(0, 3)) violations.push({ rule, detail: JSON.stringify(row) })
  }
  await checkRequests(sql, fail)
  const [venue, booked] = [await venueFills(sql), await bookedFills(sql)]
  fail('I2 a fill of the venue is not booked or differs', missing(venue, booked))
  fail('I2 a booked fill is not at the venue or differs', missing(booked, venue))
  const confirms = await readConfirms(world)
  const told = toldFills(confirms)
  fail('I2 a fill was told under two reports', told.twice)
  fail('I2 a booked fill was not told or differs', missing(booked, told.fills))
  fail('I2 a told fill is not booked', missing(told.fills, booked))
  fail('I5 a report is not published', await sql`select id from executions where published_sequence is null`)
  await checkPortfolio(sql, booked, fail)
  fail('I3 KV positions shows something else than the books', await shownOtherwise(world))
  await checkSettled(sql, fail)
  const [counts] = await sql<{ orders: number; requests: number; transactions: number }[]>`
    select (select count(*)::int from orders) as orders, (select count(*)::int from paper_requests) as requests,
      (select count(*)::int from ledger_transactions) as transactions`
  const unique = new Set(confirms.map((one) => one.reportId))
  return {
    violations,
    totals: {
      orders: counts?.orders ?? 0,
      requests: counts?.requests ?? 0,
      venueFills: venue.size,
      bookedFills: booked.size,
      confirms: unique.size,
      repeatedConfirms: confirms.length - unique.size,
      ledgerTransactions: counts?.transactions ?? 0,
    },
  }
}

/** How long a value may be behind the books: what a killed service left comes again after its wait for an answer. */
const SHOWN_MS = 20_000

type Fail = (rule: string, rows: readonly unknown[]) => void

async function checkRequests(sql: Sql, fail: Fail): Promise<void> {
  fail(
    'I1 an attempt was sent twice',
    await sql`select cl_ord_id, count(*)::int as times from paper_requests group by 1 having count(*) > 1`,
  )
  fail(
    'I1 more than one accepted place of one order',
    await sql`select a.order_id, count(*)::int as times from paper_requests r join order_attempts a using (cl_ord_id)
      where r.kind = 'place' and r.outcome = 'accepted' group by 1 having count(*) > 1`,
  )
  fail(
    'I1 a request without an attempt row',
    await sql`select r.cl_ord_id from paper_requests r left join order_attempts a using (cl_ord_id)
      where a.cl_ord_id is null`,
  )
  fail(
    'I1 filled more than was asked for',
    await sql`select order_id, quantity::text, cum_quantity::text from orders where cum_quantity > quantity`,
  )
  fail(
    'cum is not the sum of the fills',
    await sql`select o.order_id, o.cum_quantity::text from orders o
      where o.cum_quantity <> (select coalesce(sum(quantity), 0) from fills f where f.order_id = o.order_id)`,
  )
}

async function venueFills(sql: Sql): Promise<Map<string, FillRow>> {
  const rows = await sql<FillRow[]>`
    select trade_id as key, a.order_id as "orderId", f.sub_account as strategy,
      trim_scale(f.quantity)::text as quantity,
      (case side when 'buy' then trim_scale(quantity) else -trim_scale(quantity) end)::text as signed,
      concat_ws(' ', a.order_id, side, trim_scale(quantity), trim_scale(price), trim_scale(fee), fee_asset, liquidity) as text
    from paper_fills f left join order_attempts a using (cl_ord_id)`
  return new Map(rows.map((row) => [row.key, row]))
}

async function bookedFills(sql: Sql): Promise<Map<string, FillRow>> {
  const rows = await sql<FillRow[]>`
    select trade_id as key, order_id as "orderId", strategy, trim_scale(quantity)::text as quantity,
      (case side when 'buy' then trim_scale(quantity) else -trim_scale(quantity) end)::text as signed,
      concat_ws(' ', order_id, side, trim_scale(quantity), trim_scale(price), trim_scale(fee), fee_asset, liquidity) as text
    from fills`
  return new Map(rows.map((row) => [row.key, row]))
}

const missing = (from: ReadonlyMap<string, { text: string }>, other: ReadonlyMap<string, { text: string }>): string[] =>
  [...from].filter(([key, row]) => other.get(key)?.text !== row.text).map(([key, row]) => `${key}: ${row.text}`)

async function readConfirms(world: OrdersWorld): Promise<Confirm[]> {
  const state = await world.bus.streamState('TRADES')
  const confirms: Confirm[] = []
  if (!state || state.lastSequence === 0) return confirms
  let stop = () => Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    const opened = world.bus.read({
      stream: 'TRADES',
      fromSequence: state.firstSequence,
      onMessage: (message) => {
        confirms.push(decodeJson(confirmSchema, message.data, 'confirm') as Confirm)
        if (message.sequence === state.lastSequence) resolve()
      },
    })
    opened.then((reader) => (stop = () => reader.stop()), reject)
  })
  await stop()
  return confirms
}

function toldFills(confirms: readonly Confirm[]): { fills: Map<string, { text: string }>; twice: string[] } {
  const fills = new Map<string, { text: string }>()
  const reports = new Map<string, string>()
  const twice: string[] = []
  for (const one of confirms) {
    if (!one.fill) continue
    const { tradeId, quantity, price, fee, feeAsset, liquidity } = one.fill
    const text = [
      one.orderId,
      one.side,
      ...[quantity, price, fee].map((n) => addDecimal(n, '0')),
      feeAsset,
      liquidity,
    ].join(' ')
    const known = reports.get(tradeId)
    if (known !== undefined && known !== one.reportId) twice.push(`${tradeId}: reports ${known} and ${one.reportId}`)
    reports.set(tradeId, one.reportId)
    fills.set(tradeId, { text })
  }
  return { fills, twice }
}

async function checkPortfolio(sql: Sql, booked: ReadonlyMap<string, FillRow>, fail: Fail): Promise<void> {
  fail(
    'I4 a ledger transaction does not sum to zero',
    await sql`select transaction_id, asset, sum(amount)::text from ledger_entries group by 1, 2 having sum(amount) <> 0`,
  )
  fail(
    'I4 the books do not sum to zero',
    await sql`select asset, sum(amount)::text from ledger_entries group by 1 having sum(amount) <> 0`,
  )
  const folded = await sql<{ key: string }[]>`select trade_id as key from portfolio_fills`
  const keys = new Set(folded.map((row) => row.key))
  fail(
    'I2 the portfolio counted a fill twice',
    folded.length === keys.size ? [] : [{ rows: folded.length, trades: keys.size }],
  )
  fail(
    'I2 a fill is not in the portfolio',
    [...booked.keys()].filter((key) => !keys.has(key)),
  )
  const expected = new Map<string, string>()
  for (const fill of booked.values())
    expected.set(fill.strategy, addDecimal(expected.get(fill.strategy) ?? '0', fill.signed))
  const positions = await sql<{ strategy: string; quantity: string }[]>`
    select strategy, trim_scale(quantity)::text as quantity from positions`
  const found = new Map(positions.map((row) => [row.strategy, row.quantity]))
  const wrong = [...expected].filter(([strategy, sum]) => compareDecimal(found.get(strategy) ?? '0', sum) !== 0)
  fail('I3 a position is not the sum of its fills', wrong)
}

/** A value comes a moment before or after its booking; then it says what Postgres says. */
async function shownOtherwise({ bus, sql }: OrdersWorld): Promise<unknown[]> {
  const kv = await bus.kv('positions')
  const deadlineMs = performance.now() + SHOWN_MS
  for (;;) {
    const wrong: unknown[] = []
    const rows = await sql<{ name: string; quantity: string; fills: number; sequence: number }[]>`
      select concat_ws('.', account, strategy, venue, instrument) as name, trim_scale(quantity)::text as quantity, fills,
        sequence from positions`
    for (const { name, ...row } of rows) {
      const { value } = (await kv.get(name)) ?? {}
      const { quantity, fills, sequence } = value ? decodeJson(positionSchema, value, 'position') : {}
      if (quantity !== row.quantity || fills !== row.fills || sequence !== row.sequence)
        wrong.push({ name, books: row, shown: { quantity, fills, sequence } })
    }
    if (wrong.length === 0 || performance.now() > deadlineMs) return wrong
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function checkSettled(sql: Sql, fail: Fail): Promise<void> {
  fail(
    'I5 a request is left without an answer',
    await sql`select order_id, attempt, state from order_attempts where state in ('persisted', 'unknown')`,
  )
  fail(
    'I5 an order is open here and not at the venue, or the other way',
    await sql`select o.order_id, o.status, p.open from orders o
      left join paper_orders p on p.cl_ord_id = o.cl_ord_id and p.account = o.account
      where o.cl_ord_id is not null and o.status <> 'rejected' and o.status <> 'not_placed'
        and o.open is distinct from coalesce(p.open, false)`,
  )
  fail('an event was set aside', await sql`select order_id, cause from order_quarantine`)
}
