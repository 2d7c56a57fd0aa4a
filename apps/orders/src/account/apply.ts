import { refuse } from '@contrail/contracts'
import type {
  AccountId,
  ClOrdId,
  ExecutionType,
  Fill,
  OrderId,
  Reason,
  StrategyId,
  TenantId,
  Us,
} from '@contrail/contracts'
import { cumQuantity, leavesQuantity, moveOrder, statusOf, termsOf } from '@contrail/trading'
import type { Alarm, OrderEvent, VenueReport } from '@contrail/trading'
import { EMPTY_BATCH, mergeBatches } from './held.ts'
import type { Attempt, AttemptState, Batch, Held, Report } from './held.ts'

/** Which events are told to the world, and as what. The rest is our own book-keeping. */
const REPORTED: Partial<Record<OrderEvent['type'], ExecutionType>> = {
  denied: 'denied',
  unknown: 'unknown',
  not_placed: 'not_placed',
  accepted: 'accepted',
  rejected: 'rejected',
  filled: 'filled',
  busted: 'reconciled',
  corrected: 'reconciled',
  cancelled: 'cancelled',
  expired: 'expired',
  cancel_refused: 'cancel_rejected',
  replaced: 'replaced',
  replace_refused: 'cancel_rejected',
}

export type Applied = {
  readonly held: Held
  readonly batch: Batch
  readonly alarms: readonly { readonly alarm: Alarm | 'quarantined'; readonly text: string }[]
}

/** Moves one order through events and says what has to be written and told. Touches nothing. */
export function applyEvents(held: Held, tenant: string, events: readonly OrderEvent[], atUs: number): Applied {
  let now = held
  const fills: Batch['fills'][number][] = []
  const reports: Report[] = []
  const quarantined: Batch['quarantined'][number][] = []
  const alarms: Applied['alarms'][number][] = []
  for (const event of events) {
    const moved = moveOrder(now.order, event)
    if (moved.effect === 'repeat') continue
    const { orderId } = now.head
    if (moved.effect === 'quarantined') {
      quarantined.push({ orderId, event, cause: moved.cause })
      alarms.push({ alarm: 'quarantined', text: moved.cause })
      continue
    }
    now = { ...now, order: moved.order, updatedUs: atUs }
    for (const alarm of moved.alarms) alarms.push({ alarm, text: `${orderId}: ${alarm}` })
    const fill = event.type === 'filled' || event.type === 'corrected' ? event.fill : undefined
    if (fill) fills.push({ held: now, fill })
    const type = REPORTED[event.type]
    if (type) reports.push(report(now, tenant, type, atUs, detail(now, event)))
  }
  const changed = now !== held
  return {
    held: now,
    alarms,
    batch: { ...EMPTY_BATCH, held: changed ? [{ held: now, insert: false }] : [], fills, reports, quarantined },
  }
}

type Detail = { fill?: Fill; reason?: Reason; venueOrderId?: string }

function detail({ order: { venueOrderId } }: Held, event: OrderEvent): Detail {
  if (event.type === 'accepted') return venueOrderId === undefined ? {} : { venueOrderId }
  if (event.type === 'filled') return { fill: event.fill }
  if (event.type === 'busted' || event.type === 'corrected')
    return { reason: { code: 'TRADE_TAKEN_BACK', text: `TRADE_TAKEN_BACK: trade ${event.tradeId} (${event.type})` } }
  return 'reason' in event && event.reason ? { reason: event.reason } : {}
}

export function report(
  held: Held,
  tenant: string,
  type: ExecutionType,
  atUs: number,
  { venueOrderId, ...more }: Detail = {},
): Report {
  const { head, order } = held
  const terms = termsOf(order)
  return {
    schema: 1,
    type,
    tenant: tenant as TenantId,
    account: head.account as AccountId,
    strategy: head.strategy as StrategyId,
    orderId: head.orderId as OrderId,
    ...(held.origin ? { clOrdId: held.origin as ClOrdId } : {}),
    venue: head.intent.venue,
    instrument: head.intent.instrument,
    side: head.intent.side,
    orderType: head.intent.orderType,
    quantity: terms.quantity,
    ...(terms.price ? { price: terms.price } : {}),
    ...(terms.stopPrice ? { stopPrice: terms.stopPrice } : {}),
    status: statusOf(order),
    cumQuantity: cumQuantity(order),
    leavesQuantity: leavesQuantity(order),
    ...more,
    atUs: atUs as Us,
    ...(venueOrderId ? { venueOrderId } : {}),
  }
}

/**
 * The acceptance and the first fill of an order are one report when they are told at once: a fill that names the venue's
 * order implies the acceptance (trading: `reportsOf`). Of one order at most, the one in work.
 */
export function joinAcceptance(reports: readonly Report[]): readonly Report[] {
  const at = reports.findIndex(({ type }) => type === 'accepted')
  const { orderId, venueOrderId } = reports[at] ?? {}
  const next = reports.findIndex((one, place) => place > at && one.orderId === orderId)
  const fill = reports[next]
  if (fill?.type !== 'filled' || venueOrderId === undefined) return reports
  return reports.with(next, { ...fill, venueOrderId }).toSpliced(at, 1)
}

/** Writes down that a request will be made. It is committed before any byte leaves. */
export function addAttempt(applied: Applied, attempt: Attempt): Applied {
  const held: Held = {
    ...applied.held,
    attempts: [...applied.held.attempts, attempt],
    ...(attempt.kind === 'place' ? { origin: attempt.clOrdId } : {}),
  }
  const { orderId } = held.head
  const written: Batch = { ...EMPTY_BATCH, attempts: [{ orderId, attempt, insert: true }] }
  const batch = mergeBatches({ ...applied.batch, held: [{ held, insert: false }] }, written)
  return { ...applied, held, batch }
}

export function answerAttempt(applied: Applied, number: number, state: AttemptState): Applied {
  const attempts = applied.held.attempts.map((one) => (one.attempt === number ? { ...one, state } : one))
  const attempt = attempts.find((one) => one.attempt === number)
  if (!attempt) throw refuse('no_attempt', 'attempt', number, 'an answer belongs to a request that was written')
  const held = { ...applied.held, attempts }
  const { orderId } = held.head
  const written: Batch = { ...EMPTY_BATCH, attempts: [{ orderId, attempt, insert: false }] }
  const batch = mergeBatches({ ...applied.batch, held: [{ held, insert: false }] }, written)
  return { ...applied, held, batch }
}

/** A venue's report in the words of the machine. */
export function eventOf(held: Held, told: VenueReport): OrderEvent {
  const numbered = (clOrdId: string) => held.attempts.find((one) => one.clOrdId === clOrdId)?.attempt ?? -1
  switch (told.type) {
    case 'filled':
      return { type: 'filled', fill: told.fill }
    case 'cancelled':
      return { type: 'cancelled', ...(told.reason && { reason: told.reason }) }
    case 'expired':
    case 'rejected':
      return { type: told.type, reason: told.reason }
    case 'cancel_refused':
    case 'replace_refused':
      return { type: told.type, attempt: numbered(told.request), reason: told.reason }
    case 'replaced':
      return { type: 'replaced', attempt: numbered(told.request), terms: told.terms }
  }
}
