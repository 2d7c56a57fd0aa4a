import type { Sql } from '@contrail/db'
import { crashPoint } from '@contrail/runtime'
import { applyFill, applyFillToLots, assetsOf, compareFills, fromFixed } from '@contrail/trading'
import type { LedgerEntry, Lot, LotBook, PositionState } from '@contrail/trading'
import { fillKey, kvKey } from './keys.ts'
import type { Place, PositionKey } from './keys.ts'
import { transactionOf } from './ledger.ts'
import type { AccountIds, Reported } from './ledger.ts'
import { lotChanges, movedRow, stateOf } from './positions.ts'
import type { PositionRow } from './positions.ts'

type Known = { readonly row: PositionRow; readonly version: string; readonly lots: readonly Lot[] }
type Next = Reported & { readonly place: Place; readonly ids: AccountIds; readonly entries: readonly LedgerEntry[] }

/** Positions kept in memory; the one that was told longest ago goes first. */
const SEEN_MAX = 10_000
const UNIQUE_VIOLATION = '23505'

/** What this process committed last of each position, under the version that Postgres gave that row. */
export function createSeen() {
  const known = new Map<string, Known>()
  const nameOf = (key: PositionKey) => `${key.tenant} ${kvKey(key)}`
  return {
    of: (key: PositionKey): Known | undefined => known.get(nameOf(key)),
    forget: (key: PositionKey): boolean => known.delete(nameOf(key)),
    keep(key: PositionKey, now: Known): void {
      known.delete(nameOf(key))
      known.set(nameOf(key), now)
      const [oldest] = known.size > SEEN_MAX ? known.keys() : []
      if (oldest !== undefined) known.delete(oldest)
    },
  }
}
export type Seen = ReturnType<typeof createSeen>

/**
 * The usual fill: the next one of a position that nobody else has changed since we did. Whatever becomes of it, the
 * version at hand is over with it.
 */
export function takeStep(seen: Seen, { key, confirm, booked }: Reported, place: Place): Step | undefined {
  const known = seen.of(key)
  if (!known || compareFills({ atUs: known.row.last_us, tradeId: known.row.last_trade_id }, booked) >= 0)
    return undefined
  seen.forget(key)
  const assets = assetsOf(key.instrument)
  const before = stateOf(known.row)
  const after = applyFill(before, booked, assets)
  const { lots } = applyFillToLots({ lots: known.lots, realised: before.realised }, booked, assets)
  return { known, row: movedRow(known.row, after, booked, place, confirm.atUs), before, after, lots }
}

/**
 * One statement, so one commit and one round trip. It changes nothing, and `undefined` comes back, when the row has
 * another version, when the trade was taken back already, or when it is booked already (its keys are unique): then it is
 * read under the lock.
 */
export async function bookStep(sql: Sql, seen: Seen, next: Next, step: Step): Promise<PositionRow | undefined> {
  crashPoint('portfolio.before_commit')
  const version = await writeStep(sql, next, step)
  if (version === undefined) return undefined
  seen.keep(next.key, { row: step.row, version, lots: step.lots })
  return step.row
}

export type Step = {
  readonly known: Known
  readonly row: PositionRow
  readonly before: PositionState
  readonly after: PositionState
  readonly lots: LotBook['lots']
}

