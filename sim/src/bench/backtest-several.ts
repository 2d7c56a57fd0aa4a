import { defineStrategy, Ema, Rsi, runBacktest, Sma, Wma } from '@contrail/trading'
import type { BacktestOptions, Context, StrategyDefinition } from '@contrail/trading'
import { z } from 'zod'
import { bareLoop } from './backtest-bare.ts'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measure } from './backtest-report.ts'
import type { Timed } from './backtest-report.ts'
import { CASH, optionsOf, QUANTITY, smaCross, syntheticCandles } from './backtest-world.ts'
import { atMost } from './stats.ts'

const ROWS_MAX = 1_000_000
const FEE_BPS = 5
const base = {
  parameters: z.strictObject({}),
  inputs: () => [{ kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' } as const],
}
type State = { isLong: boolean }

function turn(ctx: Context<object>, state: State, isAbove: boolean): void {
  if (isAbove === state.isLong) return
  state.isLong = isAbove
  if (isAbove) ctx.buy({ quantity: QUANTITY })
  else ctx.sell({ quantity: QUANTITY })
}

/** Seven more authors: what they write is not one piece of code that V8 could know once for all. */
const OTHERS: readonly StrategyDefinition[] = [
  defineStrategy({
    ...base,
    name: 'ema',
    state: () => ({ isLong: false, ema: new Ema(20) }),
    onCandle: (ctx, state, { close }) => turn(ctx, state, close > state.ema.update(close)),
  }),
  defineStrategy({
    ...base,
    name: 'sma',
    state: () => ({ isLong: false, sma: new Sma(20) }),
    onCandle: (ctx, state, { close }) => turn(ctx, state, close > state.sma.update(close)),
  }),
  defineStrategy({
    ...base,
    name: 'wma',
    state: () => ({ isLong: false, wma: new Wma(20) }),
    onCandle: (ctx, state, { close }) => turn(ctx, state, close > state.wma.update(close)),
  }),
  defineStrategy({
    ...base,
    name: 'rsi',
    state: () => ({ isLong: false, rsi: new Rsi(14) }),
    onCandle: (ctx, state, { close }) => turn(ctx, state, state.rsi.update(close) < 30),
  }),
  defineStrategy({
    ...base,
    name: 'ema-cross',
    state: () => ({ isLong: false, fast: new Ema(10), slow: new Ema(30) }),
    onCandle: (ctx, state, { close }) => turn(ctx, state, state.fast.update(close) > state.slow.update(close)),
  }),
  defineStrategy({
    ...base,
    name: 'higher',
    state: () => ({ isLong: false, before: 0, rises: 0 }),
    onCandle(ctx, state, { high }) {
      state.rises = high > state.before ? state.rises + 1 : 0
      state.before = high
      turn(ctx, state, state.rises > 3)
    },
  }),
  defineStrategy({
    ...base,
    name: 'range',
    state: () => ({ isLong: false, range: new Sma(20) }),
    onCandle: (ctx, state, { high, low }) => turn(ctx, state, high - low > state.range.update(high - low)),
  }),
]

/** One run after the other over the same columns on one thread: what the others take from each. */
export function severalStrategies({ rows: wanted, reps }: CaseOptions): Measured {
  const rows = Math.min(wanted, ROWS_MAX)
  const series = syntheticCandles(rows)
  const options = optionsOf(series, { keep: 'summary' })
  const bare = () => bareLoop(series, QUANTITY, CASH, FEE_BPS)
  const others = OTHERS.map((definition): (() => unknown) => {
    const own: BacktestOptions = { ...options, definition, cash: CASH * 100 }
    return () => runBacktest(own)
  })
  const run = () => runBacktest({ ...options, definition: smaCross })
  const [hand, alone] = measure([bare, run], reps) as [Timed, Timed]
  const [handBeside, beside] = measure([bare, run, ...others], reps) as [Timed, Timed]
  const count = OTHERS.length + 1
  // Not by way of the bare loop: beside seven others it is slower itself, and would make ours look faster than alone.
  const times = (pick: 'medianMs' | 'minMs') => beside[pick] / alone[pick]
  const part = (own: Timed, by: Timed) => `${(own.medianMs / by.medianMs).toFixed(2)} of the bare loop`
  return {
    rows: [
      {
        goal: 7,
        what: `one of ${count} strategies over the same columns on one thread, times alone`,
        unit: 'x',
        median: times('medianMs'),
        best: times('minMs'),
        target: atMost(1.6),
        ours: part(beside, handBeside),
        beside: part(alone, hand),
        note: `${rows} candles; one after the other, each its own account`,
      },
    ],
  }
}
