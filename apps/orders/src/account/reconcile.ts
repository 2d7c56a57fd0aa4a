import { compareDecimal, subtractDecimal } from '@contrail/contracts'
import type { Fill } from '@contrail/contracts'
import { crashPoint } from '@contrail/runtime'
import { statusOf } from '@contrail/trading'
import { knownFills, tradeName } from '../store/load.ts'
import { unsettled } from '../store/write.ts'
import type { VenueFill } from '../venue/port.ts'
import { applyEvents } from './apply.ts'
import type { Desk } from './desk.ts'
import { EMPTY_BATCH, isNewlyAside, openOrders, positionKey } from './held.ts'
import type { Batch, Held } from './held.ts'
import { resolve, stateEvents } from './resolve.ts'
import { commitTold } from './send.ts'

const PAGE = 500
/** Read again before the cursor: a fill may have been written late there. */
const OVERLAP = 100
/** An order that was heard of more recently needs no question. */
const QUIET_US = 5_000_000

/** Requests without an answer, then orders, then fills, then positions. Gives the positions that differ. */
export async function reconcile(desk: Desk, depth: 'full' | 'light'): Promise<string[]> {
  await commitTold(desk, undefined)
  for (const held of openOrders(desk.state)) if (held.attempts.some(unsettled)) await resolve(desk, held)
  await reconcileFills(desk)
  await reconcileOrders(desk, depth)
  await reconcileFills(desk)
  return await comparePositions(desk)
}

/** Fills of the venue's own list since the cursor: what is not booked yet is booked, what differs is set aside. */
export async function reconcileFills(desk: Desk): Promise<void> {
  let cursor = Math.max(0, desk.state.venueCursor - OVERLAP)
  for (;;) {
    const page = await desk.venue.fillsAfter(cursor, PAGE)
    if (page.length === 0) return
    cursor = (page.at(-1) as VenueFill).cursor
    const ids = page.map((one) => one.report.fill.tradeId)
    const known = await knownFills(desk.writer, ids)
    const quarantined: Batch['quarantined'][number][] = []
    for (const one of page) {
      const booked = known.get(tradeName({ ...one, ...one.report.fill }))
      if (!booked) desk.told.push(one.report)
      else if (!same(booked, one.report.fill)) {
        const cause = `filled: ${booked.orderId} was booked with other fields`
        if (isNewlyAside(desk.state, one.report, cause))
          quarantined.push({ orderId: booked.orderId, event: one.report, cause })
      }
    }
    for (const one of quarantined) {
      const about = { account: desk.writer.account, orderId: one.orderId ?? '' }
      desk.alerts.send('critical', 'order_quarantined', one.cause, about)
    }
    const moved = cursor > desk.state.venueCursor ? { venueCursor: cursor } : {}
    crashPoint('orders.mid_reconcile')
    await commitTold(desk, undefined, { ...EMPTY_BATCH, quarantined, ...moved })
    if (page.length < PAGE) return
  }
}

const same = (a: Fill, b: Fill): boolean =>
  compareDecimal(a.quantity, b.quantity) === 0 &&
  compareDecimal(a.price, b.price) === 0 &&
  compareDecimal(a.fee, b.fee) === 0

/** Orders that we hold for open: what the venue says of each. Absence from a list is a question, never an answer. */
async function reconcileOrders(desk: Desk, depth: 'full' | 'light'): Promise<void> {
  const listed = new Set(await desk.venue.openOrders())
  const nowUs = desk.market.nowUs()
  for (const held of openOrders(desk.state)) {
    if (held.origin === undefined || held.attempts.some(unsettled)) continue
    const quiet = nowUs - held.updatedUs > QUIET_US
    const pending = statusOf(held.order).startsWith('pending')
    if (depth === 'light' && ((listed.has(held.origin) && !pending) || !quiet)) continue
    await ask(desk, held)
  }
}

async function ask(desk: Desk, held: Held): Promise<void> {
  const origin = held.origin as string
  const answer = await desk.venue.query(origin, origin)
  if (!answer.order) {
    const text = `${held.head.orderId} is ${statusOf(held.order)} here and not known to the venue`
    desk.alerts.send('critical', 'order_vanished', text, { orderId: held.head.orderId, account: desk.writer.account })
    return
  }
  const applied = applyEvents(held, desk.writer.tenant, stateEvents(held, answer), desk.market.nowUs())
  if (applied.held === held && applied.batch.quarantined.length === 0) return
  await commitTold(desk, applied)
}

async function comparePositions(desk: Desk): Promise<string[]> {
  const theirs = new Map<string, string>()
  for (const one of await desk.venue.positions())
    theirs.set(positionKey(one.subAccount, one.venue, one.instrument), one.quantity)
  // What was told while we asked is theirs already and will be ours with the next commit.
  await commitTold(desk, undefined)
  const differing: string[] = []
  for (const key of new Set([...theirs.keys(), ...desk.state.positions.keys()])) {
    const [ours, venue] = [desk.state.positions.get(key) ?? '0', theirs.get(key) ?? '0']
    if (compareDecimal(subtractDecimal(ours, venue), '0') !== 0) differing.push(`${key}: ours ${ours}, venue ${venue}`)
  }
  return differing
}
