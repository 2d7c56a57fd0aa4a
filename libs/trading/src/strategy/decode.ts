import {
  bookSchema,
  CandleFrame,
  decodeCandle,
  decodeClock,
  decodeJson,
  encodeCandle,
  feedStatusSchema,
  isCandleFrame,
  QuoteFrame,
  TickFrame,
} from '@contrail/contracts'
import type { Book, FeedStatus } from '@contrail/contracts'
import type { MarketRoute, Slot } from './mailbox.ts'

type Named = { venue: string; instrument: string }
/** `price`: what it states, or NaN. */
export type MarketEvent =
  | { readonly kind: 'tick'; readonly value: TickFrame; readonly price: number }
  | { readonly kind: 'quote'; readonly value: QuoteFrame; readonly price: number }
  | { readonly kind: 'candle'; readonly value: CandleFrame; readonly price: number }
  | { readonly kind: 'book'; readonly value: Book & Named; readonly price: number }
  | { readonly kind: 'feedStatus'; readonly value: FeedStatus & Named; readonly price: number }

/**
 * One message goes to many actors of a worker, one after the other: ticks, quotes and candles are read once for all of them.
 * Each author gets a view of its own: it has no setters, and what an author adds to it the next one does not see.
 */
let lastData: Uint8Array | undefined
let lastSlot: Slot | undefined
let lastView: TickFrame | QuoteFrame | CandleFrame | undefined

/** Throws a refusal for bytes that are not such a message. */
export function decodeMarket({ kind, slot }: MarketRoute, data: Uint8Array): MarketEvent {
  const last = data === lastData && isOf(slot) ? lastView : undefined
  switch (kind) {
    case 'tick': {
      const value = last instanceof TickFrame ? TickFrame.again(last) : keep(TickFrame.of(data, slot), data, slot)
      return { kind, value, price: value.price }
    }
    case 'quote': {
      const value = last instanceof QuoteFrame ? QuoteFrame.again(last) : keep(QuoteFrame.of(data, slot), data, slot)
      return { kind, value, price: (value.bid + value.ask) / 2 }
    }
    case 'candle': {
      const value = last instanceof CandleFrame ? CandleFrame.again(last) : keep(candleOf(data, slot), data, slot)
      return { kind, value, price: value.close }
    }
    case 'book': {
      const value = { ...decodeJson(bookSchema, data, 'book'), venue: slot.venue, instrument: slot.instrument }
      return { kind, value, price: middleOf(value) }
    }
    case 'feedStatus': {
      const status = decodeJson(feedStatusSchema, data, 'feedStatus')
      return { kind, value: { ...status, venue: slot.venue, instrument: slot.instrument }, price: NaN }
    }
  }
}

const isOf = ({ venue, instrument }: Slot): boolean => lastSlot?.instrument === instrument && lastSlot.venue === venue

function keep<T extends TickFrame | QuoteFrame | CandleFrame>(view: T, data: Uint8Array, slot: Slot): T {
  lastData = data
  lastSlot = slot
  lastView = view
  return view
}

export const candleOf = (data: Uint8Array, slot: Slot): CandleFrame =>
  CandleFrame.of(isCandleFrame(data) ? data : encodeCandle(decodeCandle(data)), slot)

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
