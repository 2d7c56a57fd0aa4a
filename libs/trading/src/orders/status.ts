import {
  addDecimal,
  compareDecimal,
  multiplyDecimal,
  parseDecimal,
  roundDecimal,
  subtractDecimal,
} from '@contrail/contracts'
import type { Fill, OrderStatus } from '@contrail/contracts'
import type { Order, Terms } from './order.ts'

/** Fills that count: those the venue has not taken back. */
export const countedFills = (order: Order): Fill[] =>
  Object.values(order.fills).filter((fill) => !order.busted.includes(fill.tradeId))

export function cumQuantity(order: Order): string {
  return countedFills(order).reduce((sum, fill) => addDecimal(sum, fill.quantity), '0')
}

/** Terms in force: of the latest replace that the venue confirmed. */
export function termsOf(order: Order): Terms {
  const done = Object.entries(order.replaces).filter(([, replace]) => replace.state === 'done')
  const last = done.reduce((highest, [attempt]) => Math.max(highest, Number(attempt)), 0)
  return order.replaces[last]?.terms ?? order.terms
}

/** The largest quantity that may still turn out to have been asked for: a pending replace may have worked. */
export function quantityMax(order: Order): string {
  const pending = Object.values(order.replaces).filter((replace) => replace.state === 'pending')
  return pending.reduce(
    (most, replace) => (compareDecimal(replace.terms.quantity, most) > 0 ? replace.terms.quantity : most),
    termsOf(order).quantity,
  )
}

export const isEnded = (order: Order): boolean => order.endings.length > 0
/** The venue has shown, by whatever report, that it had the order. */
export const isSeen = (order: Order): boolean => order.accepted || isEnded(order) || Object.keys(order.fills).length > 0
export const isOverfilled = (order: Order): boolean => compareDecimal(cumQuantity(order), termsOf(order).quantity) > 0
const isPending = (request: { state: string } | string): boolean =>
  (typeof request === 'string' ? request : request.state) === 'pending'

/**
 * Status as shown, by the precedence of FIX 5.0 SP2 appendix D: pending cancel, pending replace, filled, cancelled or
 * expired, partially filled, new. It is derived, never stored by the last message.
 */
export function statusOf(order: Order): OrderStatus {
  if (order.stage === 'denied') return 'denied'
  const ended = isEnded(order)
  if (!ended && Object.values(order.cancels).some(isPending)) return 'pending_cancel'
  if (!ended && Object.values(order.replaces).some(isPending)) return 'pending_replace'
  const filled = cumQuantity(order)
  if (compareDecimal(filled, termsOf(order).quantity) >= 0) return 'filled'
  if (order.endings.includes('cancelled')) return 'cancelled'
  if (order.endings.includes('expired')) return 'expired'
  if (order.endings.includes('rejected')) return 'rejected'
  if (isSeen(order)) return compareDecimal(filled, '0') > 0 ? 'partially_filled' : 'new'
  return order.stage === 'unknown' || order.stage === 'not_placed' ? order.stage : 'pending_new'
}

/** What may still fill. A terminal order leaves nothing. */
export function leavesQuantity(order: Order): string {
  const status = statusOf(order)
  if (isEnded(order) || status === 'denied' || status === 'not_placed') return '0'
  const leaves = subtractDecimal(quantityMax(order), cumQuantity(order))
  return compareDecimal(leaves, '0') > 0 ? leaves : '0'
}

/** Places kept of an average price. */
const AVERAGE_SCALE = 12

export function averagePrice(order: Order): string | undefined {
  const fills = countedFills(order)
  if (fills.length === 0) return undefined
  const paid = fills.reduce((sum, fill) => addDecimal(sum, multiplyDecimal(fill.quantity, fill.price)), '0')
  return divide(paid, cumQuantity(order))
}

function divide(amount: string, by: string): string {
  const [a, b] = [parseDecimal(amount), parseDecimal(by)]
  const scale = AVERAGE_SCALE + 2
  const units = (a.units * 10n ** BigInt(scale + b.scale)) / (b.units * 10n ** BigInt(a.scale))
  const digits = units.toString().padStart(scale + 1, '0')
  return roundDecimal(`${digits.slice(0, -scale)}.${digits.slice(-scale)}`, AVERAGE_SCALE)
}
