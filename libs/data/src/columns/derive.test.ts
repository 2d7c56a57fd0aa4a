import { TIMEFRAMES } from '@contrail/contracts'
import type { TickColumns } from '@contrail/trading'
import { CandleSet } from '@contrail/trading'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { barsOfBars, barsOfTicks } from './derive.ts'

const T = Date.UTC(2024, 1, 28, 23) * 1000

function ticksOf(steps: readonly (readonly [number, number, number])[]): TickColumns {
  let atUs = T
  const rows = steps.map(([seconds, price, lateUs]) => ({ receive: (atUs += seconds * 1_000_000), price, lateUs }))
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows: rows.length,
    receiveTimeUs: Float64Array.from(rows, (row) => row.receive),
    venueTimeUs: Float64Array.from(rows, (row) => row.receive - row.lateUs),
    price: Float64Array.from(rows, (row) => row.price),
    quantity: Float64Array.from(rows, (_, i) => (i % 5) + 0.5),
    tradeId: Float64Array.from(rows, (_, i) => i),
    side: new Int8Array(rows.length),
  }
}

test('bars of recorded trades are those that the live feed makes of them, in every timeframe', () => {
  const step = fc.tuple(
    fc.integer({ min: 0, max: 900 }),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 0, max: 3_000_000 }),
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
      const ticks = ticksOf(steps)
      for (const timeframe of TIMEFRAMES) {
        const live = new CandleSet([timeframe])
        const told = [...Array(ticks.rows).keys()].flatMap((row) => [
          ...live.trade({
            price: ticks.price[row]!,
            quantity: ticks.quantity[row]!,
            venueTimeUs: ticks.venueTimeUs[row]!,
            receiveTimeUs: ticks.receiveTimeUs[row]!,
          }),
        ])
        told.push(...live.advance(Number.MAX_SAFE_INTEGER, 0))
        const bars = barsOfTicks(ticks, timeframe)
        const made = Array.from({ length: bars.rows }, (_, row) => ({
          openTimeUs: bars.openTimeUs[row],
          open: bars.open[row],
          high: bars.high[row],
          low: bars.low[row],
          close: bars.close[row],
          volume: bars.volume[row],
          quoteVolume: bars.quoteVolume[row],
          trades: bars.trades[row],
        }))
        expect(made).toEqual(
          told.map(({ openTimeUs, open, high, low, close, volume, quoteVolume, trades }) => ({
            openTimeUs,
            open,
            high,
            low,
            close,
            volume,
            quoteVolume,
            trades,
          })),
        )
      }
    }),
    { numRuns: 40 },
  )
})

test('bars of finer bars are the bars of the trades', () => {
  const ticks = ticksOf(Array.from({ length: 3000 }, (_, i) => [i % 90, 100 + ((i * 7) % 13), 0] as const))
  for (const timeframe of ['5m', '15m', '1h', '4h', '1d'] as const)
    expect(barsOfBars(barsOfTicks(ticks, '1m'), timeframe)).toEqual(barsOfTicks(ticks, timeframe))
})

test('a longer bar holds no bar that is not over when it is', () => {
  const hours = [13.5, 14.5, 15.5, 16.5]
  const ones = Float64Array.from(hours, () => 1)
  const openTimeUs = Float64Array.from(hours, (hour) => T + (hour - 23) * 3600e6)
  const prices = { open: ones, high: ones, low: ones, close: ones, volume: ones, quoteVolume: ones, trades: ones }
  const bars = barsOfBars(
    { kind: 'candles', venue: 'x', instrument: 'A-USD', timeframe: '1h', rows: 4, openTimeUs, ...prices },
    '4h',
  )
  // The one from 15:30 to 16:30 is part of what ends at 20:00.
  expect([...bars.volume]).toEqual([2, 2])
})
