import { createLogger, systemClock } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BinanceStandIn } from '../../testing/binance-stand-in.ts'
import type { RawEvent, Source } from '../port.ts'
import { loadClient } from './client.ts'
import type { LiveClient } from './client.ts'
import { createLiveSource } from './source.ts'

let venue: BinanceStandIn
let events: RawEvent[]
let source: Source
const log = createLogger({ name: 'live-test', level: 'silent' })

beforeEach(async () => {
  venue = new BinanceStandIn()
  await venue.start()
  events = []
})
afterEach(async () => {
  await source.stop()
  await venue.stop()
})

/** The unmodified ccxt client, pointed at loopback by its own settings. */
async function begin(silenceMs: number): Promise<void> {
  const client = await loadClient('binance')
  const settings = client as unknown as {
    urls: { api: Record<string, unknown> }
    options: Record<string, unknown>
    loadHttpProxyAgent(): Promise<unknown>
  }
  await settings.loadHttpProxyAgent() // what ccxt wants before it opens ws:// instead of wss://
  const http = `http://127.0.0.1:${venue.port}/api/v3`
  Object.assign(settings.urls.api, {
    public: http,
    private: http,
    ws: { spot: `ws://127.0.0.1:${venue.port}/stream/ws` },
  })
  Object.assign(settings.options, { fetchMarkets: { types: ['spot'] } })
  const options = { venue: 'binance' as const, instruments: ['BTC-USDT'], clock: systemClock, log, pollMs: 500 }
  source = createLiveSource({ ...options, silenceMs, client })
  expect(await source.instruments()).toMatchObject([
    { instrument: 'BTC-USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.00001', minNotional: '5' },
  ])
  await source.start({ event: (event) => void events.push(event), bad: () => undefined })
  await until('subscribed', () => venue.subscribers > 0)
}
const ids = () => events.flatMap((event) => (event.kind === 'trade' ? [Number(event.tradeId)] : []))
const statuses = () => events.flatMap((event) => (event.kind === 'status' ? [event.status] : []))
async function tradeUntilHeard(id: number): Promise<void> {
  venue.trade(id, 100 + id / 100)
  await until(`trade ${id}`, () => ids().includes(id))
}

test('trades, quotes and books come by stream', async () => {
  await begin(60_000)
  await tradeUntilHeard(1)
  await tradeUntilHeard(2)
  expect(events.find((event) => event.kind === 'trade')).toMatchObject({
    instrument: 'BTC-USDT',
    side: 'buy',
    price: 100.01,
    quantity: 0.5,
    venueTimeUs: 1_700_000_000_001_000,
  })
  await until('a book', () => events.some((event) => event.kind === 'snapshot'))
  expect(events.find((event) => event.kind === 'quote')).toMatchObject({ bid: 99, ask: 101, askQuantity: 2 })
  venue.depth('100.00', '100.50')
  await until('the next quote', () => events.some((event) => event.kind === 'quote' && event.bid === 100))
})

test('what happened while the stream was cut is fetched, in order and once', async () => {
  await begin(60_000)
  for (let id = 1; id <= 5; id++) await tradeUntilHeard(id)
  venue.down = true
  venue.cut()
  for (let id = 6; id <= 40; id++) venue.trade(id, 100)
  await until('it is noticed', () => venue.subscribers > 0 || venue.asked.length > 3)
  venue.down = false
  await until('the hole is closed', () => ids().length >= 40)
  await until('it says so', () => statuses().includes('reconnected'))
  await tradeUntilHeard(41)
  expect(ids()).toEqual(Array.from({ length: 41 }, (_, i) => i + 1))
  expect(statuses()).not.toContain('gap')
})

test('a stream that is silent without closing is found out by REST', async () => {
  await begin(300)
  await tradeUntilHeard(1)
  for (let id = 2; id <= 10; id++) venue.trade(id, 100, false)
  await until('the missed trades', () => ids().length >= 10)
  expect(ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await until('it says so', () => statuses().join(' ') === 'gap reconnected')
})

test('an instrument that the venue does not list is refused by name, and so is none at all', async () => {
  await begin(60_000)
  const options = { venue: 'binance' as const, clock: systemClock, log, silenceMs: 1000, pollMs: 500 }
  const client = { markets: {}, loadMarkets: async () => ({}), close: async () => ({}) } as unknown as LiveClient
  const unknown = createLiveSource({ ...options, instruments: ['XYZ-USDT'], client })
  await expect(unknown.instruments()).rejects.toMatchObject({ code: 'unknown_instrument', value: '"XYZ-USDT"' })
  expect(() => createLiveSource({ ...options, instruments: [] })).toThrow(/no_instrument/)
})

test.each(['bybit', 'kraken', 'delta'] as const)('the client of %s loads by its own file', async (name) => {
  await begin(60_000)
  const client = await loadClient(name)
  const wanted = name === 'delta' ? 'fetchTrades' : 'watchTrades'
  expect(client.has[wanted]).toBe(true)
})
