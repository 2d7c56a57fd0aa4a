import type { Confirm, Fill } from '@contrail/contracts'
import type { Database, Transaction } from '@contrail/db'
import { crashPoint } from '@contrail/runtime'
import {
  applyFill,
  applyFillToLots,
  assetsOf,
  compareFills,
  fillEntries,
  FLAT,
  foldFills,
  foldLots,
  reverseEntries,
} from '@contrail/trading'
import type { BookedFill, Lot } from '@contrail/trading'
import { bookStep, takeStep } from './next.ts'
import type { Seen } from './next.ts'
import { bookedOf, countingFills, differenceOf, findFill, insertFill } from './fills.ts'
import type { FillRow } from './fills.ts'
import { bustKey, fillKey, positionKeyOf } from './keys.ts'
import type { Place, PositionKey } from './keys.ts'
import { bookTransaction, transactionOf } from './ledger.ts'
import type { LedgerAccounts } from './ledger.ts'
import { lockPosition, movedRow, readLots, saveLots, savePosition, stateOf } from './positions.ts'
import type { PositionRow } from './positions.ts'

/** `reason.code` of a report that takes a trade back. A correction is a bust and a fill under a new trade id. */
export const BUSTED = 'trade_busted'

export type Booked = {
  readonly row: PositionRow
  readonly outcome: 'booked' | 'repeat' | 'conflict'
  /** What a conflict is about. */
  readonly detail?: string
  /** What was committed, for the next fill of this position. */
  readonly version?: string
  readonly lots?: readonly Lot[]
}
export type BookOptions = {
  readonly database: Database
  readonly accounts: LedgerAccounts
  /** Positions as this process last committed them. */
  readonly seen: Seen
  /** Told of the row after the usual fill, and of the one it was folded from, before it is booked. It may not come to be. */
  readonly onFolded?: (row: PositionRow, from: PositionRow) => void
  /** Worth of one unit of an asset in another now, for fees in a third asset. */
  readonly valueOf: (asset: string, quote: string, venue: string) => string | undefined
}

/**
 * One message, one transaction: ledger, what the fill did, position, lots. What makes a repeat harmless is the venue's
 * trade id.
 */
export async function bookReport(options: BookOptions, confirm: Confirm, fill: Fill, place: Place): Promise<Booked> {
  const { database, seen } = options
  const key = positionKeyOf(confirm)
  const booked = bookedFill(options, confirm, fill)
  const report = { key, confirm, booked }
  const step = confirm.reason?.code === BUSTED ? undefined : takeStep(seen, report, place)
  if (step) options.onFolded?.(step.row, step.known.row)
  const entries = fillEntries(key.strategy, key.instrument, booked)
  const ids = await options.accounts.ensure(key.account, entries)
  const row = step && (await bookStep(database.sql, seen, { ...report, place, ids, entries }, step))
  if (row) return { row, outcome: 'booked' }
  seen.forget(key)
  const result: Booked = await database.sql.begin(async (tx) => {
    const known = await readKnown(tx, key, booked.tradeId, place)
    const booking: Booking = { tx, key, ...known, confirm, booked, place, ids }
    const done = confirm.reason?.code === BUSTED ? await bookBust(booking) : await bookFill(booking)
    crashPoint('portfolio.before_commit')
    return done
  })
  const { version, lots } = result
  if (version !== undefined && lots) seen.keep(key, { row: result.row, version, lots })
  return result
}

type Known = {
  readonly row: PositionRow
  readonly fill: Awaited<ReturnType<typeof findFill>>
  readonly bust: Awaited<ReturnType<typeof findFill>>
  readonly lots: Awaited<ReturnType<typeof readLots>>
}

/** In one round trip, on one connection in this order: what is read after the lock is what the lock protects. */
async function readKnown(tx: Transaction, key: PositionKey, tradeId: string, place: Place): Promise<Known> {
  const [row, fill, bust, lots] = await Promise.all([
    lockPosition(tx, key, place),
    findFill(tx, key, tradeId, 'fill'),
    findFill(tx, key, tradeId, 'bust'),
    readLots(tx, key),
  ])
  return { row, fill, bust, lots }
}

type Booking = Known & {
  readonly tx: Transaction
  readonly key: PositionKey
  readonly confirm: Confirm
  readonly booked: BookedFill
  readonly place: Place
  readonly ids: Awaited<ReturnType<LedgerAccounts['ensure']>>
}

