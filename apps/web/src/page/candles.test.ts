import { expect, test } from 'vitest'
import type { CandleView, TickGroup } from '@contrail/contracts'
import { BARS_MAX, CandleBook } from './candles.ts'

const MINUTE = 60_000_000
const bar = (minute: number, open: number, change: Partial<CandleView> = {}): CandleView =>
  ({
    openTimeUs: minute * MINUTE,
    open,
    high: open,
    low: open,
    close: open,
    volume: 1,
    trades: 1,
    ...change,
  }) as CandleView
const tick = (atUs: number, price: number, change: Partial<TickGroup> = {}): TickGroup => ({
  venue: 'sim',
  instrument: 'BTC-USDT',
  side: 'buy',
  price,
  open: price,
  high: price,
  low: price,
  volume: 0.5,
  trades: 1,
  atUs,
  receivedUs: atUs,
  ...change,
})

test('trades grow the bar they fall into', () => {
  const book = new CandleBook(MINUTE)
  book.load([bar(0, 10)])
  book.tick(tick(MINUTE + 5, 12))
  book.tick(tick(MINUTE + 9, 11, { high: 15, low: 9, open: 12, volume: 2, trades: 3 }))
  expect(book.last).toEqual(bar(1, 12, { high: 15, low: 9, close: 11, volume: 2.5, trades: 4 }))
  expect(book.bars).toHaveLength(2)
})

test('a closed bar replaces what was built here, also after the next has begun', () => {
  const book = new CandleBook(MINUTE)
  book.tick(tick(5, 12))
  book.tick(tick(MINUTE + 5, 13))
  book.close(bar(0, 12, { high: 20, volume: 7 }))
  expect(book.bars.map(({ high, volume }) => [high, volume])).toEqual([
    [20, 7],
    [13, 0.5],
  ])
})

test('a trade of a bar that is over changes nothing', () => {
  const book = new CandleBook(MINUTE)
  book.load([bar(3, 10)])
  expect(book.tick(tick(MINUTE, 99))).toBeUndefined()
  expect(book.bars).toEqual([bar(3, 10)])
})

test('a bar that was missed is put in its place', () => {
  const book = new CandleBook(MINUTE)
  book.load([bar(0, 1), bar(2, 3)])
  book.close(bar(1, 2))
  expect(book.bars.map(({ open }) => open)).toEqual([1, 2, 3])
})

test('what has happened inside the forming bar is taken from shorter ones', () => {
  const book = new CandleBook(5 * MINUTE)
  book.load([bar(0, 10)])
  book.seed([bar(5, 11, { high: 14, close: 12 }), bar(6, 12, { low: 8, close: 9 })])
  expect(book.last).toMatchObject({
    openTimeUs: 5 * MINUTE,
    open: 11,
    high: 14,
    low: 8,
    close: 9,
    volume: 2,
    trades: 2,
  })
})

test('a new answer of the server keeps what came meanwhile', () => {
  const book = new CandleBook(MINUTE)
  book.tick(tick(2 * MINUTE, 30))
  book.load([bar(0, 10), bar(1, 20)])
  expect(book.bars.map(({ close }) => close)).toEqual([10, 20, 30])
})

test('the oldest bars fall out', () => {
  const book = new CandleBook(MINUTE)
  for (let minute = 0; minute <= BARS_MAX; minute++) book.tick(tick(minute * MINUTE, minute + 1))
  expect(book.bars).toHaveLength(BARS_MAX)
  expect(book.bars[0]?.open).toBe(2)
})
