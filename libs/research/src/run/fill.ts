import type { Assumptions } from '@contrail/trading'
import type { Opened } from './data.ts'

/**
 * Parameters that are not the author's to guess: venue, instrument and timeframe are the data's. Where the run decides on
 * sizes, what the strategy asks for only has to be an order at all: one lot.
 */
export function fillFor({ fill, instruments }: Opened, { sizing }: Assumptions): Readonly<Record<string, unknown>> {
  const [first] = instruments
  return sizing.kind === 'strategy' || !first ? fill : { ...fill, quantity: Number(first.lotSize) }
}
