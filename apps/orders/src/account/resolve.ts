import type { Reason } from '@contrail/contracts'
import { crashPoint } from '@contrail/runtime'
import { approveCancelForHalt, checkPlace, statusOf } from '@contrail/trading'
import type { AmendRequest, OrderEvent, PlaceRequest } from '@contrail/trading'
import { unsettled } from '../store/write.ts'
import type { Answer } from '../venue/port.ts'
import { answerAttempt, applyEvents } from './apply.ts'
import type { Applied } from './apply.ts'
import { judgeAmend } from './decide.ts'
import { riskView, scopeOf } from './desk.ts'
import type { Desk } from './desk.ts'
import { reason } from './held.ts'
import type { Attempt, AttemptState, Held } from './held.ts'
import { commitTold, send } from './send.ts'
import type { Request } from './send.ts'

/** Settles every request of this order of which nobody knows. Gives the order as it is then. */
export async function resolve(desk: Desk, held: Held): Promise<Held> {
  let now = held
  for (let attempt = now.attempts.find(unsettled); attempt; attempt = now.attempts.find(unsettled)) {
    const settled = await settle(desk, now, attempt)
    if (!settled) return now
    now = desk.state.open.get(held.head.orderId) ?? settled
    if (now === settled) return now
  }
  return now
}

/** Asks the venue about one request. Undefined = it is still not known. */
async function settle(desk: Desk, held: Held, attempt: Attempt): Promise<Held | undefined> {
  const answer = await desk.venue.query(attempt.clOrdId, held.origin as string)
  crashPoint('orders.mid_reconcile')
  if (answer.request === 'absent') {
    if (!desk.venue.absenceIsProof) return undefined
    return await absent(desk, held, attempt)
  }
  const state: AttemptState = answer.request === 'accepted' ? 'accepted' : 'rejected'
  const events = foundEvents(held, attempt, answer)
  const moved = applyEvents(held, desk.writer.tenant, events, desk.market.nowUs())
  const settled = answerAttempt(moved, attempt.attempt, state)
  await commitTold(desk, settled)
  return settled.held
}

function foundEvents(held: Held, attempt: Attempt, answer: Answer): OrderEvent[] {
  if (answer.request !== 'accepted' && answer.request !== 'absent') {
    const why = answer.request.rejected
    if (attempt.kind === 'place') return [{ type: 'rejected', reason: why }]
    const type = attempt.kind === 'cancel' ? 'cancel_refused' : 'replace_refused'
    return [{ type, attempt: attempt.attempt, reason: why }]
  }
  const { order } = answer
  const found: OrderEvent[] =
    attempt.kind === 'place' && order
      ? [{ type: 'accepted', venueOrderId: order.venueOrderId, facts: order.facts }]
      : []
  return [...found, ...stateEvents(held, answer)]
}

/** What the state of an order at the venue says beyond its fills: its ending, and requests that were answered. */
export function stateEvents(held: Held, { order }: Answer): OrderEvent[] {
  if (!order) return []
  const events: OrderEvent[] = []
  for (const [key, state] of Object.entries(held.order.cancels)) {
    if (state !== 'pending' || order.cancelPending || order.ending?.type === 'cancelled') continue
    const why = reason('TOO_LATE_TO_CANCEL', order.ending?.type ?? 'it is open and no cancel is under way')
    events.push({ type: 'cancel_refused', attempt: Number(key), reason: why })
  }
  for (const [key, replace] of Object.entries(held.order.replaces)) {
    if (replace.state !== 'pending') continue
    const number = Number(key)
    const clOrdId = held.attempts.find((one) => one.attempt === number)?.clOrdId
    if (order.amended === clOrdId) events.push({ type: 'replaced', attempt: number, terms: replace.terms })
    else if (!order.amendPending)
      events.push({
        type: 'replace_refused',
        attempt: number,
        reason: reason('NOT_REPLACED', 'the venue did not do it'),
      })
  }
  const { ending } = order
  if (ending?.type === 'cancelled') events.push({ type: 'cancelled', ...(ending.reason && { reason: ending.reason }) })
  if (ending?.type === 'expired' || ending?.type === 'rejected')
    events.push({ type: ending.type, reason: ending.reason ?? reason('ENDED', ending.type) })
  return events
}

/** The venue's books prove that the request never came. It is made again only if it is still wanted. */
async function absent(desk: Desk, held: Held, attempt: Attempt): Promise<Held> {
  const nowUs = desk.market.nowUs()
  const moved = applyEvents(held, desk.writer.tenant, absenceEvents(attempt), nowUs)
  const settled = answerAttempt(moved, attempt.attempt, 'not_placed')
  const again = retry(desk, settled.held, attempt, nowUs)
  if (!('kind' in again)) {
    const last = attempt.kind === 'cancel' ? withoutReports(settled) : because(settled, again)
    await commitTold(desk, last)
    return last.held
  }
  // Nobody needs to hear of an attempt that is made again in the same breath.
  crashPoint('orders.resend_before_send')
  await send(desk, withoutReports(settled), again, { validUntilUs: attempt.validUntilUs })
  return desk.state.open.get(held.head.orderId) ?? settled.held
}

function absenceEvents(attempt: Attempt): OrderEvent[] {
  const number = attempt.attempt
  const why = reason('NOT_PLACED', 'the request never reached the venue')
  if (attempt.kind === 'place')
    return [
      { type: 'unknown', attempt: number },
      { type: 'not_placed', attempt: number },
    ]
  return [{ type: attempt.kind === 'cancel' ? 'cancel_refused' : 'replace_refused', attempt: number, reason: why }]
}

/** Judged anew: limits, halts and the market may have changed. A cancel is always still wanted. */
function retry(desk: Desk, held: Held, attempt: Attempt, nowUs: number): Request | Reason {
  const status = statusOf(held.order)
  const open = status === 'new' || status === 'partially_filled'
  if (attempt.kind !== 'place' && !open) return reason('NOT_OPEN', `it is ${status}`)
  if (attempt.kind === 'cancel') return { kind: 'cancel', approved: approveCancelForHalt(held.origin as string) }
  if (nowUs > attempt.validUntilUs) return reason('SIGNAL_TOO_OLD', 'it never reached the venue and is too old now')
  if (attempt.kind === 'amend') {
    const verdict = judgeAmend(desk, held, (attempt.body as AmendRequest).terms, held.head.decidedUs)
    return verdict.verdict === 'approved' ? { kind: 'amend', approved: verdict.approved } : verdict.reason
  }
  const { intent, decidedUs, orderId, strategy } = held.head
  const { parent, oco } = attempt.body as PlaceRequest
  const links = { ...(parent === undefined ? {} : { parent }), ...(oco === undefined ? {} : { oco }) }
  const view = riskView(desk, scopeOf(desk, strategy, intent), orderId, { links, parent: intent.parent })
  const verdict = checkPlace(intent, { decidedUs }, view)
  return verdict.verdict === 'approved' ? { kind: 'place', approved: verdict.approved } : verdict.reason
}

const withoutReports = (applied: Applied): Applied => ({ ...applied, batch: { ...applied.batch, reports: [] } })

/** One report is enough: not placed, and why it is not tried again. */
function because(applied: Applied, why: Reason): Applied {
  const last = applied.batch.reports.filter((one) => one.type !== 'unknown')
  return { ...applied, batch: { ...applied.batch, reports: last.map((one) => ({ ...one, reason: why })) } }
}
