import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { candleView, decodeTick, instrumentSchema } from '@contrail/contracts'
import { ConfigError, internalClient, loadConfig } from '@contrail/runtime'
import type { InternalClient } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from './config.ts'
import { start } from './start.ts'
import type { Ingest } from './start.ts'
import { startTestPlatform, testConfig } from './testing/platform.ts'
import type { TestPlatform } from './testing/platform.ts'

const TOKEN = 'internal-token-of-a-test'
const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-ingest-'))
afterAll(() => rmSync(folder, { recursive: true }))

let platform: TestPlatform
let running: Ingest[]
beforeEach(async () => {
  platform = await startTestPlatform()
  running = []
})
afterEach(async () => {
  for (const ingest of running) await ingest.stop()
  await platform.stop()
})

async function ingest(config: Parameters<typeof testConfig>[0]): Promise<{ ingest: Ingest; client: InternalClient }> {
  const started = await start(testConfig({ internalToken: TOKEN, ...config }), platform.context)
  running.push(started)
  return { ingest: started, client: internalClient(started.url, TOKEN) }
}
async function stop(started: Ingest): Promise<void> {
  await started.stop()
  running = running.filter((each) => each !== started)
}
const listOf = <T>(schema: z.ZodType<T>) => z.object({ items: z.array(schema) })
const feedView = z.looseObject({ instrument: z.string(), status: z.string(), ticks: z.number(), lastPrice: z.number() })
const BTC = 'venue=sim&instrument=BTC-USDT'

test('the synthetic market is on the bus, in the archive and behind the door within seconds', async () => {
  const { client } = await ingest({ marketDbUrl: platform.marketDbUrl, ingestSeed: 5, ingestRatePerSecond: 20 })
  const { items: instruments } = await client.get('/instruments', listOf(instrumentSchema))
  expect(instruments.map((each) => each.instrument).sort()).toEqual([
    'ADA-USDT',
    'BTC-USDT',
    'ETH-USDT',
    'SOL-USDT',
    'XRP-USDT',
  ])
  const bars = async () => (await client.get(`/candles?${BTC}&timeframe=1s`, listOf(candleView))).items
  await until('three bars', async () => (await bars()).length >= 3)
  const times = (await bars()).map((bar) => bar.openTimeUs as number)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  const last = (await client.get(`/candles?${BTC}&timeframe=1s&limit=1`, listOf(candleView))).items
  expect(last).toHaveLength(1)
  await until('five live feeds', async () => {
    const { items: feeds } = await client.get('/feeds', listOf(feedView))
    return feeds.length === 5 && feeds.every((feed) => feed.status === 'live' && feed.ticks > 0)
  })
  expect((await client.get<{ items: unknown[] }>(`/ticks?${BTC}&limit=5`)).items).toHaveLength(5)

  const kinds = ['md.ticks.sim.', 'md.quotes.sim.', 'md.book.sim.', 'md.candles.sim.', 'md.status.sim.', 'md.clock']
  const missing = async () => {
    const subjects = (await platform.onMd()).map(({ subject }) => subject)
    return kinds.filter((kind) => !subjects.some((subject) => subject.startsWith(kind)))
  }
  await until('every kind of message', async () => (await missing()).length === 0)
  const messages = await platform.onMd()
  let before = 0
  for (const { data } of messages.filter(({ subject }) => subject.startsWith('md.ticks.'))) {
    const { receiveTimeUs } = decodeTick(data)
    expect(receiveTimeUs).toBeGreaterThanOrEqual(before)
    before = receiveTimeUs
  }
})

test('a restart goes on from the last price, with growing trade ids and the bars it was in', async () => {
  const config = {
    marketDbUrl: platform.marketDbUrl,
    ingestRatePerSecond: 50,
    ingestInstruments: ['BTC-USDT' as never],
  }
  const first = await ingest({ ...config, ingestSeed: 1 })
  await until('some trades', async () => (await platform.onMd(['md.ticks.'])).length > 100)
  await stop(first.ingest)
  const before = (await platform.onMd(['md.ticks.'])).map(({ data }) => decodeTick(data))
  await ingest({ ...config, ingestSeed: 2 })
  await until('some more', async () => (await platform.onMd(['md.ticks.'])).length > before.length + 100)
  const all = (await platform.onMd(['md.ticks.'])).map(({ data }) => decodeTick(data))
  const [last, next] = [before.at(-1)!, all[before.length]!]
  expect(Math.abs(next.price / last.price - 1)).toBeLessThan(0.005)
  expect(Number(next.tradeId)).toBeGreaterThan(Number(last.tradeId))
  await platform.recorded()
  const [row] = await platform.databases.open('admin', 'market').sql<{ ticks: number }[]>`
    select count(*)::int as ticks from ticks`
  expect(row!.ticks).toBeGreaterThanOrEqual(all.length)
}, 120_000)

