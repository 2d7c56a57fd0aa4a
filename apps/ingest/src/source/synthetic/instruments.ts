import type { Instrument, InstrumentId, VenueId } from '@contrail/contracts'

export type SyntheticInstrument = Instrument & {
  /** First price of a market that was never recorded. */
  readonly startPrice: number
  /** Usual size of a trade, in quote. */
  readonly tradeNotional: number
}

export const SYNTHETIC_VENUE = 'sim'

function spot(base: string, startPrice: number, tickSize: string, lotSize: string): SyntheticInstrument {
  return {
    venue: SYNTHETIC_VENUE as VenueId,
    instrument: `${base}-USDT` as InstrumentId,
    kind: 'spot',
    base,
    quote: 'USDT',
    tickSize,
    lotSize,
    minQuantity: lotSize,
    minNotional: '5',
    makerFeeBps: 2,
    takerFeeBps: 5,
    startPrice,
    tradeNotional: 600,
  }
}

export const SYNTHETIC_INSTRUMENTS: readonly SyntheticInstrument[] = [
  spot('BTC', 65_000, '0.01', '0.00001'),
  spot('ETH', 3200, '0.01', '0.0001'),
  spot('SOL', 150, '0.01', '0.001'),
  spot('XRP', 0.55, '0.0001', '0.1'),
  spot('ADA', 0.4, '0.0001', '0.1'),
]

/** The public part: what `GET /instruments` says. */
export function publicInstrument({
  startPrice: _price,
  tradeNotional: _size,
  ...rest
}: SyntheticInstrument): Instrument {
  return rest
}
