import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openStore, verifyStore } from '@contrail/data'
import type { DataStore } from '@contrail/data'
import { manualClock } from '@contrail/runtime'
import type { CandleColumns, TickColumns } from '@contrail/trading'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BinanceStandIn } from '../testing/binance-stand-in.ts'
import { downloadMarket } from './download.ts'
import type { DownloadOptions } from './download.ts'
import { loadHistoryClient } from './exchange.ts'
import type { HistoryClient } from './exchange.ts'

const START_MS = 1_700_000_040_000
const MINUTE_MS = 60_000
let venue: BinanceStandIn
let store: DataStore
let client: HistoryClient

beforeEach(async () => {
  venue = new BinanceStandIn()
  await venue.start()
  store = openStore(mkdtempSync(path.join(os.tmpdir(), 'contrail-download-')))
  // The unmodified ccxt client, pointed at loopback by its own settings; the pace of the real exchange is not waited for.
  client = await loadHistoryClient('binance')
  const settings = client as unknown as {
    urls: { api: Record<string, unknown> }
    options: Record<string, unknown>
    rateLimit: number
  }
  const http = `http://127.0.0.1:${venue.port}/api/v3`
  Object.assign(settings.urls.api, { public: http, private: http })
  Object.assign(settings.options, { fetchMarkets: { types: ['spot'] } })
  settings.rateLimit = 1
})
afterEach(async () => {
  await venue.stop()
  rmSync(store.directory, { recursive: true })
})

function bars(rows: number): void {
  for (let i = 0; i < rows; i++) {
    const openMs = START_MS + i * MINUTE_MS
    venue.bars.push([openMs, '100.00', '103.00', '99.00', (100 + (i % 3)).toFixed(2), '7.5', openMs + MINUTE_MS - 1])
  }
}
/** Its time moves on by itself, so that a pause between two attempts costs none. */
function eagerClock(nowMs: number): DownloadOptions['clock'] {
  const clock = manualClock(nowMs * 1000)
  return {
    ...clock,
    setTimer: (ms, fire) => {
      const timer = clock.setTimer(ms, fire)
      queueMicrotask(() => clock.advanceMs(ms))
      return timer
    },
  }
}
const candles = (rows: number): Omit<DownloadOptions, 'client' | 'store'> => ({
  exchange: 'binance',
  instrument: 'BTC-USDT',
  kind: 'candles',
  timeframe: '1m',
  fromUs: START_MS * 1000,
  toUs: (START_MS + rows * MINUTE_MS) * 1000,
  clock: eagerClock(START_MS + rows * MINUTE_MS),
})
const query = { venue: 'binance', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1m' } as const

test('bars come page by page into the store, and again only what is missing', async () => {
  bars(2500)
  const parts: number[] = []
  const first = await downloadMarket({ client, store, ...candles(2500), onProgress: (_, part) => parts.push(part) })
  expect(first).toMatchObject({ requests: 3, rows: 2500, added: 2500 })
  expect(parts.at(-1)).toBe(1)
  expect(parts).toEqual(parts.toSorted((a, b) => a - b))
  const read = (await store.read(query)) as CandleColumns
  expect([read.rows, read.openTimeUs[0], read.close[1], read.volume[0]]).toEqual([2500, START_MS * 1000, 101, 7.5])
  expect(await downloadMarket({ client, store, ...candles(2500) })).toMatchObject({ requests: 0, rows: 0, missing: [] })
})

test('a download that was cut off keeps what came and goes on there', async () => {
  bars(2500)
  // The list of markets and two pages.
  venue.answersLeft = 3
  await expect(downloadMarket({ client, store, ...candles(2500) })).rejects.toMatchObject({
    code: 'unavailable',
    mend: expect.stringContaining('goes on'),
  })
  expect((await store.read(query)).rows).toBe(2000)
  venue.answersLeft = Number.POSITIVE_INFINITY
  venue.down = false
  expect(await downloadMarket({ client, store, ...candles(2500) })).toMatchObject({ requests: 1, added: 500 })
  expect(await verifyStore(store)).toMatchObject([{ rows: 2500, gaps: { count: 0 }, damaged: [] }])
})

test('a hole in the middle is filled and nothing else asked for; a bar that is not over is left out', async () => {
  bars(300)
  venue.bars.splice(100, 50)
  await downloadMarket({ client, store, ...candles(300) })
  expect((await verifyStore(store))[0]).toMatchObject({ rows: 250, gaps: { count: 1, missing: 50 } })
  venue.bars.length = 0
  bars(301)
  const late = { ...candles(301), clock: eagerClock(START_MS + 300 * MINUTE_MS + 30_000) }
  expect(await downloadMarket({ client, store, ...late })).toMatchObject({ requests: 2, added: 50 })
  expect((await verifyStore(store))[0]).toMatchObject({ rows: 300, gaps: { count: 0 } })
})

test('trades come by id, more than a page in one millisecond too, and go on after the last', async () => {
  const at = (id: number) =>
    venue.trades.push({ a: id, p: '100.00', q: '0.5', T: START_MS + Math.floor(id / 1500), m: id % 2 === 0 })
  for (let id = 1; id <= 3200; id++) at(id)
  const options = { ...candles(1), kind: 'ticks' as const, timeframe: undefined }
  expect(await downloadMarket({ client, store, ...options })).toMatchObject({ rows: 3200, added: 3200 })
  for (let id = 3201; id <= 3300; id++) at(id)
  expect(await downloadMarket({ client, store, ...options })).toMatchObject({ added: 100 })
  const ticks = (await store.read({ ...query, kind: 'ticks', timeframe: undefined })) as TickColumns
  expect([ticks.rows, ticks.tradeId[0], ticks.tradeId[3299], ticks.side[0], ticks.side[1]]).toEqual([
    3300, 1, 3300, 1, -1,
  ])
})

test('what the exchange does not have is one refusal', async () => {
  await expect(loadHistoryClient('../x')).rejects.toMatchObject({ code: 'no_venue' })
  const other = { ...candles(1), instrument: 'NOPE-USDT' }
  await expect(downloadMarket({ client, store, ...other })).rejects.toMatchObject({ code: 'unknown_instrument' })
  const odd = { ...candles(1), timeframe: undefined }
  await expect(downloadMarket({ client, store, ...odd })).rejects.toMatchObject({ code: 'missing', field: 'timeframe' })
})
