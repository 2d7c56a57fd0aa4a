declare const brand: unique symbol
/** Integer microseconds since the epoch, UTC. Every field of this type ends in `Us`. */
export type Us = number & { readonly [brand]: 'us' }

export const us = (value: number): Us => value as Us
export const usOfMs = (ms: number): Us => Math.round(ms * 1000) as Us
export const SECOND_US = 1_000_000
export const MINUTE_US = 60 * SECOND_US
export const HOUR_US = 60 * MINUTE_US
export const DAY_US = 24 * HOUR_US

/** Of bars that files hold and backtests read. */
export const TIMEFRAMES = ['1s', '1m', '3m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '8h', '12h', '1d'] as const
export type Timeframe = (typeof TIMEFRAMES)[number]
/** Of bars that are made of live trades, recorded and shown. */
export const LIVE_TIMEFRAMES = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'] as const satisfies readonly Timeframe[]
export const TIMEFRAME_US: Readonly<Record<Timeframe, number>> = {
  '1s': SECOND_US,
  '1m': MINUTE_US,
  '3m': 3 * MINUTE_US,
  '5m': 5 * MINUTE_US,
  '15m': 15 * MINUTE_US,
  '30m': 30 * MINUTE_US,
  '1h': HOUR_US,
  '2h': 2 * HOUR_US,
  '4h': 4 * HOUR_US,
  '6h': 6 * HOUR_US,
  '8h': 8 * HOUR_US,
  '12h': 12 * HOUR_US,
  '1d': DAY_US,
}

/** ISO 8601 with six fraction digits, for people and files. */
export function isoOfUs(value: number): string {
  const ms = Math.floor(value / 1000)
  const rest = String(value - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${rest}Z`) // tidy-ok: a given instant, not the clock
}
