import type { Instrument } from '@contrail/contracts'
import { defaultAssumptions, defineStrategy, Sma } from '@contrail/trading'
import type { BacktestOptions, BacktestResult, CandleColumns } from '@contrail/trading'
import { z } from 'zod'

/* The market and the strategy that are measured. */
export const INSTRUMENT = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '1',
  lotSize: '0.0001',
  minQuantity: '0.0001',
  minNotional: '0',
  makerFeeBps: 5,
  takerFeeBps: 5,
} as unknown as Instrument
export const QUANTITY = 0.001
export const CASH = 100_000
const MINUTE_US = 60_000_000
/** 2024-01-01 UTC. */
const START_US = 1_704_067_200_000_000

/**
 * One-minute bars of a seeded walk: about 39,000 crossings of SMA(10/30) in a million. Prices are whole numbers, so that the
 * averages of two programs are equal to the last bit however they sum.
 */
export function syntheticCandles(rows: number, seed = 42): CandleColumns {
  const column = () => new Float64Array(new SharedArrayBuffer(rows * 8))
  const [openTimeUs, open, high, low, close] = [column(), column(), column(), column(), column()]
  const [volume, quoteVolume, trades] = [column(), column(), column()]
  let bits = seed >>> 0
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  let price = 3_000_000
  for (let row = 0; row < rows; row++) {
    const from = price
    const drift = 1e-5 * Math.log(3_000_000 / price)
    price = Math.round(price * Math.exp(drift + 1e-3 * (next() + next() + next() - 1.5)))
    openTimeUs[row] = START_US + row * MINUTE_US
    open[row] = from
    close[row] = price
    high[row] = Math.max(from, price) + Math.round(300 * next())
    low[row] = Math.min(from, price) - Math.round(300 * next())
    volume[row] = 1 + 9 * next()
    quoteVolume[row] = volume[row]! * price
    trades[row] = 10
  }
  const names = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1m' } as const
  return { ...names, rows, openTimeUs, open, high, low, close, volume, quoteVolume, trades }
}

/** As an author would write it. */
export const smaCross = defineStrategy({
  name: 'bench-cross',
  parameters: z.strictObject({
    fast: z.number().default(10),
    slow: z.number().default(30),
    quantity: z.number().default(QUANTITY),
  }),
  inputs: () => [{ kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' }],
  state: ({ fast, slow }) => ({ fast: new Sma(fast), slow: new Sma(slow), isLong: false }),

  onCandle(ctx, state, candle) {
    const fast = state.fast.update(candle.close)
    const slow = state.slow.update(candle.close)
    if (!state.slow.ready || fast === slow) return
    const isAbove = fast > slow
    if (isAbove === state.isLong) return
    state.isLong = isAbove
    const { quantity } = ctx.parameters
    if (isAbove) ctx.buy({ quantity })
    else ctx.sell({ quantity })
  },
})

export const optionsOf = (series: CandleColumns, more: Partial<BacktestOptions> = {}): BacktestOptions => ({
  definition: smaCross,
  parameters: {},
  instruments: [INSTRUMENT],
  series: [series],
  cash: CASH,
  assumptions: { ...defaultAssumptions, riskGate: false },
  ...more,
})

/** Rows of the fills, in their order: the same as the bare loop's. */
export function digestOf(result: BacktestResult): number {
  let digest = 0
  for (const { row } of result.fills) digest = (Math.imul(digest, 31) + row) | 0
  return digest
}
