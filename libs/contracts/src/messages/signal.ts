import { z } from 'zod'
import {
  accountField,
  cursorField,
  instrumentField,
  orderIdField,
  positiveDecimalField,
  sha256Field,
  sideField,
  strategyField,
  tenantField,
  usField,
  venueField,
  workerField,
} from '../fields.ts'

/** Most intents one decision may carry. A decision with more is refused where it is made. */
export const INTENTS_MAX = 64

/**
 * A stop works once the market is as bad as `stopPrice`, a take-profit once it is as good; with `price` they then work as a
 * limit, else as a market order. The stop of a trailing stop follows the market at its distance.
 */
export const ORDER_TYPES = [
  'market',
  'limit',
  'stop',
  'stop_limit',
  'take_profit',
  'take_profit_limit',
  'trailing_stop',
] as const
export type OrderType = (typeof ORDER_TYPES)[number]
export const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'GTD', 'DAY'] as const

export const placeIntentSchema = z.strictObject({
  type: z.literal('place'),
  orderId: orderIdField,
  venue: venueField,
  instrument: instrumentField,
  side: sideField,
  quantity: positiveDecimalField,
  orderType: z.enum(ORDER_TYPES),
  price: positiveDecimalField.optional(),
  stopPrice: positiveDecimalField.optional(),
  timeInForce: z.enum(TIMES_IN_FORCE),
  expireAtUs: usField.optional(),
  postOnly: z.boolean(),
  reduceOnly: z.boolean(),
  tag: z.string().max(40).optional(),
  /** Of a trailing stop, one of the two: distance in price, or in percent of the best price since. */
  trailingOffset: positiveDecimalField.optional(),
  trailingPercent: positiveDecimalField.optional(),
  /** OTO: sleeps until that order fills, and is never larger than what it has filled. It ends with it when nothing filled. */
  parent: orderIdField.optional(),
  /** OCO: what any order of this group fills, the others lose. The group is named after its first order. */
  oco: orderIdField.optional(),
})
export type PlaceIntent = z.infer<typeof placeIntentSchema>

export const cancelIntentSchema = z.strictObject({ type: z.literal('cancel'), orderId: orderIdField })
export const amendIntentSchema = z.strictObject({
  type: z.literal('amend'),
  orderId: orderIdField,
  quantity: positiveDecimalField.optional(),
  price: positiveDecimalField.optional(),
  stopPrice: positiveDecimalField.optional(),
})
export const intentSchema = z.discriminatedUnion('type', [placeIntentSchema, cancelIntentSchema, amendIntentSchema])
export type Intent = z.infer<typeof intentSchema>

/**
 * The order in which inputs of different streams were applied since the previous decision, run-length encoded:
 * [stream, last sequence applied in this run]. `[["MD",1000],["TRADES",5],["MD",1010]]`.
 */
export const trailSchema = z.array(z.tuple([z.string(), z.number().int().nonnegative()]))
export type Trail = z.infer<typeof trailSchema>

const head = {
  schema: z.literal(1),
  tenant: tenantField,
  account: accountField,
  strategy: strategyField,
  /** Grows with every activation; a copy with an older one is fenced. */
  epoch: z.number().int().positive(),
  /** Of the last decision made; the first is 1. */
  number: z.number().int().nonnegative(),
}

/** A copy became the owner. Its cursors say from where it goes on. */
export const activatedSchema = z.strictObject({
  ...head,
  kind: z.literal('activated'),
  worker: workerField,
  code: sha256Field,
  cursors: z.record(z.string(), cursorField),
})
export type Activated = z.infer<typeof activatedSchema>

export const decisionSchema = z.strictObject({
  ...head,
  kind: z.literal('decision'),
  /** The input that caused it. */
  cause: z.strictObject({ stream: z.string(), sequence: z.number().int().positive(), subject: z.string() }),
  trail: trailSchema,
  /** Time of the causing input: what `now` was in the strategy. */
  atUs: usField,
  /** What the strategy noted: indicator values, thresholds. */
  reasons: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
  intents: z.array(intentSchema).max(INTENTS_MAX),
})
export type Decision = z.infer<typeof decisionSchema>

export const signalSchema = z.discriminatedUnion('kind', [activatedSchema, decisionSchema])
export type Signal = z.infer<typeof signalSchema>

/** A person's order or cancel, through the gateway. Same intents; `number` counts per account. */
export const manualSchema = z.strictObject({
  schema: z.literal(1),
  tenant: tenantField,
  account: accountField,
  /** Manual orders are booked under a strategy name of their own. */
  strategy: strategyField,
  number: z.number().int().positive(),
  by: z.string(),
  atUs: usField,
  intents: z.array(intentSchema).max(INTENTS_MAX),
})
export type Manual = z.infer<typeof manualSchema>
