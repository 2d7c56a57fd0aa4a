import type { Confirm, Fill } from '@contrail/contracts'
import type { SqlRunner, Transaction } from '@contrail/db'
import { fromFixed, toFixed } from '@contrail/trading'
import type { BookedFill, PositionState } from '@contrail/trading'
import type { PositionKey } from './keys.ts'
import { whereKey } from './positions.ts'

export type FillRow = {
  kind: 'fill' | 'bust'
  trade_id: string
  order_id: string
  side: 'buy' | 'sell'
  quantity: string
  price: string
  fee: string
  fee_asset: string
  fee_value: string | null
  venue_time_us: number
  transaction_id: number
}

export const bookedOf = (row: FillRow): BookedFill => ({
  tradeId: row.trade_id,
  side: row.side,
  quantity: row.quantity,
  price: row.price,
  fee: row.fee,
  feeAsset: row.fee_asset,
  ...(row.fee_value === null ? {} : { feeValue: row.fee_value }),
  atUs: row.venue_time_us,
})

/** Fills of one position that still count, in no order. */
export async function countingFills(tx: Transaction, key: PositionKey): Promise<BookedFill[]> {
  const rows = await tx<FillRow[]>`
    select * from portfolio_fills f where ${whereKey(tx, key)} and kind = 'fill' and not exists (
      select 1 from portfolio_fills b where b.kind = 'bust' and b.tenant_id = f.tenant_id and b.account = f.account
        and b.venue = f.venue and b.instrument = f.instrument and b.trade_id = f.trade_id)`
  return rows.map(bookedOf)
}

/** One trade of an account, whatever strategy it was booked under. */
export async function findFill(
  sql: SqlRunner,
  key: PositionKey,
  tradeId: string,
  kind: 'fill' | 'bust',
): Promise<(FillRow & { strategy: string }) | undefined> {
  const [row] = await sql<(FillRow & { strategy: string })[]>`
    select * from portfolio_fills where tenant_id = ${key.tenant} and account = ${key.account}
      and venue = ${key.venue} and instrument = ${key.instrument} and trade_id = ${tradeId} and kind = ${kind}`
  return row
}

/** The first difference between a trade as it was booked and as it is told again, or undefined. */
export function differenceOf(row: FillRow & { strategy: string }, confirm: Confirm, fill: Fill): string | undefined {
  const pairs: [string, string, string][] = [
    ['strategy', row.strategy, confirm.strategy],
    ['side', row.side, confirm.side],
    ['quantity', plain(row.quantity), plain(fill.quantity)],
    ['price', plain(row.price), plain(fill.price)],
    ['fee', plain(row.fee), plain(fill.fee)],
    ['feeAsset', row.fee_asset, fill.feeAsset],
  ]
  const found = pairs.find(([, booked, told]) => booked !== told)
  return found && `${found[0]} was booked as ${found[1]} and is now told as ${found[2]}`
}

const plain = (text: string): string => fromFixed(toFixed(text))

export async function insertFill(
  tx: Transaction,
  key: PositionKey,
  row: Omit<FillRow, 'kind'> & { kind: 'fill' | 'bust' },
  change: { before: PositionState; after: PositionState; atUs: number },
): Promise<void> {
  const { before, after, atUs } = change
  const { tenant, account, strategy, venue, instrument } = key
  await tx`
    insert into portfolio_fills (tenant_id, account, strategy, venue, instrument, kind, trade_id, order_id, side,
      quantity, price, fee, fee_asset, fee_value, venue_time_us, transaction_id, realised, fees, at_us)
    values (${tenant}, ${account}, ${strategy}, ${venue}, ${instrument}, ${row.kind}, ${row.trade_id},
      ${row.order_id}, ${row.side}, ${row.quantity}, ${row.price}, ${row.fee}, ${row.fee_asset}, ${row.fee_value},
      ${row.venue_time_us}, ${row.transaction_id}, ${minus(after.realised, before.realised)},
      ${minus(after.fees, before.fees)}, ${atUs})`
}

const minus = (a: bigint, b: bigint): string => fromFixed((a - b) as never)
