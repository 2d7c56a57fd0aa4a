import type { Candle, Instrument, Timeframe } from '@contrail/contracts'
import { defaultAssumptions, defineStrategy, runBacktest } from '@contrail/trading'
import type { Assumptions, BacktestResult, CandleColumns, Context } from '@contrail/trading'
import { z } from 'zod'

/* Strategies that a reference case describes as "on this bar do that". */
export type Act = (ctx: Context<unknown>, candle: Candle) => void

const none = z.strictObject({})

export function runScript(
  series: CandleColumns,
  instrument: Instrument,
  cash: number,
  script: Readonly<Record<number, Act>>,
  assumptions: Partial<Assumptions> = {},
): BacktestResult {
  const { venue, instrument: name, timeframe } = series
  const definition = defineStrategy({
    name: 'script',
    parameters: none,
    inputs: () => [{ kind: 'candles', venue, instrument: name, timeframe }],
    state: () => ({ bar: -1 }),
    onCandle(ctx, state, candle) {
      state.bar++
      script[state.bar]?.(ctx as Context<unknown>, candle)
    },
  })
  return runBacktest({
    definition,
    parameters: {},
    instruments: [instrument],
    series: [series],
    cash,
    assumptions: { ...defaultAssumptions, riskGate: false, ...assumptions },
  })
}

/** Rows of open, high, low, close. */
export function barsOf(
  rows: readonly (readonly [number, number, number, number])[],
  timeframe: Timeframe,
  spanUs: number,
  names: { venue: string; instrument: string },
): CandleColumns {
  const column = (index: 0 | 1 | 2 | 3) => Float64Array.from(rows, (row) => row[index])
  const zeros = new Float64Array(rows.length)
  return {
    kind: 'candles',
    ...names,
    timeframe,
    rows: rows.length,
    openTimeUs: Float64Array.from(rows, (_, row) => 1_704_067_200_000_000 + row * spanUs),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: zeros,
    quoteVolume: zeros,
    trades: zeros,
  }
}
