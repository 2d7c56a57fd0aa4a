import { z } from 'zod'
import {
  accountField,
  decimalField,
  instrumentField,
  strategyField,
  tenantField,
  usField,
  venueField,
} from '../fields.ts'

/** KV `positions`, key `<account>.<strategy>.<venue>.<instrument>`: for eyes. The truth is the ledger. */
export const positionSchema = z.strictObject({
  schema: z.literal(1),
  tenant: tenantField,
  account: accountField,
  strategy: strategyField,
  venue: venueField,
  instrument: instrumentField,
  /** Signed, in base, net of fees charged in base. */
  quantity: decimalField,
  /** Average cost per base in quote; 0 when flat. */
  averagePrice: decimalField,
  /** In quote, net of fees. */
  realised: decimalField,
  fees: decimalField,
  fills: z.number().int().nonnegative(),
  /** Sequence of TRADES that this value is folded through. */
  sequence: z.number().int().nonnegative(),
  /** Of TRADES, when it was made: the same sequence in another one is another fact. */
  incarnation: z.string().max(64).optional(),
  atUs: usField,
})
export type PositionValue = z.infer<typeof positionSchema>

export const TRADING_STATES = ['active', 'reducing', 'halted'] as const

/** KV `halts`, key = scope: `platform`, `tenant.<id>`, `account.<id>`, `strategy.<id>`, `instrument.<venue>.<id>`. */
export const haltSchema = z.strictObject({
  schema: z.literal(1),
  state: z.enum(TRADING_STATES),
  reason: z.string().min(1),
  by: z.string(),
  atUs: usField,
})
export type Halt = z.infer<typeof haltSchema>

export const alertSchema = z.strictObject({
  schema: z.literal(1),
  severity: z.enum(['info', 'warning', 'critical']),
  kind: z.string().regex(/^[a-z0-9_]{1,40}$/),
  source: z.string(),
  text: z.string(),
  /** Subjects and ids that it is about. */
  about: z.record(z.string(), z.string()),
  atUs: usField,
})
export type Alert = z.infer<typeof alertSchema>

/** On `dlq.<stream>.<consumer>`: a message that failed for good, whole, with its cause. */
export const deadLetterSchema = z.strictObject({
  schema: z.literal(1),
  stream: z.string(),
  consumer: z.string(),
  subject: z.string(),
  sequence: z.number().int(),
  cause: z.string(),
  attempts: z.number().int(),
  /** The original bytes, base64. */
  data: z.string(),
  atUs: usField,
})
export type DeadLetter = z.infer<typeof deadLetterSchema>

/** On `aside.<stream>.<consumer>.<letter>`, once: a person says that a dead letter needs nothing any more. It is kept. */
export const laidAsideSchema = z.strictObject({
  schema: z.literal(1),
  letter: z.number().int(),
  by: z.string(),
  reason: z.string().min(3).max(200),
  atUs: usField,
})
export type LaidAside = z.infer<typeof laidAsideSchema>
