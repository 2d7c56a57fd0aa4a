import { z } from 'zod'
import { DECIMAL_PATTERN } from './decimal.ts'
import { ID_PATTERN, INSTRUMENT_PATTERN, STRATEGY_ID_PATTERN } from './ids.ts'
import type { AccountId, ClOrdId, InstrumentId, OrderId, StrategyId, TenantId, VenueId, WorkerId } from './ids.ts'
import { TIMEFRAMES } from './time.ts'
import type { Us } from './time.ts'

const pattern = <T extends string>(regex: RegExp) => z.string().regex(regex) as unknown as z.ZodType<T, string>

export const tenantField = pattern<TenantId>(ID_PATTERN)
export const accountField = pattern<AccountId>(ID_PATTERN)
export const strategyField = pattern<StrategyId>(STRATEGY_ID_PATTERN)
export const venueField = pattern<VenueId>(ID_PATTERN)
export const instrumentField = pattern<InstrumentId>(INSTRUMENT_PATTERN)
export const orderIdField = pattern<OrderId>(ID_PATTERN)
export const clOrdIdField = pattern<ClOrdId>(ID_PATTERN)
export const workerField = pattern<WorkerId>(ID_PATTERN)
export const decimalField = z.string().regex(DECIMAL_PATTERN)
export const positiveDecimalField = decimalField.refine((text) => /[1-9]/.test(text) && !text.startsWith('-'), {
  message: 'must be above zero',
})
export const usField = z.number().int().nonnegative() as unknown as z.ZodType<Us, number>
export const timeframeField = z.enum(TIMEFRAMES)
export const sideField = z.enum(['buy', 'sell'])
export type Side = z.infer<typeof sideField>
export const sha256Field = z.string().regex(/^[0-9a-f]{64}$/)
/** (stream, incarnation, sequence): a stream that was lost and made anew is noticed by its incarnation. */
export const cursorField = z.strictObject({ incarnation: z.string(), sequence: z.number().int().nonnegative() })
export type Cursor = z.infer<typeof cursorField>
