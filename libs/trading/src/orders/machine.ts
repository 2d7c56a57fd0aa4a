import { compareDecimal } from '@contrail/contracts'
import type { Fill, Reason } from '@contrail/contracts'
import type { Alarm, Ending, Moved, Order, OrderEvent, RequestState, Terms } from './order.ts'
import { isEnded, isOverfilled, isSeen, statusOf } from './status.ts'

/**
 * The only way to move an order. A pair of state and event that is not listed keeps the state and sets the event aside.
 *
 * What the venue says only ever adds a fact (accepted, an ending, a fill by its trade id, the answer to a numbered
 * request), and the status is derived from all facts. So reports may come late, twice or in any order.
 */
export function moveOrder(order: Order, event: OrderEvent): Moved {
  switch (event.type) {
    case 'denied':
      return order.stage === 'intent'
        ? moved(order, { ...order, stage: 'denied', reason: event.reason })
        : illegal(order, event)
    case 'attempted':
      return attempted(order, event.attempt)
    case 'sent':
      return order.stage === 'persisted' && event.attempt === order.attempt
        ? moved(order, { ...order, stage: 'sent' })
        : illegal(order, event)
    case 'unknown':
      return unknown(order, event.attempt)
    case 'not_placed':
      return notPlaced(order, event.attempt)
    case 'cancel_requested':
      return cancelRequested(order, event.attempt)
    case 'replace_requested':
      return replaceRequested(order, event.attempt, event.terms)
    case 'accepted':
      return accepted(order, event)
    case 'rejected':
      return ended(order, 'rejected', event.reason)
    case 'cancelled':
      return ended(order, 'cancelled', event.reason)
    case 'expired':
      return ended(order, 'expired', event.reason)
    case 'filled':
      return filled(order, event.fill)
    case 'busted':
      return busted(order, event.tradeId)
    case 'corrected':
      return corrected(order, event.tradeId, event.fill)
    case 'cancel_refused':
      return answered(order, 'cancels', event.attempt, 'refused')
    case 'replaced':
      return replaced(order, event.attempt, event.terms)
    case 'replace_refused':
      return answered(order, 'replaces', event.attempt, 'refused')
    default:
      return unreachable(event)
  }
}

/** A place is tried first, or again after the proof that the attempt before is not there. */
function attempted(order: Order, attempt: number): Moved {
  const free = order.stage === 'intent' || (order.stage === 'not_placed' && !isSeen(order))
  if (!free || attempt !== order.attempt + 1) return illegal(order, { type: 'attempted' })
  return moved(order, { ...order, stage: 'persisted', attempt })
}

function unknown(order: Order, attempt: number): Moved {
  if (order.stage === 'unknown') return { effect: 'repeat', order }
  const inFlight = order.stage === 'persisted' || order.stage === 'sent'
  if (!inFlight || attempt > order.attempt) return illegal(order, { type: 'unknown' })
  return moved(order, { ...order, stage: 'unknown' })
}

function notPlaced(order: Order, attempt: number): Moved {
  if (order.stage !== 'unknown' || isSeen(order) || attempt > order.attempt)
    return illegal(order, { type: 'not_placed' })
  return moved(order, { ...order, stage: 'not_placed' })
}

const isOpen = (order: Order): boolean => {
  const status = statusOf(order)
  return status === 'new' || status === 'partially_filled'
}

function cancelRequested(order: Order, attempt: number): Moved {
  // A replace that hangs must not keep a person from cancelling.
  const may = isOpen(order) || statusOf(order) === 'pending_replace'
  if (!may || attempt !== order.attempt + 1) return illegal(order, { type: 'cancel_requested' })
  return moved(order, { ...order, attempt, cancels: { ...order.cancels, [attempt]: 'pending' } })
}

function replaceRequested(order: Order, attempt: number, terms: Terms): Moved {
  if (!isOpen(order) || attempt !== order.attempt + 1) return illegal(order, { type: 'replace_requested' })
  return moved(order, { ...order, attempt, replaces: { ...order.replaces, [attempt]: { state: 'pending', terms } } })
}

function accepted(order: Order, event: Extract<OrderEvent, { type: 'accepted' }>): Moved {
  if (!wasWritten(order)) return illegal(order, event)
  const facts = event.facts
  const differs =
    facts &&
    (facts.side !== order.side ||
      facts.instrument !== order.instrument ||
      !knownQuantities(order).some((quantity) => compareDecimal(quantity, facts.quantity) === 0))
  if (differs) return quarantined(order, `accepted: the venue holds ${JSON.stringify(facts)} under this id`)
  const venueOrderId = event.venueOrderId ?? order.venueOrderId
  if (order.venueOrderId !== undefined && venueOrderId !== order.venueOrderId)
    return quarantined(order, `accepted: venue order ${venueOrderId} where ${order.venueOrderId} is known`)
  if (order.accepted && venueOrderId === order.venueOrderId) return { effect: 'repeat', order }
  return moved(order, { ...order, accepted: true, ...(venueOrderId === undefined ? {} : { venueOrderId }) })
}

