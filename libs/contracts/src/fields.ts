import { z } from 'zod'
import { DECIMAL_PATTERN } from './decimal.ts'
import { ID_PATTERN, INSTRUMENT_PATTERN, STRATEGY_ID_PATTERN } from './ids.ts'
import type { AccountId, ClOrdId, InstrumentId, OrderId, StrategyId, TenantId, VenueId, WorkerId } from './ids.ts'
import { TIMEFRAMES } from './time.ts'
import type { Us } from './time.ts'

const pattern = <T extends string>(regex: RegExp, mend?: string) =>
  z.string().regex(regex, mend) as unknown as z.ZodType<T, string>
const ID_MEND = 'use 1 to 32 letters, digits, "-" or "_"'

export const tenantField = pattern<TenantId>(ID_PATTERN, ID_MEND)
export const accountField = pattern<AccountId>(ID_PATTERN, ID_MEND)
export const strategyField = pattern<StrategyId>(STRATEGY_ID_PATTERN, 'use 1 to 20 letters, digits, "-" or "_"')
export const venueField = pattern<VenueId>(ID_PATTERN, ID_MEND)
export const instrumentField = pattern<InstrumentId>(INSTRUMENT_PATTERN, 'write BASE-QUOTE, such as BTC-USDT')
export const orderIdField = pattern<OrderId>(ID_PATTERN, ID_MEND)
export const clOrdIdField = pattern<ClOrdId>(ID_PATTERN, ID_MEND)
export const workerField = pattern<WorkerId>(ID_PATTERN, ID_MEND)
export const decimalField = z.string().regex(DECIMAL_PATTERN, 'write a plain decimal number, such as 12.5')
export const positiveDecimalField = decimalField.refine((text) => /[1-9]/.test(text) && !text.startsWith('-'), {
  message: 'must be above zero',
})
export const usField = z.number().int().nonnegative() as unknown as z.ZodType<Us, number>
export const timeframeField = z.enum(TIMEFRAMES)
export const sideField = z.enum(['buy', 'sell'])
export type Side = z.infer<typeof sideField>
export const sha256Field = z.string().regex(/^[0-9a-f]{64}$/, 'give a SHA-256 as 64 hex digits')
/** (stream, incarnation, sequence): a stream that was lost and made anew is noticed by its incarnation. */
export const cursorField = z.strictObject({ incarnation: z.string(), sequence: z.number().int().nonnegative() })
export type Cursor = z.infer<typeof cursorField>
