import { z } from 'zod'
import {
  accountField,
  clOrdIdField,
  decimalField,
  instrumentField,
  orderIdField,
  positiveDecimalField,
  sideField,
  strategyField,
  tenantField,
  usField,
  venueField,
} from '../fields.ts'
import { ORDER_TYPES } from './signal.ts'

/** FIX 39 in words, and three of ours: denied (we refused), unknown (possibly sent), not_placed (proved absent). */
export const ORDER_STATUSES = [
  'pending_new',
  'new',
  'partially_filled',
  'filled',
  'pending_cancel',
  'pending_replace',
  'cancelled',
  'rejected',
  'expired',
  'denied',
  'unknown',
  'not_placed',
] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]
export const TERMINAL_STATUSES: ReadonlySet<OrderStatus> = new Set([
  'filled',
  'cancelled',
  'rejected',
  'expired',
  'denied',
  'not_placed',
])

/** FIX 150 in words: what happened in this report. */
export const EXECUTION_TYPES = [
  'denied',
  'sent',
  'accepted',
  'filled',
  'pending_cancel',
  'cancelled',
  'cancel_rejected',
  'replaced',
  'rejected',
  'expired',
  'unknown',
  'not_placed',
  'reconciled',
] as const
export type ExecutionType = (typeof EXECUTION_TYPES)[number]

export const fillSchema = z.strictObject({
  /** The venue's own id of the trade: the key of idempotence. */
  tradeId: z.string().min(1).max(64),
  quantity: positiveDecimalField,
  price: positiveDecimalField,
  /** Positive = paid, negative = rebate. */
  fee: decimalField,
  feeAsset: z.string(),
  liquidity: z.enum(['maker', 'taker']),
  venueTimeUs: usField,
})
export type Fill = z.infer<typeof fillSchema>

/** Why an order was denied or rejected: the control, the value found and its limit. */
export const reasonSchema = z.strictObject({ code: z.string(), text: z.string() })
export type Reason = z.infer<typeof reasonSchema>

/** An execution report on `trades.confirm.<account>.<strategy>`. */
export const confirmSchema = z.strictObject({
  schema: z.literal(1),
  /** Outbox row: grows, unique; a receiver that has seen it drops the repeat. */
  reportId: z.string(),
  type: z.enum(EXECUTION_TYPES),
  tenant: tenantField,
  account: accountField,
  strategy: strategyField,
  orderId: orderIdField,
  clOrdId: clOrdIdField.optional(),
  venue: venueField,
  instrument: instrumentField,
  side: sideField,
  orderType: z.enum(ORDER_TYPES),
  quantity: positiveDecimalField,
  price: positiveDecimalField.optional(),
  stopPrice: positiveDecimalField.optional(),
  status: z.enum(ORDER_STATUSES),
  cumQuantity: decimalField,
  leavesQuantity: decimalField,
  fill: fillSchema.optional(),
  reason: reasonSchema.optional(),
  atUs: usField,
  /**
   * What the venue calls it, in the report by which its acceptance is told: `accepted`, or the first fill when both came at
   * once. Then there is no other report of the acceptance.
   */
  venueOrderId: z.string().min(1).max(64).optional(),
})
export type Confirm = z.infer<typeof confirmSchema>
