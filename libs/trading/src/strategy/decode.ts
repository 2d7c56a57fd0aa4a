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

/** Throws a refusal for bytes that are not such a message. */
export function decodeMarket(route: MarketRoute, data: Uint8Array): MarketEvent {
  switch (route.kind) {
    case 'tick':
      return { kind: 'tick', value: named(decodeTick(data), route) }
    case 'quote':
      return { kind: 'quote', value: named(decodeQuote(data), route) }
    case 'book':
      return { kind: 'book', value: named(decodeJson(bookSchema, data, 'book'), route) }
    case 'candle':
      return { kind: 'candle', value: named(decodeJson(candleSchema, data, 'candle'), route) }
    case 'feedStatus':
      return { kind: 'feedStatus', value: named(decodeJson(feedStatusSchema, data, 'feedStatus'), route) }
  }
}

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
