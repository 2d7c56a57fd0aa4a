import { z } from 'zod'
import {
  accountField,
  decimalField,
  instrumentField,
  orderIdField,
  positiveDecimalField,
  sideField,
  strategyField,
  timeframeField,
  usField,
  venueField,
} from '../fields.ts'
import { confirmSchema, fillSchema, ORDER_STATUSES, reasonSchema } from '../messages/confirm.ts'
import { alertSchema, deadLetterSchema, laidAsideSchema, TRADING_STATES } from '../messages/platform.ts'
import { ORDER_TYPES, TIMES_IN_FORCE } from '../messages/signal.ts'

/** What REST and the CLI show. Money and quantities are decimal strings; times are microseconds. */
export const orderView = z.object({
  orderId: orderIdField,
  clOrdId: z.string().nullable(),
  account: accountField,
  strategy: strategyField,
  venue: venueField,
  instrument: instrumentField,
  side: sideField,
  orderType: z.enum(ORDER_TYPES),
  quantity: decimalField,
  price: decimalField.nullable(),
  stopPrice: decimalField.nullable(),
  timeInForce: z.enum(TIMES_IN_FORCE),
  status: z.enum(ORDER_STATUSES),
  cumQuantity: decimalField,
  leavesQuantity: decimalField,
  averagePrice: decimalField.nullable(),
  reason: reasonSchema.nullable(),
  createdUs: usField,
  updatedUs: usField,
})
export type OrderView = z.infer<typeof orderView>

export const fillView = fillSchema.extend({
  orderId: orderIdField,
  account: accountField,
  strategy: strategyField,
  venue: venueField,
  instrument: instrumentField,
  side: sideField,
  atUs: usField,
})
export type FillView = z.infer<typeof fillView>

export const positionView = z.object({
  account: accountField,
  strategy: strategyField,
  venue: venueField,
  instrument: instrumentField,
  quantity: decimalField,
  averagePrice: decimalField,
  mark: decimalField.nullable(),
  realised: decimalField,
  unrealised: decimalField.nullable(),
  fees: decimalField,
  fills: z.number().int(),
  atUs: usField,
})
export type PositionView = z.infer<typeof positionView>

export const pnlView = z.object({
  group: z.string(),
  currency: z.string(),
  realised: decimalField,
  unrealised: decimalField,
  fees: decimalField,
  fills: z.number().int(),
  /** Of an account: deposits less withdrawals. With realised and unrealised it is the equity. */
  capital: decimalField.optional(),
})
export type PnlView = z.infer<typeof pnlView>

export const equityPoint = z.object({
  atUs: usField,
  account: accountField,
  currency: z.string(),
  equity: decimalField,
})
export type EquityPoint = z.infer<typeof equityPoint>

export const candleView = z.object({
  openTimeUs: usField,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  trades: z.number().int(),
})
export type CandleView = z.infer<typeof candleView>
export const candleQuery = z.strictObject({
  venue: venueField,
  instrument: instrumentField,
  timeframe: timeframeField,
  fromUs: z.coerce.number().int().nonnegative().optional(),
  toUs: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(500),
})

export const strategyView = z.object({
  strategy: strategyField,
  account: accountField,
  definition: z.string(),
  code: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** JSON Schema of the parameters, for forms and `--set`. */
  parametersSchema: z.record(z.string(), z.unknown()),
  desired: z.enum(['running', 'paused', 'stopped']),
  /** From strategy.event.*: what it last said of itself. */
  actual: z.string(),
  detail: z.string(),
  revision: z.number().int(),
  decisions: z.number().int(),
  updatedUs: usField,
})
export type StrategyView = z.infer<typeof strategyView>

/** Deploy: a new strategy, or a new version of one. `bundle` is one ES module (see `contrail start`). */
export const deployRequest = z.strictObject({
  strategy: strategyField,
  account: accountField.optional(),
  /** A built-in definition by name, or ... */
  definition: z.string().optional(),
  /** ... the text of a bundled module. */
  bundle: z.string().max(4_000_000).optional(),
  source: z.string().max(1_000_000).optional(),
  parameters: z.record(z.string(), z.unknown()).default({}),
  state: z.enum(['running', 'paused', 'stopped']).default('running'),
})
export const parametersRequest = z.strictObject({ parameters: z.record(z.string(), z.unknown()) })

export const haltRequest = z.strictObject({
  /** `platform`, `tenant.<id>`, `account.<id>`, `strategy.<id>`, `instrument.<venue>.<id>`. */
  scope: z
    .string()
    .regex(
      /^(platform|tenant\.[\w-]+|account\.[\w-]+|strategy\.[\w-]+|instrument\.[\w-]+\.[\w-]+)$/,
      'write platform, account.ID, strategy.ID or instrument.VENUE.ID',
    ),
  state: z.enum(TRADING_STATES),
  reason: z.string().min(3).max(200),
})
export const haltView = z.object({
  scope: z.string(),
  state: z.enum(TRADING_STATES),
  reason: z.string(),
  by: z.string(),
  atUs: usField,
})
export type HaltView = z.infer<typeof haltView>

/** With its place in the stream ALERTS. */
export const alertView = alertSchema.omit({ schema: true }).extend({ sequence: z.number().int() })
export type AlertView = z.infer<typeof alertView>

/** Without the message itself: it may be long, and lies in the stream. */
export const deadLetterView = z.object({
  ...deadLetterSchema.omit({ schema: true, data: true }).shape,
  /** Its number, in the stream DLQ. */
  letter: z.number().int(),
  putBack: z.boolean(),
  laidAside: z.object(laidAsideSchema.omit({ schema: true, letter: true }).shape).optional(),
})
export type DeadLetterView = z.infer<typeof deadLetterView>

export const statusView = z.object({
  version: z.string(),
  nowUs: z.number().int(),
  bus: z.enum(['connected', 'disconnected']),
  services: z.array(
    z.object({
      name: z.string(),
      ready: z.boolean(),
      state: z.enum(['ready', 'not_ready', 'away']),
      reasons: z.array(z.string()),
    }),
  ),
  halts: z.array(z.object({ scope: z.string(), state: z.enum(TRADING_STATES), reason: z.string() })),
  tradingState: z.enum(TRADING_STATES),
})
export type StatusView = z.infer<typeof statusView>

export const manualOrderRequest = z.strictObject({
  account: accountField.optional(),
  venue: venueField,
  instrument: instrumentField,
  side: sideField,
  quantity: positiveDecimalField,
  orderType: z.enum(ORDER_TYPES).default('market'),
  price: positiveDecimalField.optional(),
  stopPrice: positiveDecimalField.optional(),
  trailingOffset: positiveDecimalField.optional(),
  trailingPercent: positiveDecimalField.optional(),
  timeInForce: z.enum(TIMES_IN_FORCE).default('GTC'),
})

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  field: z.string().optional(),
  value: z.string().optional(),
  mend: z.string().optional(),
  traceId: z.string().optional(),
})
export type Problem = z.infer<typeof problemSchema>

/** `explain`: everything that led to an order and came of it. */
export const explainView = z.object({
  order: orderView,
  decision: z.unknown(),
  checks: z.array(z.object({ control: z.string(), limit: z.string(), found: z.string(), passed: z.boolean() })),
  attempts: z.array(z.object({ attempt: z.number(), clOrdId: z.string(), state: z.string(), atUs: usField })),
  reports: z.array(confirmSchema),
})
export type ExplainView = z.infer<typeof explainView>
