import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns } from './columns.ts'
import { seeded } from './costs.ts'

const ROWS = 2_000
const names = { venue: 'sim', instrument: 'BTC-USDT' } as const
const next = seeded(11)
const close = Float64Array.from(
  { length: ROWS },
  (_, row) => 100 + 10 * Math.sin(row / 9) + Math.round(next() * 100) / 100,
)
const column = () => new Float64Array(ROWS).fill(1)
const candles: CandleColumns = {
  ...names,
  kind: 'candles',
  timeframe: '1m',
  rows: ROWS,
  openTimeUs: Float64Array.from({ length: ROWS }, (_, row) => 1_704_067_200_000_000 + row * 60_000_000),
  open: close.map((price, row) => close[row - 1] ?? price),
  high: close.map((price) => price + 1),
  low: close.map((price) => price - 1),
  close,
  volume: column(),
  quoteVolume: column(),
  trades: column(),
}

const turns = (throwsAt: number) =>
  defineStrategy({
    name: 'turns',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'candles', timeframe: '1m', ...names }],
    state: () => ({ before: 0, isLong: false, seen: 0 }),
    onCandle(ctx, state, bar) {
      if (state.seen++ === throwsAt) throw new Error('enough')
      const isAbove = bar.close > state.before
      state.before = bar.close
      if (isAbove === state.isLong) return
      state.isLong = isAbove
      ctx.note('close', bar.close)
      if (isAbove) ctx.buy({ quantity: 0.5 })
      else ctx.sell({ quantity: 0.5 })
    },
  })

const run = (throwsAt = Infinity) =>
  runBacktest({
    definition: turns(throwsAt),
    parameters: {},
    instruments: [testInstrument(names as never)],
    series: [candles],
    cash: 10_000,
    assumptions: defaultAssumptions,
  })

test('the first strategy of a thread, one with a loop of its own and one that has none any more end alike', () => {
  const ends = Array.from({ length: 40 }, () => {
    const { decisions, fills, trades, finalEquity, events } = run()
    return JSON.stringify({ decisions, fills, trades, finalEquity, events })
  })
  expect(JSON.parse(ends[0]!).fills.length).toBeGreaterThan(100)
  expect(new Set(ends).size).toBe(1)
})

test('what an author throws in a copy is said with its row', () => {
  expect(() => run(1_234)).toThrow(/onCandle threw on candles 1234 .*: enough/)
})
