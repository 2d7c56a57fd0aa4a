import type { EquityPoint, PnlView, PositionView } from '@contrail/contracts'
import { DAY_US, isoOfUs, refuse } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { assetsOf, averageCostOf, fromFixed, toFixed } from '@contrail/trading'
import type { Fixed } from '@contrail/trading'
import { stateOf } from '../books/positions.ts'
import type { PositionRow } from '../books/positions.ts'
import { valued } from '../books/valuation.ts'
import type { Cash } from '../live/cash.ts'
import type { Marks } from '../live/marks.ts'

/** Positions shown at once. */
const POSITIONS_MAX = 5000

export type Books = {
  readonly database: Database
  readonly tenant: string
  readonly marks: Marks
  readonly cash: () => Promise<Cash[]>
}

export async function listPositions(
  { database, tenant, marks }: Books,
  filter: { account?: string | undefined; strategy?: string | undefined },
): Promise<PositionView[]> {
  const { sql } = database
  const rows = await sql<PositionRow[]>`
    select * from positions where tenant_id = ${tenant} and fills > 0
      and account = coalesce(${filter.account ?? null}, account)
      and strategy = coalesce(${filter.strategy ?? null}, strategy)
    order by account, strategy, venue, instrument limit ${POSITIONS_MAX}`
  return rows.map((row) => {
    const mark = marks.of(row.venue, row.instrument)
    return {
      account: row.account,
      strategy: row.strategy,
      venue: row.venue,
      instrument: row.instrument,
      quantity: plain(row.quantity),
      averagePrice: averageCostOf(stateOf(row)),
      mark: mark ?? null,
      realised: plain(row.realised),
      unrealised: valued(row, mark).unrealised,
      fees: plain(row.fees),
      fills: row.fills,
      atUs: row.at_us,
    } as PositionView
  })
}

export type PnlGroup = 'strategy' | 'instrument' | 'day' | 'account'
type Sum = {
  group: string
  currency: string
  realised: Fixed
  unrealised: Fixed
  fees: Fixed
  fills: number
  capital?: string
}

/**
 * Per group and quote currency, of accounts with what was brought to them. By day, what is open counts on the day of its
 * last fill's book: today.
 */
export async function listPnl(books: Books, group: PnlGroup, nowUs: number): Promise<PnlView[]> {
  const { database, tenant, marks } = books
  const sums = new Map<string, Sum>()
  const into = (name: string, currency: string): Sum => {
    const key = `${name} ${currency}`
    const zero = toFixed('0')
    const found = sums.get(key) ?? { group: name, currency, realised: zero, unrealised: zero, fees: zero, fills: 0 }
    sums.set(key, found)
    return found
  }
  const rows = await database.sql<PositionRow[]>`select * from positions where tenant_id = ${tenant} and fills > 0`
  for (const row of rows) {
    const name = group === 'day' ? dayOf(nowUs) : group === 'instrument' ? `${row.venue}.${row.instrument}` : row[group]
    const sum = into(name, assetsOf(row.instrument).quote)
    const { unrealised } = valued(row, marks.of(row.venue, row.instrument))
    sum.unrealised = plus(sum.unrealised, unrealised ?? '0')
    if (group === 'day') continue
    sum.realised = plus(sum.realised, row.realised)
    sum.fees = plus(sum.fees, row.fees)
    sum.fills += row.fills
  }
  if (group === 'day')
    for (const day of await realisedByDay(books)) {
      const sum = into(dayOf(day.day * DAY_US), assetsOf(day.instrument).quote)
      sum.realised = plus(sum.realised, day.realised)
      sum.fees = plus(sum.fees, day.fees)
      sum.fills += day.fills
    }
  if (group === 'account')
    for (const { account, asset, capital } of await books.cash())
      if (capital !== '0') into(account, asset).capital = capital
  return [...sums.values()]
    .sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : a.currency < b.currency ? -1 : 1))
    .map((sum) => ({
      ...sum,
      realised: fromFixed(sum.realised),
      unrealised: fromFixed(sum.unrealised),
      fees: fromFixed(sum.fees),
    }))
}

type Day = { day: number; instrument: string; realised: string; fees: string; fills: number }

async function realisedByDay({ database, tenant }: Books): Promise<Day[]> {
  return await database.sql<Day[]>`
    select venue_time_us / ${DAY_US}::bigint as day, instrument, sum(realised) as realised, sum(fees) as fees,
      count(*) filter (where kind = 'fill') - count(*) filter (where kind = 'bust') as fills
    from portfolio_fills where tenant_id = ${tenant} group by 1, 2`
}

