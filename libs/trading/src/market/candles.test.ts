import fc from 'fast-check'
import { expect, test } from 'vitest'
import { candleSchema, MINUTE_US, TIMEFRAME_US } from '@contrail/contracts'
import type { Candle, Timeframe } from '@contrail/contracts'
import { hasShared, readShared } from '../testing/shared-data.ts'
import { CandleBuilder, CandleSet } from './candles.ts'
import type { CandleTrade } from './candles.ts'

const at = (seconds: number, price = 100, quantity = 1): CandleTrade => ({
  price,
  quantity,
  venueTimeUs: seconds * 1_000_000,
  receiveTimeUs: seconds * 1_000_000 + 5,
})

test('a bar closes with the first trade of a later one', () => {
  const builder = new CandleBuilder('1m')
  expect(builder.trade(at(60, 10, 2))).toBeUndefined()
  expect(builder.trade(at(90, 12, 1))).toBeUndefined()
  expect(builder.trade(at(119, 9, 1))).toBeUndefined()
  const closed = builder.trade(at(240, 11))
  expect(closed).toEqual({
    schema: 1,
    timeframe: '1m',
    openTimeUs: MINUTE_US,
    closeTimeUs: 2 * MINUTE_US,
    open: 10,
    high: 12,
    low: 9,
    close: 9,
    volume: 4,
    quoteVolume: 41,
    trades: 3,
    receiveTimeUs: 240_000_005,
  })
  expect(candleSchema.safeParse(closed).success).toBe(true)
  expect(builder.forming?.openTimeUs).toBe(4 * MINUTE_US)
})

test('a clock that has reached the end closes the bar, one before it does not', () => {
  const builder = new CandleBuilder('1m')
  builder.trade(at(61))
  expect(builder.advance(2 * MINUTE_US - 1, 7)).toBeUndefined()
  expect(builder.advance(2 * MINUTE_US, 7)).toMatchObject({ openTimeUs: MINUTE_US, receiveTimeUs: 7 })
  expect(builder.advance(9 * MINUTE_US, 8)).toBeUndefined()
  expect(builder.forming).toBeUndefined()
})

test('a trade of a closed bar is counted and never opens it again', () => {
  const builder = new CandleBuilder('1m')
  builder.trade(at(61))
  builder.advance(2 * MINUTE_US, 7)
  expect(builder.trade(at(119))).toBeUndefined()
  expect(builder.forming).toBeUndefined()
  expect(builder.late).toBe(1)
  builder.trade(at(300))
  builder.trade(at(130))
  expect(builder.late).toBe(2)
  expect(builder.forming).toMatchObject({ openTimeUs: 5 * MINUTE_US, trades: 1 })
})

test('a trade out of order inside the forming bar counts', () => {
  const builder = new CandleBuilder('1m')
  builder.trade(at(70, 10))
  builder.trade(at(65, 20))
  expect(builder.forming).toMatchObject({ high: 20, close: 20, trades: 2 })
})

test('a set tells closed bars shortest timeframe first', () => {
  const set = new CandleSet(['1h', '1s', '1m'])
  set.trade(at(1))
  expect(set.trade(at(3_600)).map((candle) => candle.timeframe)).toEqual(['1s', '1m', '1h'])
  expect(set.late).toEqual({ '1s': 0, '1m': 0, '1h': 0 })
})

const tradesArbitrary = fc
  .array(fc.record({ step: fc.integer({ min: -30, max: 90 }), price: fc.integer({ min: 1, max: 50 }) }), {
    maxLength: 60,
  })
  .map((steps) => {
    let seconds = 1_000
    return steps.map(({ step, price }) => at((seconds = Math.max(0, seconds + step)), price))
  })

test('a restored set goes on as if nothing had been', () => {
  fc.assert(
    fc.property(tradesArbitrary, fc.nat(60), (trades, cut) => {
      const whole = new CandleSet(['1s', '1m', '5m'])
      const expected = trades.map((trade) => whole.trade(trade))
      const first = new CandleSet(['1s', '1m', '5m'])
      const told = trades.slice(0, cut).map((trade) => first.trade(trade))
      const second = new CandleSet(['1s', '1m', '5m'])
      second.restore(JSON.parse(JSON.stringify(first.snapshot())))
      told.push(...trades.slice(cut).map((trade) => second.trade(trade)))
      expect(told).toEqual(expected)
      expect(second.late).toEqual(whole.late)
    }),
  )
})

const XRP = 'ticks/freqtrade_XRP_ETH-trades.json.gz'

test.skipIf(!hasShared(XRP))(`${XRP}: 2,469 one-minute and 706 five-minute bars, each equal to its trades`, () => {
  const rows = JSON.parse(readShared(XRP)) as [number, string, null, string, number, number, number][]
  expect(rows.length).toBe(12_477)
  const trades = rows.map(([timeMs, , , , price, quantity]) => at(timeMs / 1000, price, quantity))
  const set = new CandleSet(['1m', '5m'])
  const bars: Candle[] = []
  for (const trade of trades) bars.push(...set.trade(trade))
  bars.push(...set.advance(Infinity, 0))
  expect(set.late).toEqual({ '1m': 0, '5m': 0 })
  for (const [timeframe, count] of [
    ['1m', 2_469],
    ['5m', 706],
  ] as const) {
    const own = bars.filter((bar) => bar.timeframe === timeframe)
    expect(own.length).toBe(count)
    expect(own).toEqual(barsByHand(trades, timeframe).map((bar) => expect.objectContaining(bar)))
  }
})

/** The same by grouping, without any state. */
function barsByHand(trades: CandleTrade[], timeframe: Timeframe) {
  const groups = Map.groupBy(trades, (trade) => Math.floor(trade.venueTimeUs / TIMEFRAME_US[timeframe]))
  return [...groups].map(([bucket, inside]) => ({
    openTimeUs: bucket * TIMEFRAME_US[timeframe],
    open: inside[0]!.price,
    high: Math.max(...inside.map((trade) => trade.price)),
    low: Math.min(...inside.map((trade) => trade.price)),
    close: inside.at(-1)!.price,
    volume: inside.reduce((sum, trade) => sum + trade.quantity, 0),
    quoteVolume: inside.reduce((sum, trade) => sum + trade.price * trade.quantity, 0),
    trades: inside.length,
  }))
}
