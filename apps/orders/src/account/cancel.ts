import { approveCancelForHalt, statusOf } from '@contrail/trading'
import { covers } from '../halts.ts'
import { unsettled } from '../store/write.ts'
import type { Desk } from './desk.ts'
import { EMPTY_BATCH, openOrders } from './held.ts'
import { reconcile } from './reconcile.ts'
import { resolve } from './resolve.ts'
import { send } from './send.ts'

/** The kill switch: cancels what is open under a scope one by one and asks the venue what is left. */
export async function cancelUnder(desk: Desk, scope: string): Promise<{ asked: number; open: number }> {
  const { tenant } = desk.writer
  const under = openOrders(desk.state).filter((held) => covers(scope, { tenant, ...held.head }))
  for (const held of under) await cancelOne(desk, held.head.orderId)
  const listed = new Set(await desk.venue.openOrders())
  const open = under.filter((held) => held.origin !== undefined && listed.has(held.origin)).length
  await reconcile(desk, 'light')
  return { asked: under.length, open }
}

async function cancelOne(desk: Desk, orderId: string): Promise<void> {
  const first = desk.state.open.get(orderId)
  const held = first?.attempts.some(unsettled) ? await resolve(desk, first) : first
  const status = held && statusOf(held.order)
  if (!held || (status !== 'new' && status !== 'partially_filled' && status !== 'pending_replace')) return
  const approved = approveCancelForHalt(held.origin as string)
  const base = { held, batch: EMPTY_BATCH, alarms: [] }
  await send(desk, base, { kind: 'cancel', approved }, { validUntilUs: Number.MAX_SAFE_INTEGER })
}