async function bookFill(booking: Booking): Promise<Booked> {
  const { tx, key, row, fill: known, confirm, booked, ids } = booking
  if (known) {
    const detail = differenceOf(known, confirm, confirm.fill as Fill)
    return detail ? { row, outcome: 'conflict', detail } : { row, outcome: 'repeat' }
  }
  const entries = fillEntries(key.strategy, key.instrument, booked)
  const transaction = transactionOf(booking, fillKey(key, booked.tradeId), 'fill')
  const id = await bookTransaction(tx, transaction, entries, ids)
  if (id === undefined) throw new Error(`${transaction.key} is in the ledger without its fill`)
  // Its bust overtook it: it is booked and taken back at once, and never counts.
  if (booking.bust) {
    const undo = { ...transactionOf(booking, `${bustKey(key, booked.tradeId)}:late`, 'reversal'), reverses: id }
    await bookTransaction(tx, undo, reverseEntries(entries), ids)
    await insertFill(tx, key, fillRow(booking, 'fill', id), { before: FLAT, after: FLAT, atUs: confirm.atUs })
    return { row, outcome: 'booked' }
  }
  return await moveRow(booking, 'fill', id)
}

async function bookBust(booking: Booking): Promise<Booked> {
  const { tx, key, row, fill: known, confirm, booked, ids } = booking
  if (booking.bust) return { row, outcome: 'repeat' }
  const transaction = transactionOf(booking, bustKey(key, booked.tradeId), 'reversal')
  if (known && known.strategy !== key.strategy)
    return { row, outcome: 'conflict', detail: `the busted trade was booked under strategy ${known.strategy}` }
  const entries = known ? reverseEntries(fillEntries(key.strategy, key.instrument, bookedOf(known))) : []
  const id = await bookTransaction(tx, { ...transaction, reverses: known?.transaction_id }, entries, ids)
  if (id === undefined) throw new Error(`${transaction.key} is in the ledger without its bust`)
  if (known) return await moveRow(booking, 'bust', id)
  await insertFill(tx, key, fillRow(booking, 'bust', id), { before: FLAT, after: FLAT, atUs: confirm.atUs })
  // The row as it is, in another version: a fill that was judged by the older one looks for this bust.
  await savePosition(tx, row)
  return { row, outcome: 'booked' }
}

/** The position after it: one step when it comes last in the canonical order, else folded anew from all that count. */
async function moveRow(booking: Booking, kind: 'fill' | 'bust', transactionId: number): Promise<Booked> {
  const { tx, key, row, lots, confirm, booked, place } = booking
  const assets = assetsOf(key.instrument)
  const before = stateOf(row)
  const last = { atUs: row.last_us, tradeId: row.last_trade_id }
  const isLast = kind === 'fill' && compareFills(last, booked) < 0
  let after = applyFill(before, booked, assets)
  let book = applyFillToLots({ lots, realised: before.realised }, booked, assets)
  if (!isLast) {
    const others = (await countingFills(tx, key)).filter(({ tradeId }) => tradeId !== booked.tradeId)
    const fills = kind === 'fill' ? [...others, booked] : others
    after = foldFills(fills, assets)
    book = foldLots(fills, assets)
  }
  const moved = movedRow(row, after, isLast ? booked : last, place, confirm.atUs)
  const [version] = await Promise.all([
    savePosition(tx, moved),
    insertFill(tx, key, fillRow(booking, kind, transactionId), { before, after, atUs: confirm.atUs }),
    saveLots(tx, key, lots, book.lots),
  ])
  return { row: moved, outcome: 'booked', version, lots: book.lots }
}

function fillRow({ confirm, booked }: Booking, kind: 'fill' | 'bust', transactionId: number): FillRow {
  return {
    kind,
    trade_id: booked.tradeId,
    order_id: confirm.orderId,
    side: booked.side,
    quantity: booked.quantity,
    price: booked.price,
    fee: booked.fee,
    fee_asset: booked.feeAsset,
    fee_value: booked.feeValue ?? null,
    venue_time_us: booked.atUs,
    transaction_id: transactionId,
  }
}

function bookedFill(options: BookOptions, confirm: Confirm, fill: Fill): BookedFill {
  const { base, quote } = assetsOf(confirm.instrument)
  const { tradeId, quantity, price, fee, feeAsset, venueTimeUs } = fill
  const booked = { tradeId, side: confirm.side, quantity, price, fee, feeAsset, atUs: venueTimeUs }
  if (feeAsset === base || feeAsset === quote) return booked
  const value = options.valueOf(feeAsset, quote, confirm.venue)
  return value === undefined ? booked : { ...booked, feeValue: value }
}