/** Oldest first; without `fromUs` the last `limit` points. */
export async function listEquity(
  { database, tenant }: Books,
  query: { account: string; fromUs?: number | undefined; toUs?: number | undefined; limit: number },
): Promise<EquityPoint[]> {
  const { sql } = database
  const order = query.fromUs === undefined ? sql`desc` : sql`asc`
  const rows = await sql<{ at_us: number; account: string; currency: string; equity: string }[]>`
    select at_us, account, currency, equity from equity_points
    where tenant_id = ${tenant} and account = ${query.account} and at_us >= ${query.fromUs ?? 0}
      and at_us < ${query.toUs ?? Number.MAX_SAFE_INTEGER}
    order by at_us ${order}, currency limit ${query.limit}`
  return rows
    .map((row) => ({ atUs: row.at_us, account: row.account, currency: row.currency, equity: plain(row.equity) }))
    .sort((a, b) => a.atUs - b.atUs) as EquityPoint[]
}

export type BalanceView = { account: string; asset: string; amount: string; cash: string; inventory: string }

export async function listBalances({ database, tenant }: Books, account?: string): Promise<BalanceView[]> {
  const rows = await database.sql<{ account: string; asset: string; cash: string; inventory: string }[]>`
    select a.account, a.asset, coalesce(sum(e.amount) filter (where a.kind = 'cash'), 0) as cash,
      coalesce(sum(e.amount) filter (where a.kind = 'inventory'), 0) as inventory
    from ledger_accounts a join ledger_entries e on e.ledger_account_id = a.id
    where a.tenant_id = ${tenant} and a.account = coalesce(${account ?? null}, a.account)
      and a.kind in ('cash', 'inventory')
    group by a.account, a.asset order by 1, 2`
  return rows.map((row) => ({
    account: row.account,
    asset: row.asset,
    amount: fromFixed(plus(toFixed(row.cash), row.inventory)),
    cash: plain(row.cash),
    inventory: plain(row.inventory),
  }))
}

/** The sum of all entries of each asset: zero, or something is wrong. */
export async function trialBalance({ database, tenant }: Books) {
  const rows = await database.sql<{ asset: string; sum: string; entries: number }[]>`
    select asset, sum(amount) as sum, count(*) as entries from ledger_entries
    where tenant_id = ${tenant} group by asset order by asset`
  const items = rows.map((row) => ({ asset: row.asset, sum: plain(row.sum), entries: row.entries }))
  return { items, balanced: items.every(({ sum }) => sum === '0') }
}

type EntryRow = {
  transaction_id: number
  line: number
  key: string
  kind: string
  reverses: number | null
  account: string
  strategy: string
  ledger: string
  asset: string
  amount: string
  description: string
  venue: string | null
  instrument: string | null
  at_us: number
}

/** Newest first. The cursor is the last transaction and line shown. */
export async function listLedger(
  { database, tenant }: Books,
  query: { account?: string | undefined; limit: number; cursor?: string | undefined },
) {
  const from = query.cursor === undefined ? [Number.MAX_SAFE_INTEGER, 0] : query.cursor.split('-').map(Number)
  if (from.length !== 2 || !from.every((part) => Number.isSafeInteger(part)))
    throw refuse('invalid_cursor', 'cursor', query.cursor, 'pass on what "next" said')
  const rows = await database.sql<EntryRow[]>`
    select t.id as transaction_id, e.line, t.key, t.kind, t.reverses, t.account, a.strategy, a.kind as ledger, e.asset,
      e.amount, t.description, t.venue, t.instrument, t.at_us
    from ledger_entries e join ledger_transactions t on t.id = e.transaction_id
      join ledger_accounts a on a.id = e.ledger_account_id
    where t.tenant_id = ${tenant} and t.account = coalesce(${query.account ?? null}, t.account)
      and (e.transaction_id, -e.line) < (${from[0] as number}::bigint, ${-(from[1] as number)}::int)
    order by e.transaction_id desc, e.line limit ${query.limit}`
  const items = rows.map(({ transaction_id, at_us, strategy, amount, ...row }) => ({
    transaction: transaction_id,
    ...row,
    strategy: strategy === '' ? null : strategy,
    amount: plain(amount),
    atUs: at_us,
  }))
  const last = rows.at(-1)
  const next = rows.length === query.limit && last ? `${last.transaction_id}-${last.line}` : undefined
  return next === undefined ? { items } : { items, next }
}

const plain = (text: string): string => fromFixed(toFixed(text))
const plus = (a: Fixed, b: string): Fixed => (a + toFixed(b)) as Fixed
const dayOf = (us: number): string => isoOfUs(us).slice(0, 10)
