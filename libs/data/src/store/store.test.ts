import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { check, instrumentSchema } from '@contrail/contracts'
import type { CandleColumns, TickColumns } from '@contrail/trading'
import { afterAll, expect, test } from 'vitest'
import { decodeHeader, encodeHeader, headerRoom, plan } from './format.ts'
import type { Description } from './format.ts'
import { PeriodFile } from './period.ts'
import { hashSeries, openStore } from './store.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-store-'))
afterAll(() => rmSync(folder, { recursive: true }))
const fresh = (name: string) => openStore(path.join(folder, name))

const instrument = check(
  instrumentSchema,
  {
    venue: 'sim',
    instrument: 'BTC-USDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.001',
    minQuantity: '0.001',
    minNotional: '0',
    makerFeeBps: 10,
    takerFeeBps: 10,
  },
  'instrument',
)
const MINUTE_US = 60_000_000
/** 2024-01-31 23:30: half of an hour of bars lies in each month. */
const START_US = Date.UTC(2024, 0, 31, 23, 30) * 1000

function bars(rows: number, price = 100, startUs = START_US): CandleColumns {
  const column = (cell: (i: number) => number) => Float64Array.from({ length: rows }, (_, i) => cell(i))
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'BTC-USDT',
    timeframe: '1m',
    rows,
    openTimeUs: column((i) => startUs + i * MINUTE_US),
    open: column((i) => price + i),
    high: column((i) => price + i + 2),
    low: column((i) => price + i - 1),
    close: column((i) => price + i + 1),
    volume: column(() => 3),
    quoteVolume: column((i) => 3 * (price + i)),
    trades: column((i) => i),
  }
}
function ticks(ids: readonly number[], startUs = START_US): TickColumns {
  const column = (cell: (id: number) => number) => Float64Array.from(ids, cell)
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows: ids.length,
    receiveTimeUs: column((id) => startUs + id * 1000),
    venueTimeUs: column((id) => startUs + id * 1000 - 5),
    price: column((id) => 100 + (id % 7)),
    quantity: column(() => 0.5),
    tradeId: column((id) => id),
    side: Int8Array.from(ids, (id) => (id % 2 ? 1 : -1)),
  }
}
const query = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1m' } as const

test('rows come back as they were, in one file per month, over shared memory', async () => {
  const store = fresh('roundtrip')
  const report = await store.write(bars(60), instrument, 'test')
  expect(report).toMatchObject({ rows: 60, added: 60, known: 0, differing: 0 })
  expect(report.files.map((file) => path.basename(file))).toEqual(['2024-01.columns', '2024-02.columns'])
  const read = (await store.read(query)) as CandleColumns
  expect({ ...read }).toEqual(bars(60))
  expect(read.close.buffer).toBeInstanceOf(SharedArrayBuffer)
  expect(await store.hashOf(query)).toBe(hashSeries([bars(60)]))
  expect(await store.instruments()).toEqual([instrument])
  expect(await store.list()).toEqual([
    { ...query, rows: 60, firstUs: START_US, lastUs: START_US + 59 * MINUTE_US, files: 2 },
  ])
})

test('a query cuts by time, end exclusive, and reads only the columns asked for', async () => {
  const store = fresh('cut')
  await store.write(bars(60), instrument, 'test')
  const part = { ...query, fromUs: START_US + 10 * MINUTE_US, toUs: START_US + 40 * MINUTE_US }
  const read = (await store.read(part)) as CandleColumns
  expect(read.rows).toBe(30)
  expect([read.open[0], read.open[29]]).toEqual([110, 139])
  const columns = await store.readColumns(part, ['close'])
  expect(Object.keys(columns.columns)).toEqual(['openTimeUs', 'close'])
  expect([...columns.columns['close']!]).toEqual([...read.close])
  await expect(store.readColumns(part, ['colour'])).rejects.toMatchObject({ code: 'unknown_column' })
  await expect(store.read({ ...query, fromUs: START_US + 61 * MINUTE_US })).rejects.toMatchObject({ code: 'no_data' })
  await expect(store.read({ ...query, instrument: 'ETH-USDT' })).rejects.toMatchObject({ code: 'no_data' })
})

