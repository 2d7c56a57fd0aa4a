import type { Book, Candle, FeedStatus, Quote, Tick } from '@contrail/contracts'
import { expect, test } from 'vitest'
import type { RawEvent } from '../source/port.ts'
import { InstrumentFeed } from './instrument-feed.ts'
import type { FeedOptions } from './instrument-feed.ts'

const SECOND = 1_000_000
const START = 1_700_000_000 * SECOND

function feedWith(options: Partial<FeedOptions> = {}) {
  const said = {
    ticks: [] as Tick[],
    quotes: [] as Quote[],
    books: [] as Book[],
    candles: [] as Candle[],
    statuses: [] as FeedStatus[],
  }
  const feed = new InstrumentFeed(
    { quotesPerSecond: 0, booksPerSecond: 0, bookLevels: 2, staleUs: 0, graceUs: 0, sequentialIds: true, ...options },
    {
      tick: (tick) => said.ticks.push(tick),
      quote: (quote) => said.quotes.push(quote),
      book: (book) => said.books.push(book),
      candle: (candle) => said.candles.push(candle),
      status: (status) => said.statuses.push(status),
    },
  )
  return { feed, said }
}
let id = 0
const trade = (atUs: number, price = 100, tradeId = String(++id)): RawEvent => ({
  kind: 'trade',
  instrument: 'BTC-USDT',
  venueTimeUs: atUs,
  tradeId,
  side: 'buy',
  price,
  quantity: 1,
})
const quote = (atUs: number, bid: number, ask: number): RawEvent => ({
  kind: 'quote',
  instrument: 'BTC-USDT',
  venueTimeUs: atUs,
  bid,
  bidQuantity: 1,
  ask,
  askQuantity: 1,
})

test('bad trades and quotes are never told, and the status says how many of each', () => {
  const { feed, said } = feedWith()
  const good = trade(START)
  const bad = [
    trade(START, 0),
    trade(START, -5),
    trade(START, Number.NaN),
    trade(START, Number.POSITIVE_INFINITY),
    trade(START, 1e11),
    { ...good },
    quote(START, 101, 100),
    quote(START, 0, 100),
    quote(START, Number.NaN, 100),
  ]
  for (const event of [good, ...bad]) feed.handle(event, START)
  feed.advance(START + SECOND)
  expect(said.ticks.map((tick) => tick.price)).toEqual([100])
  expect(said.quotes).toEqual([])
  expect(said.statuses.at(-1)).toMatchObject({
    status: 'live',
    refused: { price_not_positive: 3, not_a_number: 3, price_absurd: 1, duplicate_trade: 1, crossed_quote: 1 },
  })
})

test('quotes beyond the rate wait for their time and the newest goes; an unchanged one is not told again', () => {
  const { feed, said } = feedWith({ quotesPerSecond: 2 })
  for (let i = 0; i < 5; i++) feed.handle(quote(START + i, 100 + i, 110), START + i)
  expect(said.quotes.map((each) => each.bid)).toEqual([100])
  feed.advance(START + SECOND)
  expect(said.quotes.map((each) => each.bid)).toEqual([100, 104])
  expect(said.quotes[1]).toMatchObject({ venueTimeUs: START + 4, receiveTimeUs: START + SECOND })
  feed.handle(quote(START + 2 * SECOND, 104, 110), START + 2 * SECOND)
  expect(said.quotes).toHaveLength(2)
})

test('the clock ends the bars of a silent instrument, each once', () => {
  const { feed, said } = feedWith()
  feed.handle(trade(START + 100, 100), START + 100)
  feed.handle(trade(START + 200, 103), START + 200)
  feed.advance(START + SECOND)
  feed.advance(START + 2 * SECOND)
  expect(said.candles).toHaveLength(1)
  expect(said.candles[0]).toMatchObject({
    timeframe: '1s',
    open: 100,
    close: 103,
    trades: 2,
    receiveTimeUs: START + SECOND,
  })
  feed.end('over', START + 3 * SECOND)
  expect(said.candles.map((candle) => candle.timeframe)).toEqual(['1s', '1m', '5m', '15m', '1h', '4h', '1d'])
})

