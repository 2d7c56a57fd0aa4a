import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { importToStore, openStore, timescalePort } from '@contrail/data'
import type { DataStore, MarketDataPort, MarketQuery } from '@contrail/data'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFile } from '../files/import.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-port-'))
let databases: TestDatabases
let store: DataStore
let archive: MarketDataPort
const T = Date.UTC(2024, 0, 31, 22) * 1000

/** 3 hours of trades over the end of a month, with silences, and bars of another instrument. */
const trades = Array.from({ length: 3000 }, (_, i) => {
  const timeUs = T + i * 3_600_000 + (i > 1500 ? 600_000_000 : 0) + (i % 7) * 1000
  return `${timeUs},${i + 1},${100 + ((i * 31) % 17) / 4},${((i % 9) + 1) / 8},${['buy', 'sell', ''][i % 3]}`
})
const bars = Array.from({ length: 200 }, (_, i) => `${T / 1000 + i * 60_000},10,12.5,9.5,${10 + (i % 5) / 2},${i}`)

beforeAll(async () => {
  databases = await createTestDatabases()
  store = openStore(path.join(folder, 'store'))
  const files: [string, string[], string][] = [
    ['AAA-USDT', ['time,id,price,quantity,side', ...trades], 'trades.csv'],
    ['BBB-USDT', ['time,open,high,low,close,volume', ...bars], 'bars.csv'],
  ]
  for (const [instrument, lines, name] of files) {
    const file = path.join(folder, name)
    writeFileSync(file, `${lines.join('\n')}\n`)
    await importFile({ file, instrument, marketDbUrl: databases.urls.recorder.market as string })
    await importToStore(store, file, { instrument })
  }
  const { sql } = databases.open('recorder', 'market')
  archive = timescalePort(sql)
})
afterAll(async () => {
  await databases.drop()
  rmSync(folder, { recursive: true })
})

const a = { venue: 'file', instrument: 'AAA-USDT' }
const b = { venue: 'file', instrument: 'BBB-USDT' }
const middle = { fromUs: T + 1_800_000_000, toUs: T + 7_200_000_000 }
const QUERIES: MarketQuery[] = [
  { ...a, kind: 'ticks' },
  { ...a, kind: 'ticks', ...middle },
  { ...a, kind: 'candles', timeframe: '1m' },
  { ...a, kind: 'candles', timeframe: '5m', ...middle },
  { ...a, kind: 'candles', timeframe: '1h' },
  { ...a, kind: 'candles', timeframe: '1d' },
  { ...b, kind: 'candles', timeframe: '1m' },
  { ...b, kind: 'candles', timeframe: '1m', ...middle },
]
test.each(QUERIES)('files and database answer the same: $instrument $kind $timeframe $fromUs', async (query) => {
  const [fromFiles, fromDatabase] = [await store.read(query), await archive.read(query)]
  expect(fromFiles.rows).toBeGreaterThan(0)
  expect({ ...fromDatabase }).toEqual({ ...fromFiles })
})

test('both refuse what they do not have, and know the instruments', async () => {
  for (const port of [store, archive]) {
    await expect(port.read({ ...a, kind: 'quotes' })).rejects.toMatchObject({ code: 'no_data' })
    await expect(port.read({ ...a, kind: 'ticks', toUs: T })).rejects.toMatchObject({ code: 'no_data' })
  }
  expect(await archive.instruments()).toEqual(await store.instruments())
  const own = (await archive.list()).filter(({ kind, timeframe }) => kind === 'ticks' || timeframe === '1m')
  expect(own.map(({ instrument, kind, rows }) => [instrument, kind, rows])).toContainEqual(['AAA-USDT', 'ticks', 3000])
  expect(own.map(({ instrument, kind, rows }) => [instrument, kind, rows])).toContainEqual(['BBB-USDT', 'candles', 200])
})
