import { positionSchema } from '@contrail/contracts'
import type { PositionValue } from '@contrail/contracts'
import type { SqlRunner, Transaction } from '@contrail/db'
import { averageCostOf, fromFixed, toFixed } from '@contrail/trading'
import type { BookedFill, Lot, LotBook, PositionState } from '@contrail/trading'
import type { Place, PositionKey } from './keys.ts'

export type PositionRow = {
  tenant_id: string
  account: string
  strategy: string
  venue: string
  instrument: string
  quantity: string
  cost: string
  realised: string
  fees: string
  fills: number
  last_us: number
  last_trade_id: string
  incarnation: string
  sequence: number
  at_us: number
}

/** Reads a position for change: others who want it wait. Made flat when it is new. */
export async function lockPosition(tx: Transaction, key: PositionKey, place: Place): Promise<PositionRow> {
  const { tenant, account, strategy, venue, instrument } = key
  const made = tx`
    insert into positions (tenant_id, account, strategy, venue, instrument, quantity, cost, realised, fees, fills,
      last_us, last_trade_id, incarnation, sequence, at_us)
    values (${tenant}, ${account}, ${strategy}, ${venue}, ${instrument}, 0, 0, 0, 0, 0, 0, '',
      ${place.incarnation}, 0, 0) on conflict do nothing`
  const locked = tx<[PositionRow]>`select * from positions where ${whereKey(tx, key)} for update`
  // Both leave before the first has answered, and before anything that the caller asks next.
  const [, [row]] = await Promise.all([made.execute(), locked.execute()])
  return row
}

export async function readPosition(sql: SqlRunner, key: PositionKey): Promise<PositionRow | undefined> {
  const [row] = await sql<PositionRow[]>`select * from positions where ${whereKey(sql, key)}`
  return row
}

export const stateOf = (row: PositionRow): PositionState => ({
  quantity: toFixed(row.quantity),
  cost: toFixed(row.cost),
  realised: toFixed(row.realised),
  fees: toFixed(row.fees),
  fills: row.fills,
})

/** Gives the version of the row that it made. */
export async function savePosition(tx: Transaction, row: PositionRow): Promise<string> {
  const [saved] = await tx<[{ version: string }]>`
    update positions set quantity = ${row.quantity}, cost = ${row.cost}, realised = ${row.realised},
      fees = ${row.fees}, fills = ${row.fills}, last_us = ${row.last_us}, last_trade_id = ${row.last_trade_id},
      incarnation = ${row.incarnation}, sequence = ${row.sequence}, at_us = ${row.at_us}
    where ${whereKey(tx, keyOf(row))} returning xmin::text as version`
  return saved.version
}

/** The row with a new state. `sequence` only grows within one incarnation: a redelivery does not turn it back. */
export function movedRow(
  row: PositionRow,
  state: PositionState,
  last: Pick<BookedFill, 'atUs' | 'tradeId'>,
  place: Place,
  atUs: number,
): PositionRow {
  const same = row.incarnation === place.incarnation
  const { tenant_id, account, strategy, venue, instrument } = row
  return {
    tenant_id,
    account,
    strategy,
    venue,
    instrument,
    quantity: fromFixed(state.quantity),
    cost: fromFixed(state.cost),
    realised: fromFixed(state.realised),
    fees: fromFixed(state.fees),
    fills: state.fills,
    last_us: last.atUs,
    last_trade_id: last.tradeId,
    incarnation: place.incarnation,
    sequence: same ? Math.max(row.sequence, place.sequence) : place.sequence,
    at_us: Math.max(row.at_us, atUs),
  }
}

type LotRow = { trade_id: string; quantity: string; cost: string; opened_us: number }

export async function readLots(tx: SqlRunner, key: PositionKey): Promise<Lot[]> {
  const rows = await tx<LotRow[]>`
    select trade_id, quantity, cost, opened_us from fifo_lots where ${whereKey(tx, key)}
    order by opened_us, trade_id collate "C"`
  return rows.map((row) => ({
    tradeId: row.trade_id,
    openedUs: row.opened_us,
    quantity: toFixed(row.quantity),
    cost: toFixed(row.cost),
  }))
}

/** What changed: lots that were closed go, the one closed in part shrinks, a new one comes. */
export function lotChanges(before: readonly Lot[], after: LotBook['lots']): { gone: string[]; changed: Lot[] } {
  const left = new Map(after.map((lot) => [lot.tradeId, lot]))
  const had = new Map(before.map((lot) => [lot.tradeId, lot]))
  const gone = before.filter((lot) => !left.has(lot.tradeId)).map((lot) => lot.tradeId)
  const changed = after.filter((lot) => {
    const old = had.get(lot.tradeId)
    return !old || old.quantity !== lot.quantity || old.cost !== lot.cost
  })
  return { gone, changed }
}

export async function saveLots(tx: Transaction, key: PositionKey, before: readonly Lot[], after: LotBook['lots']) {
  const { gone, changed } = lotChanges(before, after)
  await Promise.all([
    ...(gone.length > 0 ? [tx`delete from fifo_lots where ${whereKey(tx, key)} and trade_id = any(${gone})`] : []),
    ...changed.map((lot) => saveLot(tx, key, lot)),
  ])
}

function saveLot(tx: Transaction, { tenant, account, strategy, venue, instrument }: PositionKey, lot: Lot) {
  return tx`
    insert into fifo_lots (tenant_id, account, strategy, venue, instrument, trade_id, quantity, cost, opened_us)
    values (${tenant}, ${account}, ${strategy}, ${venue}, ${instrument}, ${lot.tradeId}, ${fromFixed(lot.quantity)},
      ${fromFixed(lot.cost)}, ${lot.openedUs})
    on conflict (tenant_id, account, strategy, venue, instrument, trade_id)
    do update set quantity = excluded.quantity, cost = excluded.cost`
}

/** What KV `positions` shows of a row. */
export function positionValue(row: PositionRow): PositionValue {
  return positionSchema.parse({
    schema: 1,
    tenant: row.tenant_id,
    account: row.account,
    strategy: row.strategy,
    venue: row.venue,
    instrument: row.instrument,
    quantity: fromFixed(toFixed(row.quantity)),
    averagePrice: averageCostOf(stateOf(row)),
    realised: fromFixed(toFixed(row.realised)),
    fees: fromFixed(toFixed(row.fees)),
    fills: row.fills,
    sequence: row.sequence,
    incarnation: row.incarnation,
    atUs: row.at_us,
  })
}

export const keyOf = (row: PositionRow): PositionKey => ({
  tenant: row.tenant_id,
  account: row.account,
  strategy: row.strategy,
  venue: row.venue,
  instrument: row.instrument,
})

export const whereKey = (sql: SqlRunner, key: PositionKey) => sql`
  tenant_id = ${key.tenant} and account = ${key.account} and strategy = ${key.strategy}
  and venue = ${key.venue} and instrument = ${key.instrument}`