test('a venue whose clock is behind ours still gets its trades into their bar', () => {
  const behind = 700_000
  const { feed, said } = feedWith()
  feed.handle(trade(START + 100), START + 100 + behind)
  feed.advance(START + SECOND)
  expect(said.candles).toEqual([])
  feed.handle(trade(START + SECOND - 1), START + SECOND - 1 + behind)
  feed.advance(START + 2 * SECOND)
  expect(said.candles[0]).toMatchObject({ openTimeUs: START, trades: 2 })
  expect(feed.lateTrades).toBe(0)
})

test('silence is stale, the next message is live again; missing ids are a gap', () => {
  const { feed, said } = feedWith({ staleUs: 5 * SECOND })
  feed.handle(trade(START, 100, '501'), START)
  feed.advance(START + 5 * SECOND)
  feed.advance(START + 6 * SECOND)
  feed.advance(START + 7 * SECOND)
  feed.handle(trade(START + 8 * SECOND, 100, '502'), START + 8 * SECOND)
  feed.handle(trade(START + 9 * SECOND, 100, '505'), START + 9 * SECOND)
  feed.handle(trade(START + 9 * SECOND, 100, '506'), START + 9 * SECOND)
  expect(said.statuses.map((each) => each.status)).toEqual(['live', 'stale', 'live', 'gap', 'live'])
  expect(said.statuses[3]!.detail).toBe('2 trades are missing before 505')
})

test('the book is told from snapshot and diffs; a hole in the diffs is a gap and silences it', () => {
  const { feed, said } = feedWith()
  const base = { instrument: 'BTC-USDT', venueTimeUs: START }
  feed.handle(
    {
      kind: 'snapshot',
      ...base,
      updateId: 10,
      bids: [
        [99, 1],
        [98, 1],
      ],
      asks: [[101, 1]],
    },
    START,
  )
  feed.handle({ kind: 'diff', ...base, firstUpdateId: 11, lastUpdateId: 12, bids: [[99, 0]], asks: [[100, 2]] }, START)
  feed.handle({ kind: 'diff', ...base, firstUpdateId: 20, lastUpdateId: 21, bids: [[97, 1]], asks: [] }, START)
  expect(said.books.map(({ updateId, bids, asks }) => ({ updateId, bids, asks }))).toEqual([
    {
      updateId: 10,
      bids: [
        [99, 1],
        [98, 1],
      ],
      asks: [[101, 1]],
    },
    {
      updateId: 12,
      bids: [[98, 1]],
      asks: [
        [100, 2],
        [101, 1],
      ],
    },
  ])
  expect(said.statuses.at(-1)).toMatchObject({ status: 'gap', detail: 'the book misses updates before 20' })
  feed.handle({ kind: 'snapshot', ...base, updateId: 30, bids: [[103, 1]], asks: [[101, 1]] }, START)
  expect(said.books).toHaveLength(2)
  expect(feed.refused.counts()).toEqual({ crossed_book: 1 })
})

test('bars that a former life had begun go on', () => {
  const first = feedWith()
  const minute = START - (START % (60 * SECOND))
  const at = minute + 10 * SECOND
  first.feed.handle(trade(at, 100), at)
  const bar: Candle = {
    schema: 1,
    timeframe: '1m',
    openTimeUs: minute as never,
    closeTimeUs: (minute + 60 * SECOND) as never,
    open: 90,
    high: 120,
    low: 80,
    close: 95,
    volume: 7,
    quoteVolume: 700,
    trades: 7,
    receiveTimeUs: at as never,
  }
  const { feed, said } = feedWith()
  feed.restoreBars([bar])
  feed.handle(trade(at, 100), at)
  feed.advance(minute + 60 * SECOND)
  const found = said.candles.find((candle) => candle.timeframe === '1m')
  expect(found).toMatchObject({ open: 90, high: 120, low: 80, close: 100, volume: 8, quoteVolume: 800, trades: 8 })
})
