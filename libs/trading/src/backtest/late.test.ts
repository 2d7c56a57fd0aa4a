import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import { late } from '../strategy/late.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns, TickColumns } from './columns.ts'
import { seeded } from './costs.ts'

/* Time and last price are written when the author's code asks for them: whenever it does, they are those of its row. */
const BEGAN_US = 1_704_067_200_000_000
const MINUTE_US = 60_000_000
const ROWS = 3_000
const names = { venue: 'sim', instrument: 'BTC-USDT' } as const
const next = seeded(7)
/** Some state no price, two of them one after the other, too. */
const prices = Float64Array.from({ length: ROWS }, (_, row) => (row > 0 && next() < 0.2 ? NaN : 100 + (row % 50)))
const column = () => new Float64Array(ROWS).fill(100)

const candles: CandleColumns = {
  ...names,
  kind: 'candles',
  timeframe: '1m',
  rows: ROWS,
  // A bar is missing now and then.
  openTimeUs: Float64Array.from({ length: ROWS }, (_, row) => BEGAN_US + (row + Math.floor(row / 400)) * MINUTE_US),
  open: column(),
  high: column(),
  low: column(),
  close: prices,
  volume: column(),
  quoteVolume: column(),
  trades: column(),
}
const timeUs = Float64Array.from({ length: ROWS }, (_, row) => BEGAN_US + Math.floor(row / 2) * 7_000_000)
const ticks: TickColumns = {
  ...names,
  kind: 'ticks',
  rows: ROWS,
  receiveTimeUs: timeUs,
  venueTimeUs: timeUs,
  price: prices,
  quantity: column(),
  side: new Int8Array(ROWS),
  tradeId: column(),
}

const pricesBefore = (row: number): number => prices.slice(0, row + 1).findLast((price) => !Number.isNaN(price))!

test.each([
  ['bars', candles, (row: number) => candles.openTimeUs[row]! + MINUTE_US],
  ['trades', ticks, (row: number) => timeUs[row]!],
] as const)('%s: what is asked for seldom is what it is', (_, series, timeOf) => {
  const seen: [row: number, nowUs: number, last: number | undefined][] = []
  const look = seeded(3)
  let row = -1
  const onEvent = (ctx: {
    nowUs: number
    lastPrice(): number | undefined
    note(name: string, value: number): void
  }) => {
    row++
    // A note ends a stretch without anybody having looked.
    if (look() < 0.02) ctx.note('row', row)
    if (look() < 0.1) seen.push([row, ctx.nowUs, ctx.lastPrice()])
  }
  const definition = defineStrategy({
    name: 'looks',
    parameters: z.strictObject({}),
    inputs: () => [
      series.kind === 'ticks' ? { kind: 'ticks', ...names } : { kind: 'candles', timeframe: '1m', ...names },
    ],
    state: () => ({}),
    onCandle: onEvent,
    onTick: onEvent,
  })
  runBacktest({
    definition,
    parameters: {},
    instruments: [testInstrument(names as never)],
    series: [series],
    cash: 1_000,
    assumptions: { ...defaultAssumptions, fillModel: series.kind === 'ticks' ? 'trade' : 'bar' },
  })
  expect(row).toBe(ROWS - 1)
  expect(seen.length).toBeGreaterThan(200)
  expect(seen).toEqual(seen.map(([at]) => [at, timeOf(at), pricesBefore(at)]))
  expect(late.by).toBeUndefined()
})