test('what is there already is known, what differs stays until it is replaced, and then is kept beside', async () => {
  const store = fresh('merge')
  await store.write(bars(60), instrument, 'one')
  expect(await store.write(bars(60), instrument, 'again')).toMatchObject({ added: 0, known: 60, files: [] })
  const other = bars(20, 500)
  expect(await store.write(other, instrument, 'other')).toMatchObject({ added: 0, differing: 20, files: [] })
  expect(((await store.read(query)) as CandleColumns).open[0]).toBe(100)
  const old = await store.hashOf(query)
  expect(await store.write(other, instrument, 'other', { replace: true })).toMatchObject({ differing: 20 })
  expect(((await store.read(query)) as CandleColumns).open[0]).toBe(500)
  expect(await store.hashOf(query)).not.toBe(old)
  const kept = path.join(store.directory, 'sim', 'BTC-USDT', 'candles-1m', '.replaced')
  expect(readdirSync(kept)).toEqual(['2024-01.1.columns'])
})

test('rows before, after and between are put where they belong; trades of one time are told apart', async () => {
  const store = fresh('order')
  const all = Array.from({ length: 1000 }, (_, i) => i)
  await store.write(ticks(all.slice(400, 600)), instrument, 'middle')
  await store.write(ticks(all.slice(800)), instrument, 'after')
  await store.write(ticks(all.slice(0, 300)), instrument, 'before')
  const report = await store.write(ticks(all.filter((id) => id % 3 === 0 || id > 250)), instrument, 'between')
  expect(report.known).toBe(
    all.filter((id) => (id % 3 === 0 || id > 250) && (id < 300 || (id >= 400 && id < 600) || id >= 800)).length,
  )
  const read = (await store.read({ venue: 'sim', instrument: 'BTC-USDT', kind: 'ticks' })) as TickColumns
  expect({ ...read }).toEqual(ticks(all))
})

test('a damaged file is refused by name with its mend, whatever byte is wrong', async () => {
  const store = fresh('damage')
  await store.write(bars(10), instrument, 'test')
  const [file] = store.files(query) as [string]
  const { description } = new PeriodFile(file).header
  for (const at of [3, 20, 70, description.columns[4]!.offset + 8]) {
    const fd = openSync(file, 'r+')
    const before = Buffer.alloc(1)
    readSync(fd, before, 0, 1, at)
    writeSync(fd, Buffer.from([before[0]! ^ 0x5a]), 0, 1, at)
    await expect(store.read(query)).rejects.toMatchObject({
      code: 'damaged_file',
      mend: expect.stringContaining('repair'),
    })
    writeSync(fd, before, 0, 1, at)
    closeSync(fd)
  }
  expect((await store.read(query)).rows).toBe(10)
})

test('rows out of order and a failed transaction leave nothing behind', async () => {
  const store = fresh('atomic')
  const transaction = store.begin()
  const { rows } = bars(10)
  const { kind, venue, timeframe, rows: count, instrument: id, ...columns } = bars(10)
  const key = { kind, venue, timeframe, instrument: id }
  transaction.append(key, instrument, { rows: count, columns })
  expect(() => transaction.append(key, instrument, { rows, columns })).toThrow(/order of time/)
  transaction.abort()
  expect(await store.list()).toEqual([])
  expect(readdirSync(path.join(store.directory, '.staging'))).toEqual([])
})

test('a header whose checksum is right is still no header when its description is not one', () => {
  const columns = plan({ venue: 'sim', instrument: 'A-B', kind: 'candles', timeframe: '1m' }, 1)
  const description = { venue: 'sim', instrument: 'A-B', kind: 'candles', timeframe: '1m', definition: instrument, sources: [], columns } as const // prettier-ignore
  const read = (given: object) => {
    const whole = { ...description, ...given } as Description
    return decodeHeader(encodeHeader({ rows: 1, firstUs: 0, lastUs: 0, description: whole }, headerRoom(whole)), 'x')
  }
  expect(read({}).description.kind).toBe('candles')
  const odd: object[] = [
    { kind: 'bars' },
    { timeframe: '7x' },
    { depth: -1 },
    { venue: 1 },
    { definition: { ...instrument, tickSize: '0' } },
    { columns: [{ ...columns[0], type: 'f32' }] },
    { columns: [{ ...columns[0], bytes: 1.5 }] },
  ]
  for (const given of odd) expect(() => read(given)).toThrow(/description/)
})
