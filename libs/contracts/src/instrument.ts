import { z } from 'zod'
import { decimalField, instrumentField, positiveDecimalField, venueField } from './fields.ts'

/** What can be traded and in which steps. Prices are whole ticks, quantities whole lots. */
export const instrumentSchema = z.strictObject({
  venue: venueField,
  instrument: instrumentField,
  kind: z.enum(['spot', 'perp']),
  base: z.string(),
  quote: z.string(),
  /** Smallest price step, in quote per base. */
  tickSize: positiveDecimalField,
  /** Smallest quantity step, in base. */
  lotSize: positiveDecimalField,
  minQuantity: decimalField,
  /** In quote; 0 when the venue has none. */
  minNotional: decimalField,
  makerFeeBps: z.number(),
  takerFeeBps: z.number(),
})
export type Instrument = z.infer<typeof instrumentSchema>
export const instrumentKey = (venue: string, instrument: string): string => `${venue}.${instrument}`
