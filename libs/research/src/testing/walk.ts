import { DAY_US, HOUR_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { CandleColumns } from '@contrail/trading'
import { random } from '../optimise/random.ts'

export const START_US = 19_000 * DAY_US
export const INSTRUMENT: Instrument = {
  venue: 'sim' as never,
  instrument: 'BTC-USDT' as never,
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.0001',
  lotSize: '0.0001',
  minQuantity: '0.0001',
  minNotional: '0',
  makerFeeBps: 1,
  takerFeeBps: 2,
}

/** A market that goes nowhere, and hourly bars of it. */
export function walk(rows: number, seed: number): CandleColumns {
  const from = random(seed)
  const [open, high, low, close] = [0, 1, 2, 3].map(() => new Float64Array(rows)) as Float64Array[] as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let price = 100
  for (let i = 0; i < rows; i++) {
    open[i] = price
    price *= Math.exp(0.005 * from.normal())
    close[i] = price
    high[i] = Math.max(open[i]!, price) * 1.001
    low[i] = Math.min(open[i]!, price) * 0.999
  }
  const zeros = new Float64Array(rows)
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'BTC-USDT',
    timeframe: '1h',
    rows,
    openTimeUs: Float64Array.from({ length: rows }, (_, i) => START_US + i * HOUR_US),
    open,
    high,
    low,
    close,
    volume: zeros,
    quoteVolume: zeros,
    trades: zeros,
  }
}