test('without a database it works from memory', async () => {
  const { client } = await ingest({ ingestRatePerSecond: 30 })
  await until('a bar', async () => {
    const { items } = await client.get(`/candles?${BTC}&timeframe=1s`, listOf(candleView))
    return items.length > 0
  })
})

test('the door refuses what it cannot answer, by field', async () => {
  const { client, ingest: started } = await ingest({})
  for (const [query, field] of [
    ['/candles?venue=sim&instrument=BTC-USDT&timeframe=2m', 'query.timeframe'],
    ['/candles?venue=sim&instrument=btc&timeframe=1m', 'query.instrument'],
    ['/candles?venue=sim&instrument=BTC-USDT&timeframe=1m&limit=0', 'query.limit'],
    ['/candles?venue=sim&instrument=BTC-USDT&timeframe=1m&fromUs=5&toUs=5', 'query.fromUs'],
    ['/ticks?venue=sim&instrument=BTC-USDT&limit=100000', 'query.limit'],
    ['/instruments?cursor=x', 'query.cursor'],
  ] as const)
    await expect(client.get(query)).rejects.toMatchObject({ field })
  const response = await fetch(`${started.url}/instruments`)
  expect(response.status).toBe(401)
})

test('a replay keeps the times of its file and ends; its feed says so; it is the same each time', async () => {
  const file = path.join(folder, 'replay.csv')
  const at = 1_600_000_000_000
  const rows = Array.from({ length: 400 }, (_, i) => `${at + i * 700},${i + 1},${100 + Math.sin(i / 9)},1`)
  writeFileSync(file, ['time,id,price,quantity', ...rows, `${at + 1},7,100,1`].join('\n'))
  const replay = { ingestSource: 'file' as const, ingestFiles: [file], ingestInstrument: 'AAA-USDT' as never }
  const first = await ingest({ ...replay, marketDbUrl: platform.marketDbUrl })
  await first.ingest.ended
  await platform.recorded()
  const { items: feeds } = await first.client.get('/feeds', listOf(feedView))
  expect(feeds).toMatchObject([{ status: 'ended', ticks: 400, refused: { duplicate_trade: 1 } }])
  const query = `venue=file&instrument=AAA-USDT&timeframe=1m`
  const { items } = await first.client.get(`/candles?${query}&fromUs=${at * 1000}&limit=2`, listOf(candleView))
  expect(items).toHaveLength(2)
  expect(items[0]!.openTimeUs).toBeGreaterThanOrEqual(at * 1000)
  const once = (await platform.onMd()).map(({ subject, data }) => `${subject} ${Buffer.from(data).toString('hex')}`)
  const second = await ingest(replay)
  await second.ingest.ended
  const twice = (await platform.onMd()).map(({ subject, data }) => `${subject} ${Buffer.from(data).toString('hex')}`)
  expect(twice.slice(once.length)).toEqual(once)
})

test('a paced replay takes its time, rings in silence and can be stopped', async () => {
  const file = path.join(folder, 'slow.csv')
  writeFileSync(file, 'time,price,quantity\n1600000000,100,1\n1600000100,101,1\n1700000000,102,1\n')
  const { ingest: started } = await ingest({
    ingestSource: 'file',
    ingestFiles: [file],
    ingestInstrument: 'AAA-USDT' as never,
    ingestSpeed: 200,
    ingestTimes: 'shift',
  })
  await until('the second trade', async () => (await platform.onMd(['md.ticks.'])).length === 2)
  expect((await platform.onMd(['md.clock'])).length).toBeGreaterThan(90)
  await stop(started)
  expect(await platform.onMd(['md.ticks.'])).toHaveLength(2)
})

test('configuration is refused by name, all errors at once', () => {
  const environment = {
    CONTRAIL_INGEST_SOURCE: 'file',
    CONTRAIL_INGEST_SPEED: 'warp',
    CONTRAIL_INGEST_RATE_PER_SECOND: '0',
    CONTRAIL_INGEST_FORMAT: 'parquet',
  }
  const failure = (() => {
    try {
      loadConfig(configSchema, environment)
    } catch (error) {
      return error
    }
    return undefined
  })()
  expect(failure).toBeInstanceOf(ConfigError)
  const text = String(failure)
  for (const name of ['INGEST_SPEED', 'INGEST_RATE_PER_SECOND', 'INGEST_FORMAT']) expect(text).toContain(name)
  expect(() => loadConfig(configSchema, { CONTRAIL_INGEST_SOURCE: 'file' })).toThrow(/CONTRAIL_INGEST_FILES/)
  expect(loadConfig(configSchema, { CONTRAIL_INGEST_SPEED: '10' }).ingestSpeed).toBe(10)
  expect(loadConfig(configSchema, {}).ingestSpeed).toBe('max')
})
