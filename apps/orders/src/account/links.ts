import { compareDecimal } from '@contrail/contracts'
import type { PlaceIntent, Reason } from '@contrail/contracts'
import { cumQuantity, statusOf } from '@contrail/trading'
import type { RiskView } from '@contrail/trading'
import { loadHeld } from '../store/load.ts'
import type { VenueTakes } from '../venue/port.ts'
import type { Desk } from './desk.ts'
import { reason } from './held.ts'
import type { Held } from './held.ts'
import { resolve } from './resolve.ts'

type Links = NonNullable<RiskView['links']>

/** What this venue does not do. Nothing of ours stands in for it: an order that it does not know is denied. */
export function venueLacks(takes: VenueTakes, venue: string, intent: PlaceIntent): Reason | undefined {
  if (!takes.orderTypes.has(intent.orderType))
    return reason('VENUE_LACKS_ORDER_TYPE', `${venue} has no ${intent.orderType} orders`)
  if (!takes.links && (intent.parent !== undefined || intent.oco !== undefined))
    return reason('VENUE_LACKS_LINKS', `${venue} has no orders that hang on others`)
  return undefined
}

/** The names that the venue has for the orders that this one hangs on, or why it cannot hang on them. */
export async function linksOf(desk: Desk, strategy: string, intent: PlaceIntent): Promise<Links | { deny: Reason }> {
  const { parent, oco } = intent
  let links: Links = {}
  if (parent !== undefined) {
    const held = await find(desk, strategy, intent, parent)
    if (!held) return { deny: reason('PARENT_UNKNOWN', `${parent} is no order of ${strategy} in ${intent.instrument}`) }
    const status = statusOf(held.order)
    if (status === 'unknown' || status === 'pending_new')
      return { deny: reason('PARENT_UNKNOWN', `${parent} is being looked for`) }
    const hasFilled = compareDecimal(cumQuantity(held.order), '0') > 0
    if (!hasFilled && ENDED.has(status)) return { deny: reason('PARENT_ENDED', `${parent} is ${status}`) }
    links = { parent: held.origin as string }
  }
  if (oco === undefined) return links
  const root = await find(desk, strategy, intent, oco)
  if (!root) return { deny: reason('OCO_UNKNOWN', `${oco} is no order of ${strategy} in ${intent.instrument}`) }
  // A group is a name. Where its first order was never sent, our own id of that is as good a name as the venue's.
  return { ...links, oco: root.origin ?? oco }
}

const ENDED = new Set(['denied', 'rejected', 'not_placed', 'cancelled', 'expired'])

async function find(desk: Desk, strategy: string, intent: PlaceIntent, orderId: string): Promise<Held | undefined> {
  const held = desk.state.open.get(orderId) ?? (await loadHeld(desk.writer, { orderId }))
  const { head } = held ?? {}
  if (!held || head?.strategy !== strategy || head.venue !== intent.venue || head.instrument !== intent.instrument)
    return undefined
  return held.attempts.some((one) => one.state === 'unknown') ? await resolve(desk, held) : held
}
