import { z } from 'zod'
import { timeframeField, usField } from '../fields.ts'

const finite = z.number()
const positive = z.number().positive()
const quantity = z.number().nonnegative()
/** Clock of the venue and our own at receipt; a strategy's `now` is ours. */
const times = { venueTimeUs: usField, receiveTimeUs: usField }

/** A trade print. Binary on the wire (see codec.ts). Side is the taker's. */
export const tickSchema = z.strictObject({
  tradeId: z.string().max(64),
  side: z.enum(['buy', 'sell', 'unknown']),
  price: positive,
  quantity: positive,
  ...times,
})
export type Tick = z.infer<typeof tickSchema>

/** Best bid and ask. Binary on the wire. */
export const quoteSchema = z.strictObject({
  bid: positive,
  bidQuantity: quantity,
  ask: positive,
  askQuantity: quantity,
  ...times,
})
export type Quote = z.infer<typeof quoteSchema>

const level = z.tuple([positive, quantity])
/** The first levels of each side, best first: [price, quantity]. */
export const bookSchema = z.strictObject({
  schema: z.literal(1),
  bids: z.array(level).max(1000),
  asks: z.array(level).max(1000),
  updateId: z.number().int(),
  ...times,
})
export type Book = z.infer<typeof bookSchema>

/** A closed bar, built from trades. `volume` in base, `quoteVolume` in quote. A bar exists only where trades are. */
export const candleSchema = z.strictObject({
  schema: z.literal(1),
  timeframe: timeframeField,
  openTimeUs: usField,
  closeTimeUs: usField,
  open: finite,
  high: finite,
  low: finite,
  close: finite,
  volume: quantity,
  quoteVolume: quantity,
  trades: z.number().int().nonnegative(),
  receiveTimeUs: usField,
})
export type Candle = z.infer<typeof candleSchema>

export const fundingSchema = z.strictObject({ schema: z.literal(1), rate: finite, nextTimeUs: usField, ...times })
export type Funding = z.infer<typeof fundingSchema>

/** `gap`: messages were missed; `stale`: silence beyond the limit; `reconnected`, `live`: the feed is whole again. */
export const feedStatusSchema = z.strictObject({
  schema: z.literal(1),
  status: z.enum(['live', 'stale', 'gap', 'reconnected', 'ended']),
  detail: z.string(),
  /** Messages refused since the start, by reason: how bad data is counted. */
  refused: z.record(z.string(), z.number().int()),
  receiveTimeUs: usField,
})
export type FeedStatus = z.infer<typeof feedStatusSchema>

/** One a second, so that timers are inputs. */
export const clockSchema = z.strictObject({ schema: z.literal(1), receiveTimeUs: usField })
export type Clock = z.infer<typeof clockSchema>
