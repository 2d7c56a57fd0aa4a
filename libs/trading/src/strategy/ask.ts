import { decimalOf, fromSteps } from '@contrail/contracts'
import type { InstrumentId, Intent, OrderId, OrderType, PlaceIntent, Side, Us, VenueId } from '@contrail/contracts'
import type { Slot } from './mailbox.ts'

/*
 * What a strategy asks for, in whole lots and ticks (0 = none). The simulated venue takes it as it is; only where it leaves
 * for the wire does it become decimal strings.
 */
export type PlaceAsk = {
  readonly type: 'place'
  readonly orderId: string
  readonly slot: Slot
  readonly side: Side
  readonly lots: number
  readonly orderType: OrderType
  readonly price: number
  readonly stopPrice: number
  readonly timeInForce: PlaceIntent['timeInForce']
  readonly expireAtUs: number | undefined
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly tag: string | undefined
  /** Distance of a trailing stop, one of the two. */
  readonly trailTicks: number
  readonly trailPercent: number
  /** Empty = none. */
  readonly parent: string
  readonly oco: string
  /** Others of this decision hang on it. */
  readonly linked: boolean
}
export type CancelAsk = { readonly type: 'cancel'; readonly orderId: string }
/** What is to change; undefined = stays. */
export type AmendAsk = {
  readonly type: 'amend'
  readonly orderId: string
  readonly slot: Slot
  readonly lots: number | undefined
  readonly price: number | undefined
  readonly stopPrice: number | undefined
}
export type Ask = PlaceAsk | CancelAsk | AmendAsk

/** The order of these keys is the order of the bytes on the wire: a decision made again must equal the first. */
export function intentOf(ask: Ask): Intent {
  switch (ask.type) {
    case 'place':
      return placeIntentOf(ask)
    case 'cancel':
      return { type: 'cancel', orderId: ask.orderId as OrderId }
    case 'amend': {
      const { lots, price, stopPrice } = ask
      const { tickSize, lotSize } = ask.slot.details
      return {
        type: 'amend',
        orderId: ask.orderId as OrderId,
        ...(lots !== undefined && { quantity: fromSteps(lots, lotSize) }),
        ...(price !== undefined && { price: fromSteps(price, tickSize) }),
        ...(stopPrice !== undefined && { stopPrice: fromSteps(stopPrice, tickSize) }),
      }
    }
  }
}

export function placeIntentOf(ask: PlaceAsk): PlaceIntent {
  const { slot, price, stopPrice, expireAtUs, tag, trailTicks, trailPercent } = ask
  const { tickSize, lotSize } = slot.details
  return {
    type: 'place',
    orderId: ask.orderId as OrderId,
    venue: slot.venue as VenueId,
    instrument: slot.instrument as InstrumentId,
    side: ask.side,
    quantity: fromSteps(ask.lots, lotSize),
    orderType: ask.orderType,
    ...(price > 0 && { price: fromSteps(price, tickSize) }),
    ...(stopPrice > 0 && { stopPrice: fromSteps(stopPrice, tickSize) }),
    timeInForce: ask.timeInForce,
    ...(expireAtUs !== undefined && { expireAtUs: expireAtUs as Us }),
    postOnly: ask.postOnly,
    reduceOnly: ask.reduceOnly,
    ...(tag !== undefined && { tag }),
    ...(trailTicks > 0 && { trailingOffset: fromSteps(trailTicks, tickSize) }),
    ...(trailPercent > 0 && { trailingPercent: decimalOf(trailPercent) }),
    ...(ask.parent !== '' && { parent: ask.parent as OrderId }),
    ...(ask.oco !== '' && { oco: ask.oco as OrderId }),
  }
}
