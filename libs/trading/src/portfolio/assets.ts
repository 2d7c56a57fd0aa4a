import { instrumentId } from '@contrail/contracts'

/** What changes hands in a trade of this instrument. A perpetual is an asset of its own: the contract. */
export type Assets = { readonly base: string; readonly quote: string }

export function assetsOf(instrument: string): Assets {
  const [base = '', quote = '', perpetual] = instrumentId(instrument).split('-')
  return { base: perpetual === undefined ? base : instrument, quote }
}
