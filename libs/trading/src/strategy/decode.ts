import {
  bookSchema,
  decodeCandle,
  decodeCandleOf,
  decodeClock,
  decodeJson,
  decodeQuote,
  decodeTickOf,
  isCandleFrame,
  feedStatusSchema,
} from '@contrail/contracts'
import type { Book, Candle, FeedStatus, Quote, Tick } from '@contrail/contracts'
import type { MarketRoute } from './mailbox.ts'

type Named = { venue: string; instrument: string }
/** `price`: what it states, or NaN. */
export type MarketEvent =
  | { readonly kind: 'tick'; readonly value: Tick & Named; readonly price: number }
  | { readonly kind: 'quote'; readonly value: Quote & Named; readonly price: number }
  | { readonly kind: 'book'; readonly value: Book & Named; readonly price: number }
  | { readonly kind: 'candle'; readonly value: Candle & Named; readonly price: number }
  | { readonly kind: 'feedStatus'; readonly value: FeedStatus & Named; readonly price: number }

/**
 * One message goes to many actors of a worker, one after the other: ticks, quotes and candles are decoded once for all of them.
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
    case 'tick': {
      const value = decodeTickOf(data, route.slot)
      return shared(route, data, { kind: 'tick', value, price: value.price })
    }
    case 'quote': {
      const value = named(decodeQuote(data), route)
      return shared(route, data, { kind: 'quote', value, price: (value.bid + value.ask) / 2 })
    }
    case 'candle': {
      const value = isCandleFrame(data) ? decodeCandleOf(data, route.slot) : named(decodeCandle(data), route)
      return shared(route, data, { kind: 'candle', value, price: value.close })
    }
    case 'book': {
      const value = named(decodeJson(bookSchema, data, 'book'), route)
      return { kind: 'book', value, price: middleOf(value) }
    }
    case 'feedStatus':
      return { kind: 'feedStatus', value: named(decodeJson(feedStatusSchema, data, 'feedStatus'), route), price: NaN }
  }
}

const isOf = ({ venue, instrument }: MarketRoute['slot']): boolean =>
  lastSlot?.instrument === instrument && lastSlot.venue === venue

function middleOf({ bids, asks }: Book): number {
  const bid = bids[0]
  const ask = asks[0]
  return bid && ask ? (bid[0] + ask[0]) / 2 : NaN
}

let lastClock: { readonly data: Uint8Array; readonly atUs: number } | undefined

/** Decoded once for all actors of a worker, too. */
export function decodeClockUs(data: Uint8Array): number {
  if (lastClock?.data === data) return lastClock.atUs
  const atUs = decodeClock(data).receiveTimeUs
  lastClock = { data, atUs }
  return atUs
}

function named<T extends object>(value: T, { slot }: MarketRoute): T & Named {
  const target = value as T & Named
  target.venue = slot.venue
  target.instrument = slot.instrument
  return target
}
