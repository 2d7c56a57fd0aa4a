import {
  CANDLE,
  CANDLE_BYTES,
  CandleFrame,
  plainCandle,
  plainQuote,
  plainTick,
  QUOTE,
  QUOTE_BYTES,
} from './frame-views.ts'
import { QuoteFrame, SIDES, TICK, TICK_BYTES, TickFrame, VERSION } from './frame-views.ts'
import type { Place } from './frame-views.ts'
import type { Candle, Quote, Tick } from './messages/market.ts'
import { TIMEFRAME_US } from './time.ts'

/** Frames (see frame-views.ts) to plain objects and back. */
const NOWHERE: Place = { venue: '', instrument: '' }
export const decodeTick = (frame: Uint8Array): Tick => plainTick(TickFrame.of(frame, NOWHERE))
export const decodeQuote = (frame: Uint8Array): Quote => plainQuote(QuoteFrame.of(frame, NOWHERE))
export const decodeCandleFrame = (frame: Uint8Array): Candle => plainCandle(CandleFrame.of(frame, NOWHERE))

/** A frame; a message of before there were frames begins with a brace. */
export const isCandleFrame = (bytes: Uint8Array): boolean => bytes[0] === CANDLE

export function encodeTick(tick: Tick): Uint8Array {
  const bytes = new Uint8Array(TICK_BYTES + tick.tradeId.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = TICK
  bytes[1] = VERSION
  bytes[2] = SIDES.indexOf(tick.side)
  view.setFloat64(8, tick.venueTimeUs, true)
  view.setFloat64(16, tick.receiveTimeUs, true)
  view.setFloat64(24, tick.price, true)
  view.setFloat64(32, tick.quantity, true)
  for (let i = 0; i < tick.tradeId.length; i++) bytes[TICK_BYTES + i] = tick.tradeId.charCodeAt(i)
  return bytes
}

export function encodeQuote(quote: Quote): Uint8Array {
  const bytes = new Uint8Array(QUOTE_BYTES)
  const view = new DataView(bytes.buffer)
  bytes[0] = QUOTE
  bytes[1] = VERSION
  view.setFloat64(8, quote.venueTimeUs, true)
  view.setFloat64(16, quote.receiveTimeUs, true)
  view.setFloat64(24, quote.bid, true)
  view.setFloat64(32, quote.bidQuantity, true)
  view.setFloat64(40, quote.ask, true)
  view.setFloat64(48, quote.askQuantity, true)
  return bytes
}

export function encodeCandle(candle: Candle): Uint8Array {
  const bytes = new Uint8Array(CANDLE_BYTES)
  const view = new DataView(bytes.buffer)
  bytes[0] = CANDLE
  bytes[1] = VERSION
  view.setUint32(4, TIMEFRAME_US[candle.timeframe] / 1e6, true)
  view.setFloat64(8, candle.openTimeUs, true)
  view.setFloat64(16, candle.closeTimeUs, true)
  view.setFloat64(24, candle.receiveTimeUs, true)
  view.setFloat64(32, candle.open, true)
  view.setFloat64(40, candle.high, true)
  view.setFloat64(48, candle.low, true)
  view.setFloat64(56, candle.close, true)
  view.setFloat64(64, candle.volume, true)
  view.setFloat64(72, candle.quoteVolume, true)
  view.setFloat64(80, candle.trades, true)
  return bytes
}
