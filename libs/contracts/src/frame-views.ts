import { check } from './check.ts'
import type { InstrumentId, VenueId } from './ids.ts'
import { candleSchema, quoteSchema, tickSchema } from './messages/market.ts'
import type { Candle, Quote, Tick } from './messages/market.ts'
import { refuse } from './refusal.ts'
import { TIMEFRAME_US, TIMEFRAMES } from './time.ts'
import type { Timeframe, Us } from './time.ts'

/*
 * Ticks, quotes and candles are fixed binary frames (little endian), because a worker decodes every one of them. Prices and
 * quantities are doubles: any decimal of up to 15 digits reads back exactly. All else is JSON. Candles were JSON until frames
 * of them came (2026-11-22): a stream may still hold such, and they are read.
 *
 *   tick  : u8 kind=1, u8 version=1, u8 side (0 unknown, 1 buy, 2 sell), u8 0, u32 0, f64 venueTimeUs, f64 receiveTimeUs,
 *           f64 price, f64 quantity, then the trade id in ASCII
 *   quote : u8 kind=2, u8 version=1, u16 0, u32 0, f64 venueTimeUs, f64 receiveTimeUs, f64 bid, f64 bidQuantity, f64 ask,
 *           f64 askQuantity
 *   candle: u8 kind=3, u8 version=1, u16 0, u32 seconds of its timeframe, f64 openTimeUs, f64 closeTimeUs, f64 receiveTimeUs,
 *           f64 open, f64 high, f64 low, f64 close, f64 volume, f64 quoteVolume, f64 trades
 *
 * What is read of a frame is a view: the fields of the message over a short array of doubles, which is allocated faster than an
 * object of that many numbers. It never changes and may be kept.
 */
export const TICK = 1
export const QUOTE = 2
export const CANDLE = 3
export const VERSION = 1
export const TICK_BYTES = 40
export const QUOTE_BYTES = 56
export const CANDLE_BYTES = 88
/** As the schema says. */
const TRADE_ID_MAX = 64
export const SIDES = ['unknown', 'buy', 'sell'] as const

/** Whose message it is: its subject says so, the frame does not. */
export type Place = { readonly venue: string; readonly instrument: string }

/** Where a frame lies while it is read: copied there its doubles are aligned. */
const scratch = new Uint8Array(TICK_BYTES + TRADE_ID_MAX)
const doubles = new Float64Array(scratch.buffer)
const scratchView = new DataView(scratch.buffer)
const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The double at `index` x 8 of the frame at hand. */
const double = (index: number): number => (isLittle ? doubles[index]! : scratchView.getFloat64(index * 8, true))

function take(frame: Uint8Array, kind: number, size: number, name: string, sizeMax = size): void {
  const { length } = frame
  if (length < size || length > sizeMax || frame[0] !== kind || frame[1] !== VERSION)
    throw refuse('bad_frame', name, `${length} bytes, kind ${frame[0]}, version ${frame[1]}`, 'send a version 1 frame')
  scratch.set(frame)
}

export const isTime = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const isPositive = (value: number): boolean => value > 0 && value < Infinity
const isAmount = (value: number): boolean => value >= 0 && value < Infinity

