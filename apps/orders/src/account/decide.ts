import { instrumentKey, refuse } from '@contrail/contracts'
import type { Intent, PlaceIntent, Reason } from '@contrail/contracts'
import {
  checkAmend,
  checkCancel,
  checkEntry,
  cumQuantity,
  leavesQuantity,
  limitsFor,
  statusOf,
  termsOf,
} from '@contrail/trading'
import type { PlaceRequest, Terms, Verdict } from '@contrail/trading'
import { makeAhead } from '../identity.ts'
import { loadHeld, recentOf } from '../store/load.ts'
import { applyEvents, report } from './apply.ts'
import type { Applied } from './apply.ts'
import { commit, isOver, riskView, scopeOf } from './desk.ts'
import type { Desk } from './desk.ts'
import { EMPTY_BATCH, freshHeld, mergeBatches, reason } from './held.ts'
import type { Batch, Cursor, Head, Held } from './held.ts'
import { linksOf, venueLacks } from './links.ts'
import { resolve } from './resolve.ts'
import { secondsSince, send, sendFirst } from './send.ts'

/** A decision of a strategy or a person, as far as orders are concerned. */
export type Decision = {
  readonly strategy: string
  readonly number: number
  readonly intents: readonly Intent[]
  readonly atUs: number
  readonly source: Cursor
  /** When the stream stored it. */
  readonly storedUs: number
  /** A person may cancel what a strategy placed; a strategy only its own. */
  readonly ofPerson: boolean
}
/** Recent orders kept for C8 and C11. */
const RECENT_MAX = 5000
/** No account has more orders in hand than this (C10 comes first; this is the memory's own limit). */
const OPEN_MAX = 10_000

/** Carries out a decision from where it was left. One that came before changes nothing. */
export async function decide(desk: Desk, decision: Decision): Promise<void> {
  const { strategy, number, intents } = decision
  const done = desk.state.heads.get(strategy)
  const from = !done || number > done.number ? 0 : number === done.number ? done.index + 1 : intents.length
  if (from >= intents.length) {
    // A decision without orders is not remembered by number: nothing depends on it.
    if (intents.length > 0) desk.metrics.repeats.inc()
    return
  }
  for (let index = from; index < intents.length; index++)
    await carryOut(desk, decision, intents[index] as Intent, { strategy, number, index })
  desk.metrics.signalToAck.observe(secondsSince(desk, decision.storedUs))
  makeAhead(desk.writer.tenant, `${strategy}-${number + 1}-0`)
}

async function carryOut(desk: Desk, decision: Decision, intent: Intent, head: Head): Promise<void> {
  if (intent.type === 'place') return await place(desk, decision, intent, head)
  const held = desk.state.open.get(intent.orderId) ?? (await loadHeld(desk.writer, { orderId: intent.orderId }))
  if (!held || (held.head.strategy !== decision.strategy && !decision.ofPerson)) {
    const cause = `${intent.type}: no order ${intent.orderId} of ${decision.strategy} in this account`
    const quarantined = [{ orderId: undefined, event: intent, cause }]
    await commit(desk, { ...EMPTY_BATCH, quarantined, head })
    desk.alerts.send('warning', 'order_not_found', cause, { strategy: decision.strategy, orderId: intent.orderId })
    return
  }
  const settled = held.attempts.some((one) => one.state === 'unknown') ? await resolve(desk, held) : held
  if (intent.type === 'cancel') await cancel(desk, decision, settled, head)
  else await amend(desk, decision, settled, intent, head)
}

async function place(desk: Desk, decision: Decision, intent: PlaceIntent, head: Head): Promise<void> {
  if (desk.state.open.size >= OPEN_MAX) throw new Error(`${OPEN_MAX} orders are open in one account`)
  const key = instrumentKey(intent.venue, intent.instrument)
  // Mostly there is nothing to wait for, and a wait costs its turns.
  if (!desk.instruments.known(key)) await desk.instruments.get(intent.venue, intent.instrument)
  if (!desk.market.isSeeded(key)) await desk.market.ensure(intent.venue, intent.instrument)
  const scope = scopeOf(desk, decision.strategy, intent)
  // What hangs on it comes after it: the venue must be able to do that, too.
  const lacks = decision.intents
    .filter((one) => one === intent || (one.type === 'place' && one.parent === intent.orderId))
    .map((one) => venueLacks(desk.venue.takes, desk.venue.name, one as PlaceIntent))
    .find((reason) => reason !== undefined)
  const hangs = intent.parent !== undefined || intent.oco !== undefined
  const links = lacks ? { deny: lacks } : hangs ? await linksOf(desk, decision.strategy, intent) : {}
  const view = riskView(desk, scope, undefined, 'deny' in links ? {} : { links, parent: intent.parent })
  const children = decision.intents.filter((one) => one.type === 'place' && one.parent === intent.orderId)
  const asked = { decidedUs: decision.atUs }
  const verdict = 'deny' in links ? denial(links.deny) : checkEntry(intent, children as PlaceIntent[], asked, view)
  const held = heldOf(desk, decision, intent, verdict)
  if (verdict.verdict === 'denied') {
    desk.metrics.denials.inc({ code: verdict.reason.code })
    const denied = applyEvents(held, desk.writer.tenant, [{ type: 'denied', reason: verdict.reason }], view.nowUs)
    const insert: Batch = { ...EMPTY_BATCH, held: [{ held: denied.held, insert: true }] }
    await commit(desk, { ...mergeBatches(denied.batch, insert), head })
    return
  }
  desk.state.recent.push(recentOf({ orderId: intent.orderId, strategy: decision.strategy, atUs: view.nowUs }, intent))
  if (desk.state.recent.length > RECENT_MAX) desk.state.recent = desk.state.recent.slice(-RECENT_MAX / 2)
  const validUntilUs = decision.atUs + view.limits.signalAgeMaxUs
  await sendFirst(desk, held, verdict.approved, { head, validUntilUs, storedUs: decision.storedUs })
}

