import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openStore, timescalePort } from '@contrail/data'
import type { DataStore } from '@contrail/data'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importFile } from '../files/import.ts'
import { copyToStore } from './columns.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-copy-'))
const T = Date.UTC(2024, 0, 31, 23) * 1000
const LATER_US = T + 30 * 86_400_000_000
let databases: TestDatabases
let store: DataStore

beforeAll(async () => {
  databases = await createTestDatabases()
  store = openStore(path.join(folder, 'store'))
})
afterAll(async () => {
  await databases.drop()
  rmSync(folder, { recursive: true })
})
const sql = () => databases.open('recorder', 'market').sql

/** Two hours of trades from `hour` on, as the recorder would have written them. */
async function recorded(instrument: string, hour: number): Promise<void> {
  const rows = Array.from(
    { length: 720 },
    (_, i) => `${T + hour * 3_600_000_000 + i * 10_000_000},${hour * 1000 + i + 1},${100 + (i % 9)},0.5`,
  )
  const file = path.join(folder, `${instrument}-${hour}.csv`)
  writeFileSync(file, ['time,id,price,quantity', ...rows].join('\n'))
  await importFile({ file, instrument, venue: 'sim', marketDbUrl: databases.urls.recorder.market as string })
}
async function same(): Promise<void> {
  const archive = timescalePort(sql())
  for (const instrument of ['AAA-USDT', 'BBB-USDT'])
    for (const rest of [
      { kind: 'ticks' },
      ...['1s', '1m', '1h', '1d'].map((timeframe) => ({ kind: 'candles', timeframe })),
    ]) {
      const query = { venue: 'sim', instrument, ...rest } as Parameters<DataStore['read']>[0]
      expect({ ...(await store.read(query)) }).toEqual({ ...(await archive.read(query)) })
    }
}

test('what was recorded ends in the store, only once, wherever a copy was cut off, and later what came before it in time', async () => {
  await recorded('AAA-USDT', 4)
  await recorded('BBB-USDT', 4)
  const first = await copyToStore(sql(), store, LATER_US)
  expect(first.ticks).toBe(1440)
  await same()
  expect(await copyToStore(sql(), store, LATER_US)).toEqual({ ticks: 0, candles: 0 })
  // A copy whose cursor was lost says everything again: it is known.
  rmSync(path.join(store.directory, '.recorder.json'))
  expect(await copyToStore(sql(), store, LATER_US)).toEqual({ ticks: 0, candles: 0 })
  await recorded('AAA-USDT', 6)
  await recorded('BBB-USDT', 0)
  expect((await copyToStore(sql(), store, LATER_US)).ticks).toBe(1440)
  await same()
})

test('a bar that may still be told again waits', async () => {
  await recorded('CCC-USDT', 0)
  const middle = T + 3_600_000_000
  await copyToStore(sql(), store, middle + 60_000_000)
  const bars = await store.read({ venue: 'sim', instrument: 'CCC-USDT', kind: 'candles', timeframe: '1m' })
  expect(bars.rows).toBe(60)
})
