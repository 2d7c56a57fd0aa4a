import { crashPoint } from '@contrail/runtime'
import type { AmendRequest, Approved, CancelRequest, OrderEvent, PlaceRequest } from '@contrail/trading'
import { clOrdIdOf } from '../identity.ts'
import type { Outcome } from '../venue/port.ts'
import { addAttempt, answerAttempt, applyEvents, eventOf, joinAcceptance } from './apply.ts'
import type { Applied } from './apply.ts'
import { commit, commitFirst, raise, writeHead } from './desk.ts'
import type { Desk } from './desk.ts'
import { EMPTY_BATCH, firstAttempt, isNewlyAside, mergeBatches } from './held.ts'
import type { Attempt, Batch, Head, Held } from './held.ts'
import { loadHeld } from '../store/load.ts'

/** No answer by then is no answer: the request may have been taken. */
const ANSWER_MS = 3000
/** An order is in the lists by then, answered or not. */
const SHOW_MS = 100
/** For C11: more than any limit allows in a second. */
const CANCELS_KEPT = 1000

export type Request =
  | { readonly kind: 'place'; readonly approved: Approved<PlaceRequest> }
  | { readonly kind: 'cancel'; readonly approved: Approved<CancelRequest> }
  | { readonly kind: 'amend'; readonly approved: Approved<AmendRequest> }

export type SendOptions = {
  /** What is committed together with the attempt. */
  readonly first?: Partial<Batch>
  readonly validUntilUs: number
  /** When the signal was stored, for the figures. */
  readonly storedUs?: number
}

/** The first request of a new order: attempt row, commit, send once, record. */
export async function sendFirst(
  desk: Desk,
  fresh: Held,
  approved: Approved<PlaceRequest>,
  options: Pick<SendOptions, 'validUntilUs' | 'storedUs'> & { readonly head: Head },
): Promise<void> {
  const request: Request = { kind: 'place', approved }
  const attempt = attemptOf(desk, fresh, request, options.validUntilUs, fresh.head.createdUs)
  crashPoint('orders.before_attempt')
  const beganMs = desk.clock.monotonicMs()
  await commitFirst(desk, firstAttempt(fresh, attempt, options.head))
  desk.metrics.attemptCommit.observe((desk.clock.monotonicMs() - beganMs) / 1000)
  await sendWritten(desk, fresh.head.orderId, request, attempt, options.storedUs)
}

/** Attempt row, commit, send once, record. With `sendFirst` the only way to the venue. */
export async function send(desk: Desk, base: Applied, request: Request, options: SendOptions): Promise<void> {
  const { writer, clock } = desk
  const nowUs = desk.market.nowUs()
  const attempt = attemptOf(desk, base.held, request, options.validUntilUs, nowUs)
  const moved = applyEvents(base.held, writer.tenant, [attemptEvent(request, attempt.attempt)], nowUs)
  raise(desk, moved)
  if (moved.batch.quarantined.length > 0)
    return commit(desk, mergeBatches(base.batch, moved.batch, rest(options.first)))
  const written = addAttempt(moved, attempt)
  crashPoint('orders.before_attempt')
  const beganMs = clock.monotonicMs()
  await commit(desk, mergeBatches(base.batch, written.batch, rest(options.first)))
  desk.metrics.attemptCommit.observe((clock.monotonicMs() - beganMs) / 1000)
  if (request.kind === 'cancel')
    desk.state.recentCancelsUs = [...desk.state.recentCancelsUs.slice(-CANCELS_KEPT), nowUs]
  await sendWritten(desk, written.held.head.orderId, request, attempt, options.storedUs)
}

function attemptOf(desk: Desk, held: Held, request: Request, validUntilUs: number, createdUs: number): Attempt {
  const number = held.order.attempt + 1
  return {
    attempt: number,
    kind: request.kind,
    clOrdId: clOrdIdOf(desk.writer.tenant, held.head.orderId, number),
    state: 'persisted',
    epoch: desk.state.epoch,
    body: request.approved.request,
    validUntilUs,
    createdUs,
  }
}

async function sendWritten(
  desk: Desk,
  orderId: string,
  request: Request,
  attempt: Attempt,
  storedUs: number | undefined,
): Promise<void> {
  crashPoint('orders.after_commit_before_send')
  if (storedUs !== undefined) desk.metrics.signalToSent.observe(secondsSince(desk, storedUs))
  const outcome = await exchange(desk, orderId, request, attempt)
  crashPoint('orders.after_send_before_record')
  await record(desk, orderId, attempt, outcome)
}

const rest = (part: Partial<Batch> | undefined): Batch => ({ ...EMPTY_BATCH, ...part })
export const secondsSince = (desk: Desk, us: number): number => Math.max(0, desk.clock.nowUs() - us) / 1_000_000

function attemptEvent(request: Request, attempt: number): OrderEvent {
  if (request.kind === 'place') return { type: 'attempted', attempt }
  if (request.kind === 'cancel') return { type: 'cancel_requested', attempt }
  return { type: 'replace_requested', attempt, terms: request.approved.request.terms }
}