/** Before the gate is asked: what the venue cannot do, and orders that hang on nothing. */
const denial = (why: Reason): Extract<Verdict<PlaceRequest>, { verdict: 'denied' }> => ({
  verdict: 'denied',
  reason: why,
  checks: [{ control: 'C16', limit: 'the venue can do it', found: why.text, passed: false }],
})

function heldOf(desk: Desk, decision: Decision, intent: PlaceIntent, verdict: Verdict<PlaceRequest>): Held {
  return freshHeld({
    orderId: intent.orderId,
    account: desk.writer.account,
    strategy: decision.strategy,
    venue: intent.venue,
    instrument: intent.instrument,
    intent,
    request: verdict.verdict === 'approved' ? verdict.approved.request : undefined,
    checks: verdict.checks,
    source: decision.source,
    decidedUs: decision.atUs,
    createdUs: desk.market.nowUs(),
  })
}

const asApplied = (held: Held): Applied => ({ held, batch: EMPTY_BATCH, alarms: [] })

/** Our own no to a cancel or amend, in the words that a venue's would have. */
async function refuseChange(desk: Desk, held: Held, head: Head, code: string, text: string): Promise<void> {
  const no = report(held, desk.writer.tenant, 'cancel_rejected', desk.market.nowUs(), { reason: reason(code, text) })
  await commit(desk, { ...EMPTY_BATCH, reports: [no], head })
}

async function cancel(desk: Desk, decision: Decision, held: Held, head: Head): Promise<void> {
  const status = statusOf(held.order)
  if (status === 'pending_cancel') return await refuseChange(desk, held, head, 'CANCEL_PENDING', 'asked already')
  if (isOver(held)) return await refuseChange(desk, held, head, 'TOO_LATE_TO_CANCEL', `it is ${status}`)
  if (status === 'unknown' || status === 'pending_new')
    return await refuseChange(desk, held, head, 'ORDER_UNKNOWN', 'it is being looked for; ask again')
  const limits = limitsFor(desk.limits, scopeOf(desk, decision.strategy, held.head))
  const verdict = checkCancel(held.origin as string, {
    nowUs: desk.market.nowUs(),
    limits,
    recentCancelsUs: desk.state.recentCancelsUs,
  })
  if (verdict.verdict === 'denied') {
    desk.metrics.denials.inc({ code: verdict.reason.code })
    return await refuseChange(desk, held, head, verdict.reason.code, verdict.reason.text)
  }
  await send(
    desk,
    asApplied(held),
    { kind: 'cancel', approved: verdict.approved },
    {
      first: { head },
      validUntilUs: Number.MAX_SAFE_INTEGER,
      storedUs: decision.storedUs,
    },
  )
}

async function amend(
  desk: Desk,
  decision: Decision,
  held: Held,
  intent: Extract<Intent, { type: 'amend' }>,
  head: Head,
): Promise<void> {
  const status = statusOf(held.order)
  if (status !== 'new' && status !== 'partially_filled')
    return await refuseChange(desk, held, head, 'NOT_OPEN', `it is ${status}`)
  const verdict = judgeAmend(desk, held, { ...termsOf(held.order), ...changes(intent) }, decision.atUs)
  if (verdict.verdict === 'denied') {
    desk.metrics.denials.inc({ code: verdict.reason.code })
    return await refuseChange(desk, held, head, verdict.reason.code, verdict.reason.text)
  }
  await send(
    desk,
    asApplied(held),
    { kind: 'amend', approved: verdict.approved },
    {
      first: { head },
      validUntilUs: decision.atUs + limitsFor(desk.limits, scopeOf(desk, decision.strategy, held.head)).signalAgeMaxUs,
      storedUs: decision.storedUs,
    },
  )
}

export function judgeAmend(desk: Desk, held: Held, terms: Terms, decidedUs: number) {
  const origin = held.origin
  if (origin === undefined) throw refuse('not_sent', 'orderId', held.head.orderId, 'only what was sent can be amended')
  const becomes: PlaceIntent = { ...held.head.intent, ...(terms as Partial<PlaceIntent>) }
  const sizes = { leaves: leavesQuantity(held.order), filled: cumQuantity(held.order) }
  const view = riskView(desk, scopeOf(desk, held.head.strategy, held.head))
  return checkAmend(origin, becomes, sizes, { decidedUs }, view) satisfies Verdict<unknown>
}

const changes = ({ quantity, price, stopPrice }: Extract<Intent, { type: 'amend' }>): Partial<Terms> => ({
  ...(quantity ? { quantity } : {}),
  ...(price ? { price } : {}),
  ...(stopPrice ? { stopPrice } : {}),
})
