import {
  bookSchema,
  candleSchema,
  clockSchema,
  decodeJson,
  decodeQuote,
  decodeTick,
  feedStatusSchema,
} from '@contrail/contracts'
import type { Book, Candle, FeedStatus, Quote, Tick } from '@contrail/contracts'
import type { MarketRoute } from './mailbox.ts'

type Named = { venue: string; instrument: string }
export type MarketEvent =
  | { readonly kind: 'tick'; readonly value: Tick & Named }
  | { readonly kind: 'quote'; readonly value: Quote & Named }
  | { readonly kind: 'book'; readonly value: Book & Named }
  | { readonly kind: 'candle'; readonly value: Candle & Named }
  | { readonly kind: 'feedStatus'; readonly value: FeedStatus & Named }

/**
 * One message goes to many actors of a worker, one after the other: ticks and quotes are decoded once for all of them.
 * What several authors see is frozen, so that none can change it for the next.
 */
let lastData: Uint8Array | undefined
let lastSlot: { readonly venue: string; readonly instrument: string } | undefined
let lastEvent: MarketEvent | undefined

function shared(route: MarketRoute, data: Uint8Array, event: MarketEvent): MarketEvent {
  lastData = data
  lastSlot = route.slot
  lastEvent = event
  Object.freeze(event.value)
  return event
}

/** Throws a refusal for bytes that are not such a message. */
export function decodeMarket(route: MarketRoute, data: Uint8Array): MarketEvent {
  if (data === lastData && lastEvent?.kind === route.kind && isOf(route.slot)) return lastEvent
  switch (route.kind) {
    case 'tick':
      return shared(route, data, { kind: 'tick', value: named(decodeTick(data), route) })
    case 'quote':
      return shared(route, data, { kind: 'quote', value: named(decodeQuote(data), route) })
    case 'book':
      return { kind: 'book', value: named(decodeJson(bookSchema, data, 'book'), route) }
    case 'candle':
      return { kind: 'candle', value: named(decodeJson(candleSchema, data, 'candle'), route) }
    case 'feedStatus':
      return { kind: 'feedStatus', value: named(decodeJson(feedStatusSchema, data, 'feedStatus'), route) }
  }
}

const isOf = ({ venue, instrument }: MarketRoute['slot']): boolean =>
  lastSlot?.instrument === instrument && lastSlot.venue === venue

/** The price that an event states, or NaN. */
export function priceOf(event: MarketEvent): number {
  switch (event.kind) {
    case 'tick':
      return event.value.price
    case 'quote':
      return (event.value.bid + event.value.ask) / 2
    case 'candle':
      return event.value.close
    case 'book': {
      const bid = event.value.bids[0]
      const ask = event.value.asks[0]
      return bid && ask ? (bid[0] + ask[0]) / 2 : NaN
    }
    case 'feedStatus':
      return NaN
  }
}

export const decodeClockUs = (data: Uint8Array): number => decodeJson(clockSchema, data, 'clock').receiveTimeUs

function named<T extends object>(value: T, { slot }: MarketRoute): T & Named {
  const target = value as T & Named
  target.venue = slot.venue
  target.instrument = slot.instrument
  return target
}