/** One flat text: its parts take the key from the row that moved, and what nests is built anew for each fill. */
async function writeStep(sql: Sql, next: Next, step: Step): Promise<string | undefined> {
  const { key, confirm, booked, ids, entries } = next
  const { known, row, before, after } = step
  const made = transactionOf(next, fillKey(key, booked.tradeId), 'fill')
  try {
    const [moved] = await sql<{ version: string }[]>`
      with moved as (
        update positions set quantity = ${row.quantity}, cost = ${row.cost}, realised = ${row.realised},
          fees = ${row.fees}, fills = ${row.fills}, last_us = ${row.last_us}, last_trade_id = ${row.last_trade_id},
          incarnation = ${row.incarnation}, sequence = ${row.sequence}, at_us = ${row.at_us}
        where tenant_id = ${key.tenant} and account = ${key.account} and strategy = ${key.strategy}
          and venue = ${key.venue} and instrument = ${key.instrument} and xmin = ${known.version}::xid and not exists (
          select 1 from portfolio_fills where tenant_id = ${key.tenant} and account = ${key.account}
            and venue = ${key.venue} and instrument = ${key.instrument} and trade_id = ${booked.tradeId}
            and kind = 'bust')
        returning xmin::text as version, tenant_id, account, strategy, venue, instrument
      ), made as (
        insert into ledger_transactions (tenant_id, account, key, kind, description, strategy, venue, instrument, at_us)
        select tenant_id, account, ${made.key}, 'fill', ${made.description}, strategy, venue, instrument,
          ${made.atUs}::bigint
        from moved returning id
      ), entered as (
        insert into ledger_entries (transaction_id, line, tenant_id, ledger_account_id, asset, amount)
        select made.id, line, ${key.tenant}, account_id, asset, amount
        from made, unnest(${entries.map(ids)}::bigint[], ${entries.map(({ asset }) => asset)}::text[],
          ${entries.map(({ amount }) => amount)}::numeric[]) with ordinality as lines (account_id, asset, amount, line)
      ), filled as (
        insert into portfolio_fills (tenant_id, account, strategy, venue, instrument, kind, trade_id, order_id, side,
          quantity, price, fee, fee_asset, fee_value, venue_time_us, transaction_id, realised, fees, at_us)
        select moved.tenant_id, moved.account, moved.strategy, moved.venue, moved.instrument, 'fill', ${booked.tradeId},
          ${confirm.orderId}, ${booked.side}, ${booked.quantity}::numeric, ${booked.price}::numeric,
          ${booked.fee}::numeric, ${booked.feeAsset}, ${booked.feeValue ?? null}::numeric, ${booked.atUs}::bigint,
          made.id, ${fromFixed((after.realised - before.realised) as never)}::numeric,
          ${fromFixed((after.fees - before.fees) as never)}::numeric, ${confirm.atUs}::bigint
        from moved, made
      ) ${lotsOf(sql, next, step)}
      select version from moved`
    return moved?.version
  } catch (error) {
    if ((error as { code?: string }).code === UNIQUE_VIOLATION) return undefined
    throw error
  }
}

/** One text whatever the number of lots, so that it is prepared; a part that would change none is left out. */
function lotsOf(sql: Sql, { key }: Next, { known, lots }: Step) {
  const { gone, changed } = lotChanges(known.lots, lots)
  const closed = () => sql`, closed as (
      delete from fifo_lots lot using moved
      where lot.tenant_id = ${key.tenant} and lot.account = ${key.account} and lot.strategy = ${key.strategy}
        and lot.venue = ${key.venue} and lot.instrument = ${key.instrument} and lot.trade_id = any(${gone}::text[])
    )`
  const opened = () => sql`, opened as (
      insert into fifo_lots (tenant_id, account, strategy, venue, instrument, trade_id, quantity, cost, opened_us)
      select moved.tenant_id, moved.account, moved.strategy, moved.venue, moved.instrument, lot.trade_id, lot.quantity,
        lot.cost, lot.opened_us
      from moved, unnest(${changed.map((lot) => lot.tradeId)}::text[],
        ${changed.map((lot) => fromFixed(lot.quantity))}::numeric[], ${changed.map((lot) => fromFixed(lot.cost))}::numeric[],
        ${changed.map((lot) => lot.openedUs)}::bigint[]) as lot (trade_id, quantity, cost, opened_us)
      on conflict (tenant_id, account, strategy, venue, instrument, trade_id)
      do update set quantity = excluded.quantity, cost = excluded.cost
    )`
  return [...(gone.length > 0 ? [closed()] : []), ...(changed.length > 0 ? [opened()] : [])]
}
