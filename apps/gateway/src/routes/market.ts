import { z } from 'zod'
import { candleQuery, candleView, instrumentSchema, venueField, statusView } from '@contrail/contracts'
import * as example from './examples.ts'
import { listOf, page, route } from './kit.ts'

const timeView = z.object({ nowUs: z.number().int(), iso: z.string() })

const feedView = z.object({
  venue: venueField,
  instrument: z.string(),
  status: z.string(),
  detail: z.string(),
  refused: z.record(z.string(), z.number().int()),
  ticks: z.number().int(),
  lateTrades: z.number().int(),
  lastPrice: z.number().nullable(),
  receiveTimeUs: z.number().int(),
})

export const marketRoutes = [
  route({
    method: 'get',
    path: '/v1/status',
    operation: 'getStatus',
    tag: 'platform',
    summary: 'Is everything well? The bus, each service with its reasons, and what is halted.',
    service: 'gateway',
    answer: statusView,
    example: {
      version: '0.1.0',
      nowUs: example.NOW_US,
      bus: 'connected',
      services: [{ name: 'orders', ready: true, state: 'ready', reasons: [] }],
      halts: [],
      tradingState: 'active',
    },
    handle: (_, { status }) => status(),
  }),
  route({
    method: 'get',
    path: '/v1/time',
    operation: 'getTime',
    tag: 'platform',
    summary: 'The server clock, to measure the skew of yours.',
    service: 'gateway',
    answer: timeView,
    example: { nowUs: example.NOW_US, iso: '2026-01-01T00:00:00.000Z' },
    handle: async (_, { clock }) => {
      const nowUs = clock.nowUs()
      return { nowUs, iso: new Date(nowUs / 1000).toISOString() } // tidy-ok: a given instant, not the clock
    },
  }),
  route({
    method: 'get',
    path: '/v1/instruments',
    operation: 'listInstruments',
    tag: 'market',
    summary: 'What can be traded, and in which steps.',
    service: 'ingest',
    query: z.strictObject({ venue: venueField.optional(), ...page, limit: page.limit.default(500) }),
    answer: listOf(instrumentSchema),
    example: { items: [example.instrument] },
    etag: true,
    handle: ({ query }, { upstream }) => upstream.call('ingest', '/instruments', { query }),
  }),
  route({
    method: 'get',
    path: '/v1/candles',
    operation: 'listCandles',
    tag: 'market',
    summary: 'Bars, oldest first; without fromUs the newest ones.',
    service: 'ingest',
    query: candleQuery,
    answer: listOf(candleView),
    example: { items: [example.candle] },
    etag: true,
    handle: ({ query }, { upstream }) => upstream.call('ingest', '/candles', { query }),
  }),
  route({
    method: 'get',
    path: '/v1/feeds',
    operation: 'listFeeds',
    tag: 'market',
    summary: 'State of each market data feed: live, stale, gap, and what was refused.',
    service: 'ingest',
    answer: listOf(feedView),
    example: { items: [example.feed] },
    handle: (_, { upstream }) => upstream.call('ingest', '/feeds'),
  }),
]