const knownQuantities = (order: Order): string[] => [
  order.terms.quantity,
  ...Object.values(order.replaces).map((replace) => replace.terms.quantity),
]

function ended(order: Order, ending: Ending, reason: Reason | undefined): Moved {
  if (!wasWritten(order)) return illegal(order, { type: ending })
  if (order.endings.includes(ending)) return { effect: 'repeat', order }
  const endings = [...order.endings, ending].sort()
  return moved(order, { ...order, endings, ...(reason && !order.reason ? { reason } : {}) })
}

function filled(order: Order, fill: Fill): Moved {
  if (!wasWritten(order)) return illegal(order, { type: 'filled' })
  const known = order.fills[fill.tradeId]
  if (known && !sameFill(known, fill))
    return quarantined(order, `filled: trade ${fill.tradeId} came again with other fields`)
  if (known) return { effect: 'repeat', order }
  return moved(order, { ...order, fills: { ...order.fills, [fill.tradeId]: fill } })
}

/** A bust may overtake its trade; the set of busted ids is kept, so the trade does not count when it comes. */
function busted(order: Order, tradeId: string): Moved {
  if (!wasWritten(order)) return illegal(order, { type: 'busted' })
  if (order.busted.includes(tradeId)) return { effect: 'repeat', order }
  return moved(order, { ...order, busted: [...order.busted, tradeId].sort() }, ['busted'])
}

/** The old trade is taken back and the right one stands under its own id. */
function corrected(order: Order, tradeId: string, fill: Fill): Moved {
  if (fill.tradeId === tradeId) return quarantined(order, `corrected: trade ${tradeId} corrects itself`)
  const first = busted(order, tradeId)
  const second = first.effect === 'quarantined' ? first : filled(first.order, fill)
  if (second.effect === 'quarantined') return { ...second, order }
  if (first.effect === 'repeat' && second.effect === 'repeat') return { effect: 'repeat', order }
  return moved(order, second.order, ['busted'])
}

function replaced(order: Order, attempt: number, terms: Terms): Moved {
  const request = order.replaces[attempt]
  if (!request) return illegal(order, { type: 'replaced' })
  if (request.state === 'done') return { effect: 'repeat', order }
  return moved(order, { ...order, replaces: { ...order.replaces, [attempt]: { state: 'done', terms } } })
}

function answered(order: Order, kind: 'cancels' | 'replaces', attempt: number, state: RequestState): Moved {
  const request = order[kind][attempt]
  if (request === undefined) return illegal(order, { type: `${kind} ${attempt} refused` })
  const known = typeof request === 'string' ? request : request.state
  if (known !== 'pending') return { effect: 'repeat', order }
  const answer = typeof request === 'string' ? state : { ...request, state }
  return moved(order, { ...order, [kind]: { ...order[kind], [attempt]: answer } })
}

/** A venue can only speak of what we may have sent. */
const wasWritten = (order: Order): boolean => order.stage !== 'intent' && order.stage !== 'denied'

function sameFill(a: Fill, b: Fill): boolean {
  return (
    compareDecimal(a.quantity, b.quantity) === 0 &&
    compareDecimal(a.price, b.price) === 0 &&
    compareDecimal(a.fee, b.fee) === 0 &&
    a.feeAsset === b.feeAsset &&
    a.liquidity === b.liquidity &&
    a.venueTimeUs === b.venueTimeUs
  )
}

function moved(before: Order, order: Order, found: readonly Alarm[] = []): Moved {
  const alarms = [...found]
  const grew = Object.keys(order.fills).length > Object.keys(before.fills).length
  if (grew && isEnded(before)) alarms.push('fill_after_end')
  if (isOverfilled(order) && !isOverfilled(before)) alarms.push('overfilled')
  if (before.stage === 'not_placed' && isSeen(order) && !isSeen(before)) alarms.push('revived')
  return { effect: 'moved', order, alarms }
}

const quarantined = (order: Order, cause: string): Moved => ({ effect: 'quarantined', order, cause })
const illegal = (order: Order, event: { readonly type: string }): Moved =>
  quarantined(order, `${event.type}: not possible in ${order.stage}/${statusOf(order)}, attempt ${order.attempt}`)

function unreachable(event: never): never {
  throw new Error(`no such event: ${JSON.stringify(event)}`)
}