/** Once. Whatever is not an answer is UNKNOWN. */
async function exchange(desk: Desk, orderId: string, request: Request, attempt: Attempt): Promise<Outcome> {
  const beganMs = desk.clock.monotonicMs()
  const asked = ask(desk, request, attempt).catch((error: unknown): Outcome => {
    desk.log.warn({ err: error, clOrdId: attempt.clOrdId }, 'a request has no answer')
    return { outcome: 'unknown', cause: error instanceof Error ? error.message : String(error) }
  })
  let timer: { cancel(): void } | undefined
  const late = new Promise<Outcome>((resolve) => {
    const cause = `no answer in ${ANSWER_MS} ms`
    timer = desk.clock.setTimer(ANSWER_MS, () => resolve({ outcome: 'unknown', cause }))
  })
  const shown = showIfSlow(desk, orderId)
  const outcome = await Promise.race([asked, late])
  timer?.cancel()
  await shown()
  desk.metrics.sentToAnswer.observe((desk.clock.monotonicMs() - beganMs) / 1000)
  desk.metrics.sent.inc({ kind: request.kind, outcome: outcome.outcome })
  return outcome
}

/** Whoever looks sees an order whose venue takes its time. What comes back ends the waiting. */
function showIfSlow(desk: Desk, orderId: string): () => Promise<void> {
  let shown: Promise<void> | undefined
  const timer = desk.clock.setTimer(SHOW_MS, () => {
    const held = desk.state.open.get(orderId)
    shown = held && writeHead(desk, held)
    shown?.catch(() => undefined) // met by who ends the waiting
  })
  return async () => {
    timer.cancel()
    await shown
  }
}

async function ask(desk: Desk, request: Request, attempt: Attempt): Promise<Outcome> {
  const { venue } = desk
  if (request.kind === 'place') return await venue.place(attempt.clOrdId, request.approved, attempt.epoch)
  if (request.kind === 'cancel') return await venue.cancel(attempt.clOrdId, request.approved, attempt.epoch)
  return await venue.amend(attempt.clOrdId, request.approved, attempt.epoch)
}

/** The answer, and whatever the venue has told meanwhile, in one transaction. */
async function record(desk: Desk, orderId: string, attempt: Attempt, outcome: Outcome) {
  const held = desk.state.open.get(orderId)
  if (!held) throw new Error(`${orderId} is not in hand after its own request`)
  const events = answerEvents(attempt, outcome)
  const moved = applyEvents(held, desk.writer.tenant, events, desk.market.nowUs())
  const state = outcome.outcome === 'duplicate' ? 'unknown' : outcome.outcome
  const answered = answerAttempt(moved, attempt.attempt, state)
  await commitTold(desk, answered)
}

function answerEvents(attempt: Attempt, outcome: Outcome): OrderEvent[] {
  const number = attempt.attempt
  if (attempt.kind === 'place') {
    const sent: OrderEvent = { type: 'sent', attempt: number }
    if (outcome.outcome === 'accepted') return [sent, { type: 'accepted', venueOrderId: outcome.venueOrderId }]
    if (outcome.outcome === 'rejected') return [sent, { type: 'rejected', reason: outcome.reason }]
    return [sent, { type: 'unknown', attempt: number }]
  }
  if (outcome.outcome !== 'rejected') return []
  const type = attempt.kind === 'cancel' ? 'cancel_refused' : 'replace_refused'
  return [{ type, attempt: number, reason: outcome.reason }]
}

/** Applies all that the venue has told and not yet been booked, together with one order that is in work. */
export async function commitTold(desk: Desk, first: Applied | undefined, more: Batch = EMPTY_BATCH): Promise<void> {
  const applied = first ? [first] : []
  const current = new Map<string, Held>(first ? [[first.held.head.orderId, first.held]] : [])
  const stray: Batch['quarantined'][number][] = []
  const touched: Applied[] = []
  for (const told of desk.told.splice(0)) {
    const held = await find(desk, told.origin, current)
    if (!held) {
      const cause = `the venue speaks of ${told.origin}, which is not ours`
      if (isNewlyAside(desk.state, told, cause)) stray.push({ orderId: undefined, event: told, cause })
      continue
    }
    const moved = applyEvents(held, desk.writer.tenant, [eventOf(held, told)], desk.market.nowUs())
    current.set(held.head.orderId, moved.held)
    touched.push(moved)
  }
  const all = [...applied, ...touched]
  const quarantined: Batch = { ...EMPTY_BATCH, quarantined: stray }
  const merged = mergeBatches(...all.map((one) => one.batch), quarantined, more)
  if (isEmpty(merged)) return
  const batch = { ...merged, reports: joinAcceptance(merged.reports) }
  crashPoint('orders.report_before_commit')
  await commit(desk, batch)
  for (const one of all) raise(desk, one)
  const about = { account: desk.writer.account }
  for (const one of stray) desk.alerts.send('critical', 'order_external', one.cause, about)
}

async function find(desk: Desk, origin: string, current: ReadonlyMap<string, Held>): Promise<Held | undefined> {
  const orderId = desk.state.byClOrdId.get(origin)
  const known = orderId === undefined ? undefined : (current.get(orderId) ?? desk.state.open.get(orderId))
  if (known) return known
  for (const held of current.values()) if (held.attempts.some((one) => one.clOrdId === origin)) return held
  return await loadHeld(desk.writer, { clOrdId: origin })
}

const isEmpty = (batch: Batch): boolean =>
  batch.held.length + batch.attempts.length + batch.fills.length + batch.reports.length + batch.quarantined.length ===
    0 &&
  !batch.head &&
  batch.venueCursor === undefined
