import type { Reason } from '@contrail/contracts'
import { finish } from './fill.ts'
import { reasonOf } from './model.ts'
import type { Ended, Market, VenueOrder } from './model.ts'

/*
 * Orders that hang on each other. OTO: a child sleeps until its parent fills, never covers more than that, and ends with it
 * when nothing filled. OCO: what one of a group fills is lost to the others, so that all of them together never fill more
 * than the largest of them asked for. All of it happens in the step of the fill that causes it.
 */

/** Ended orders remembered for those that still come to hang on them. */
export const ENDED_MAX = 10_000

/** What may still fill, before reduce-only is looked at. */
export const leavesOf = (order: VenueOrder): number =>
  (order.released < 0 ? order.quantity : Math.min(order.quantity, order.released)) - order.filled - order.taken

const groupOf = (order: { oco: string; clOrdId: string }): string => (order.oco === '' ? order.clOrdId : order.oco)

/** Why an order cannot wait for what it names. A group needs nobody to be there: it is a name that its orders share. */
export function unlinkable(market: Market, parent: string): Reason | undefined {
  if (parent !== '' && !market.orders.some((one) => one.clOrdId === parent && one.state !== 'done')) {
    const ended = market.ended.get(parent)
    if (!ended) return reasonOf('PARENT_UNKNOWN', `${parent} is not open here`)
    if (ended.filled === 0) return reasonOf('PARENT_ENDED', `${parent} has ended without a fill`)
  }
  return undefined
}

/** A new order takes up what has happened so far to those that it hangs on. */
export function join(market: Market, order: VenueOrder): void {
  if (order.parent !== '') {
    const parent = market.orders.find((one) => one.clOrdId === order.parent && one.state !== 'done')
    order.released = parent?.filled ?? market.ended.get(order.parent)?.filled ?? 0
    order.whole = parent !== undefined && order.quantity >= parent.quantity
    if (parent) parent.linked = true
    else order.parent = ''
  }
  if (order.oco === '') return
  order.linked = true
  for (const other of market.orders)
    if (other !== order && other.state !== 'done' && groupOf(other) === order.oco) {
      other.linked = true
      order.taken += other.filled
    }
  for (const [id, other] of market.ended)
    if (groupOf({ clOrdId: id, oco: other.oco }) === order.oco) order.taken += other.filled
}

/** After a fill of an order that others hang on. */
export function spread(market: Market, order: VenueOrder, lots: number): void {
  const group = groupOf(order)
  for (const other of market.orders) {
    if (other === order || other.state === 'done') continue
    if (other.parent === order.clOrdId) release(market, other, order.filled)
    else if (groupOf(other) === group) {
      other.taken += lots
      market.sink.touched?.(other)
      if (isSpent(other)) finish(market, other, 'cancelled', spentReason(other))
    }
  }
}

function release(market: Market, child: VenueOrder, filled: number): void {
  child.released = filled
  if (child.whole && filled > child.quantity) child.quantity = filled
  market.sink.touched?.(child)
  if (child.state === 'dormant') market.woken = true
}

/** Nothing can come any more. */
export const isSpent = (order: VenueOrder): boolean => order.parent === '' && leavesOf(order) <= 0
export const spentReason = (order: VenueOrder): Reason =>
  order.taken > 0
    ? reasonOf('OCO_FILLED', `others of its group have filled ${order.taken} lots`)
    : reasonOf('PARENT_PARTLY_FILLED', `its parent filled ${order.released} lots and has ended`)

/** After the end of an order that others hang on. */
export function unlink(market: Market, order: VenueOrder): void {
  remember(market, order.clOrdId, { filled: order.filled, oco: order.oco })
  for (const child of market.orders) {
    if (child.parent !== order.clOrdId || child.state === 'done') continue
    child.parent = ''
    market.sink.touched?.(child)
    if (child.released === 0)
      finish(market, child, 'cancelled', reasonOf('PARENT_ENDED', `${order.clOrdId} has ended without a fill`))
    else if (isSpent(child)) finish(market, child, 'cancelled', spentReason(child))
  }
}

export function remember(market: Market, id: string, ended: Ended): void {
  market.ended.set(id, ended)
  if (market.ended.size <= ENDED_MAX) return
  for (const oldest of market.ended.keys()) {
    market.ended.delete(oldest)
    return
  }
}