export class TickFrame implements Tick, Place {
  readonly #cells: readonly number[]
  /** Most venues count their trades: then the text is made when somebody asks for it. */
  readonly #id: string | number
  readonly #place: Place
  constructor(cells: readonly number[], id: string | number, place: Place) {
    this.#cells = cells
    this.#id = id
    this.#place = place
  }
  /** Throws a refusal for bytes that are no such frame. */
  static of(frame: Uint8Array, place: Place): TickFrame {
    take(frame, TICK, TICK_BYTES, 'tick', scratch.length)
    const cells = [double(1), double(2), double(3), double(4), scratch[2]!]
    const view = new TickFrame(cells, idOf(frame.length), place)
    if (!isTime(cells[0]!) || !isTime(cells[1]!) || !isPositive(cells[2]!) || !isPositive(cells[3]!))
      check(tickSchema, plainTick(view), 'tick')
    return view
  }
  /** For another author: what one of them adds to a view is not seen by the next. */
  static again(view: TickFrame): TickFrame {
    return new TickFrame(view.#cells, view.#id, view.#place)
  }
  get venue(): VenueId {
    return this.#place.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#place.instrument as InstrumentId
  }
  get tradeId(): string {
    return String(this.#id)
  }
  get side(): Tick['side'] {
    return SIDES[this.#cells[4]!] ?? 'unknown'
  }
  get price(): number {
    return this.#cells[2]!
  }
  get quantity(): number {
    return this.#cells[3]!
  }
  get venueTimeUs(): Us {
    return this.#cells[0]! as Us
  }
  get receiveTimeUs(): Us {
    return this.#cells[1]! as Us
  }
  toJSON(): Tick & Place {
    return { ...plainTick(this), venue: this.venue, instrument: this.instrument }
  }
}

/** So many digits are exact in a double, and come back as they were. */
const ID_DIGITS_MAX = 15

/** The trade id of the frame at hand. */
function idOf(end: number): string | number {
  const digits = end - TICK_BYTES
  if (digits === 0 || digits > ID_DIGITS_MAX || (scratch[TICK_BYTES] === 48 && digits > 1)) return asciiTo(end)
  let id = 0
  for (let at = TICK_BYTES; at < end; at++) {
    const digit = scratch[at]! - 48
    if (digit < 0 || digit > 9) return asciiTo(end)
    id = id * 10 + digit
  }
  return id
}

/** Four at a time: half the time of one by one, and a third of a call of `TextDecoder`. */
function asciiTo(end: number): string {
  let text = ''
  let at = TICK_BYTES
  for (; at + 4 <= end; at += 4)
    text += String.fromCharCode(scratch[at]!, scratch[at + 1]!, scratch[at + 2]!, scratch[at + 3]!)
  for (; at < end; at++) text += String.fromCharCode(scratch[at]!)
  return text
}

export const plainTick = ({ tradeId, side, price, quantity, venueTimeUs, receiveTimeUs }: Tick): Tick => ({
  tradeId,
  side,
  price,
  quantity,
  venueTimeUs,
  receiveTimeUs,
})

export class QuoteFrame implements Quote, Place {
  readonly #cells: readonly number[]
  readonly #place: Place
  constructor(cells: readonly number[], place: Place) {
    this.#cells = cells
    this.#place = place
  }
  static of(frame: Uint8Array, place: Place): QuoteFrame {
    take(frame, QUOTE, QUOTE_BYTES, 'quote')
    const cells = [double(1), double(2), double(3), double(4), double(5), double(6)]
    const view = new QuoteFrame(cells, place)
    const isPlain =
      isTime(cells[0]!) &&
      isTime(cells[1]!) &&
      isPositive(cells[2]!) &&
      isAmount(cells[3]!) &&
      isPositive(cells[4]!) &&
      isAmount(cells[5]!)
    if (!isPlain) check(quoteSchema, plainQuote(view), 'quote')
    return view
  }
  static again(view: QuoteFrame): QuoteFrame {
    return new QuoteFrame(view.#cells, view.#place)
  }
  get venue(): VenueId {
    return this.#place.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#place.instrument as InstrumentId
  }
  get bid(): number {
    return this.#cells[2]!
  }
  get bidQuantity(): number {
    return this.#cells[3]!
  }
  get ask(): number {
    return this.#cells[4]!
  }
  get askQuantity(): number {
    return this.#cells[5]!
  }
  get venueTimeUs(): Us {
    return this.#cells[0]! as Us
  }
  get receiveTimeUs(): Us {
    return this.#cells[1]! as Us
  }
  toJSON(): Quote & Place {
    return { ...plainQuote(this), venue: this.venue, instrument: this.instrument }
  }
}

export const plainQuote = ({ bid, bidQuantity, ask, askQuantity, venueTimeUs, receiveTimeUs }: Quote): Quote => ({
  bid,
  bidQuantity,
  ask,
  askQuantity,
  venueTimeUs,
  receiveTimeUs,
})

const TIMEFRAME_OF = new Map(TIMEFRAMES.map((timeframe) => [TIMEFRAME_US[timeframe] / 1e6, timeframe]))

export class CandleFrame implements Candle, Place {
  readonly #cells: readonly number[]
  readonly #timeframe: Timeframe
  readonly #place: Place
  constructor(cells: readonly number[], timeframe: Timeframe, place: Place) {
    this.#cells = cells
    this.#timeframe = timeframe
    this.#place = place
  }
  static of(frame: Uint8Array, place: Place): CandleFrame {
    take(frame, CANDLE, CANDLE_BYTES, 'candle')
    const seconds = frame[4]! + frame[5]! * 0x100 + frame[6]! * 0x10000 + frame[7]! * 0x1000000
    const timeframe = TIMEFRAME_OF.get(seconds)
    // prettier-ignore
    const cells = [
      double(1), double(2), double(3), double(4), double(5),
      double(6), double(7), double(8), double(9), double(10),
    ]
    // What is not known is what the schema then refuses.
    const view = new CandleFrame(cells, timeframe as Timeframe, place)
    const isPlain =
      timeframe !== undefined &&
      isTime(cells[0]!) &&
      isTime(cells[1]!) &&
      isTime(cells[2]!) &&
      Number.isFinite(cells[3]!) &&
      Number.isFinite(cells[4]!) &&
      Number.isFinite(cells[5]!) &&
      Number.isFinite(cells[6]!) &&
      isAmount(cells[7]!) &&
      isAmount(cells[8]!) &&
      isTime(cells[9]!)
    if (!isPlain) check(candleSchema, plainCandle(view), 'candle')
    return view
  }
  static again(view: CandleFrame): CandleFrame {
    return new CandleFrame(view.#cells, view.#timeframe, view.#place)
  }
  get venue(): VenueId {
    return this.#place.venue as VenueId
  }
  get instrument(): InstrumentId {
    return this.#place.instrument as InstrumentId
  }
  get schema(): 1 {
    return 1
  }
  get timeframe(): Timeframe {
    return this.#timeframe
  }
  get openTimeUs(): Us {
    return this.#cells[0]! as Us
  }
  get closeTimeUs(): Us {
    return this.#cells[1]! as Us
  }
  get receiveTimeUs(): Us {
    return this.#cells[2]! as Us
  }
  get open(): number {
    return this.#cells[3]!
  }
  get high(): number {
    return this.#cells[4]!
  }
  get low(): number {
    return this.#cells[5]!
  }
  get close(): number {
    return this.#cells[6]!
  }
  get volume(): number {
    return this.#cells[7]!
  }
  get quoteVolume(): number {
    return this.#cells[8]!
  }
  get trades(): number {
    return this.#cells[9]!
  }
  toJSON(): Candle & Place {
    return { ...plainCandle(this), venue: this.venue, instrument: this.instrument }
  }
}

/** In the order of the schema. */
export const plainCandle = (candle: Candle): Candle => ({
  schema: candle.schema,
  timeframe: candle.timeframe,
  openTimeUs: candle.openTimeUs,
  closeTimeUs: candle.closeTimeUs,
  open: candle.open,
  high: candle.high,
  low: candle.low,
  close: candle.close,
  volume: candle.volume,
  quoteVolume: candle.quoteVolume,
  trades: candle.trades,
  receiveTimeUs: candle.receiveTimeUs,
})
