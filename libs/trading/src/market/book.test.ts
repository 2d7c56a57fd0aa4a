import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasShared, readShared } from '../testing/shared-data.ts'
import { OrderBook } from './book.ts'
import type { Level } from './book.ts'
import { TickFilter } from './filter.ts'

const diff = (first: number, last: number, bids: Level[] = [], asks: Level[] = []) => ({
  firstUpdateId: first,
  lastUpdateId: last,
  bids,
  asks,
})
const snapshot = (updateId: number) => ({ updateId, bids: [[99, 1]] as Level[], asks: [[101, 1]] as Level[] })

test('diffs before the snapshot are dropped, those after it applied', () => {
  const book = new OrderBook()
  expect(book.applyDiff(diff(1, 5, [[50, 9]]))).toBe('buffered')
  expect(
    book.applyDiff(
      diff(
        6,
        12,
        [[100, 2]],
        [
          [101, 0],
          [102, 3],
        ],
      ),
    ),
  ).toBe('buffered')
  expect(book.top(5)).toEqual({ bids: [], asks: [] })
  expect(book.applySnapshot(snapshot(10))).toBe('live')
  expect(book.top(5)).toEqual({
    bids: [
      [100, 2],
      [99, 1],
    ],
    asks: [[102, 3]],
  })
  expect(book.updateId).toBe(12)
  expect(book.applyDiff(diff(11, 12))).toBe('old')
})

test('a missing diff is a gap; the book is silent until a snapshot covers it', () => {
  const book = new OrderBook()
  book.applySnapshot(snapshot(10))
  expect(book.applyDiff(diff(12, 13, [[98, 1]]))).toBe('gap')
  expect(book.state).toBe('waiting')
  expect(book.bestBid).toBeUndefined()
  expect(book.applySnapshot(snapshot(5))).toBe('waiting')
  expect(book.applySnapshot(snapshot(12))).toBe('live')
  expect(book.top(2).bids).toEqual([
    [99, 1],
    [98, 1],
  ])
  expect(book.gaps).toBe(2)
})

test('a book equals a plain map of levels after any changes', () => {
  const change = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 }))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const book = new OrderBook()
      book.applySnapshot({ updateId: 0, bids: [], asks: [] })
      const naive = new Map<number, number>()
      changes.forEach(([price, quantity], i) => {
        book.applyDiff(diff(i + 1, i + 1, [[price, quantity]], [[price, quantity]]))
        if (quantity === 0) naive.delete(price)
        else naive.set(price, quantity)
      })
      const sorted = [...naive].sort((a, b) => a[0] - b[0])
      expect(book.top(100)).toEqual({ bids: sorted.toReversed(), asks: sorted })
    }),
  )
})

const BTC = 'ticks/binance_spot_btcusdt_20240808_raw.gz'
type Raw = {
  lastUpdateId?: number
  bids?: string[][]
  asks?: string[][]
  stream?: string
  data?: {
    U: number
    u: number
    b: string[][]
    a: string[][]
    B: string
    A: string
    t: number
    p: string
    q: string
    T: number
  }
}
const levels = (rows: string[][]): Level[] =>
  rows.map(([price, quantity]) => [Number(price), Number(quantity)] as const)

test.skipIf(!hasShared(BTC))(`${BTC}: the rebuilt book equals bookTicker at 564 of 564 points`, () => {
  const book = new OrderBook()
  const filter = new TickFilter({ sequentialIds: true })
  const tickers = new Map<number, string>()
  const tops = new Map<number, string>()
  for (const line of readShared(BTC).trim().split('\n')) {
    const raw = JSON.parse(line.slice(line.indexOf(' ') + 1)) as Raw
    if (raw.lastUpdateId !== undefined)
      book.applySnapshot({ updateId: raw.lastUpdateId, bids: levels(raw.bids!), asks: levels(raw.asks!) })
    const data = raw.data
    if (raw.stream?.endsWith('@bookTicker') && data)
      tickers.set(data.u, [data.b, data.B, data.a, data.A].map(Number).join())
    if (raw.stream?.endsWith('@trade') && data)
      filter.check({
        tradeId: String(data.t),
        price: Number(data.p),
        quantity: Number(data.q),
        venueTimeUs: data.T * 1000,
      })
    if (!raw.stream?.includes('@depth') || !data) continue
    book.applyDiff({ firstUpdateId: data.U, lastUpdateId: data.u, bids: levels(data.b), asks: levels(data.a) })
    if (book.state === 'live') tops.set(book.updateId, [...book.bestBid!, ...book.bestAsk!].join())
  }
  const comparable = [...tops].filter(([updateId]) => tickers.has(updateId))
  const equal = comparable.filter(([updateId, top]) => tickers.get(updateId) === top)
  expect([equal.length, comparable.length]).toEqual([564, 564])
  expect(book.gaps).toBe(0)
  expect([filter.accepted, filter.refused, filter.missing]).toEqual([9_757, {}, 0])
})
