import { execFile } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Refusal } from '@contrail/contracts'
import type { CandleColumns } from '@contrail/trading'
import { afterAll, expect, test } from 'vitest'
import { importToStore } from './import.ts'
import type { MarketFileOptions } from './market-file.ts'
import { judgeMarketFile } from './market-file.ts'
import { repairFromFile, repairFromStore } from './store/repair.ts'
import { openStore } from './store/store.ts'
import type { DataStore } from './store/store.ts'
import { verifyStore } from './store/verify.ts'
import { hasShared, sharedFile } from './testing/shared-data.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-bad-'))
afterAll(() => rmSync(folder, { recursive: true }))
const instrument = 'BTC-USDT'
const START_S = 1_714_521_600
const HEADER = 'time,open,high,low,close,volume'

function file(name: string, content: string | Uint8Array): string {
  const full = path.join(folder, name)
  writeFileSync(full, content)
  return full
}
const bar = (minute: number, price = 100): string =>
  `${(START_S + minute * 60) * 1000},${price},${price + 2},${price - 1},${price + 1},5`
const bars = (minutes: readonly number[], price = 100): string =>
  [HEADER, ...minutes.map((minute) => bar(minute, price))].join('\n')
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
const fresh = (name: string): DataStore => openStore(path.join(folder, name))
const query = { venue: 'file', instrument, kind: 'candles', timeframe: '1m' } as const

/** One clear line, and the store is as it was. */
async function refusedWhole(store: DataStore, given: string, options: MarketFileOptions = {}): Promise<Refusal> {
  const before = await store.list()
  const failure: unknown = await importToStore(store, given, { instrument, ...options }).catch(
    (error: unknown) => error,
  )
  if (!(failure instanceof Refusal)) throw new Error('was not refused', { cause: failure })
  expect(failure.message.split('\n')).toHaveLength(1)
  expect(await store.list()).toEqual(before)
  const staging = path.join(store.directory, '.staging')
  expect(existsSync(staging) ? readdirSync(staging) : []).toEqual([])
  return failure
}

test('gaps, duplicates, disorder and absurd rows are counted with the line of the first, and only good rows are kept', async () => {
  const rows = [...range(0, 50), 49, 30, ...range(60, 100)].map((minute) => bar(minute))
  const bad = [bar(100).replace(',100,', ',-1,'), bar(101, 5_000_000), bar(102).replace(',102,', ',90,')]
  const given = file('bad.csv', [HEADER, ...rows, ...bad, bar(103)].join('\n'))
  const store = fresh('counted')
  const report = await importToStore(store, given, { instrument })
  expect(report).toMatchObject({ rows: 96, accepted: 91, duplicates: 1, disorder: 1, absurd: 3 })
  expect(report.gaps).toMatchObject({
    count: 2,
    missing: 13,
    first: [
      { line: 54, missing: 10 },
      { line: 97, missing: 3 },
    ],
  })
  expect(Object.entries(report.refused).map(([reason, { firstLine }]) => [reason, firstLine])).toEqual([
    ['duplicate_candle', 52],
    ['candle_out_of_order', 53],
    ['bad_price', 94],
    ['price_absurd', 95],
    ['high_below_low', 96],
  ])
  expect((await store.read(query)).rows).toBe(91)
  expect(await verifyStore(store)).toMatchObject([
    { rows: 91, duplicates: 0, disorder: 0, absurd: 0, gaps: { count: 2, missing: 13 } },
  ])
})

test('a wrong unit is refused with the unit it is in and the option that mends it', async () => {
  const store = fresh('unit')
  const seconds = file('seconds.csv', bars(range(0, 10)).replaceAll('000,', ','))
  for (const options of [{ timeUnit: 'ms' }, { format: 'binance-klines' }] as const) {
    const content =
      'format' in options
        ? range(0, 10)
            .map((i) => `${START_S + i * 60},1,2,1,1,5,0,5,1`)
            .join('\n')
        : readFileSync(seconds)
    const refused = await refusedWhole(store, file('klines.csv', content), options)
    expect([refused.code, refused.field]).toEqual(['wrong_time_unit', 'time'])
    expect(refused.mend).toContain('looks like s; give the time unit "s"')
  }
  expect((await importToStore(store, seconds, { instrument, timeUnit: 's' })).accepted).toBe(10)
  // One row in seconds among milliseconds is a bad row of its own.
  const mixed = file('mixed.csv', `${bars([0, 1])}\n${START_S + 120},1,1,1,1,1\n${bar(3)}`)
  expect((await judgeMarketFile(mixed, { instrument })).refused).toMatchObject({ bad_time: { count: 1, firstLine: 4 } })
})

test('a cut or damaged file changes nothing, whatever was in it before', async () => {
  const store = fresh('cut')
  await importToStore(store, file('first.csv', bars(range(0, 60))), { instrument })
  const packed = gzipSync(bars(range(100, 5000)))
  const cut = file('cut.csv.gz', packed.subarray(0, packed.length - 30))
  expect(await refusedWhole(store, cut)).toMatchObject({
    code: 'truncated_file',
    mend: expect.stringContaining('copy it again'),
  })
  const broken = Buffer.from(packed)
  broken.fill(0, 200, 400)
  expect(await refusedWhole(store, file('broken.csv.gz', broken))).toMatchObject({ code: 'damaged_file' })
  expect(await refusedWhole(store, file('none.csv', `${HEADER}\nx,y,z,a,b,c`))).toMatchObject({ code: 'no_usable_row' })
  expect((await store.read(query)).rows).toBe(60)
})

test('repair fills from the source, keeps what differs until it is told to replace, and then keeps the old beside it', async () => {
  const store = fresh('repair')
  await importToStore(store, file('holes.csv', bars([...range(0, 100), ...range(150, 200)])), { instrument })
  const whole = file('whole.csv', bars(range(0, 200), 101))
  expect(await repairFromFile(store, whole, { file: { instrument } })).toMatchObject({
    added: 50,
    differing: 150,
    setAside: [],
  })
  const read = async () => (await store.read(query)) as CandleColumns
  expect([(await read()).open[0], (await read()).open[120]]).toEqual([100, 101])
  expect(await verifyStore(store)).toMatchObject([{ rows: 200, gaps: { count: 0 } }])
  await repairFromFile(store, whole, { file: { instrument }, replace: true })
  expect((await read()).open[0]).toBe(101)
  const kept = path.join(store.directory, 'file', instrument, 'candles-1m', '.replaced')
  expect(readdirSync(kept)).toEqual(['2024-05.1.columns'])
})

test('a damaged stored file is told by verify and made anew from a source that has it, and from no other', async () => {
  const [store, source] = [fresh('damaged'), fresh('source')]
  await importToStore(store, file('a.csv', bars(range(0, 100))), { instrument })
  await importToStore(source, file('a.csv', bars(range(0, 100))), { instrument })
  const [stored] = store.files(query) as [string]
  const bytes = readFileSync(stored)
  bytes[bytes.length - 9]! ^= 1
  writeFileSync(stored, bytes)
  await expect(store.read(query)).rejects.toMatchObject({ code: 'damaged_file' })
  expect(await verifyStore(store)).toMatchObject([
    { rows: 0, damaged: [{ file: '2024-05.columns', code: 'damaged_file' }] },
  ])
  const june = file('june.csv', bars(range(50_000, 50_100)))
  await expect(repairFromFile(store, june, { file: { instrument } })).rejects.toMatchObject({
    code: 'source_lacks_period',
  })
  const report = await repairFromStore(store, source.directory, {})
  expect(report).toMatchObject({ added: 100, setAside: [expect.stringContaining('.replaced')] })
  expect(await store.hashOf(query)).toBe(await source.hashOf(query))
})

test('many rows need little memory: 400,000 through a heap of 48 MB', async () => {
  const big = path.join(folder, 'big.csv')
  const stream = createWriteStream(big)
  stream.write(`${HEADER}\n`)
  for (let from = 0; from < 400_000; from += 10_000)
    if (
      !stream.write(
        `${range(from, from + 10_000)
          .map((minute) => bar(minute))
          .join('\n')}\n`,
      )
    )
      await once(stream, 'drain')
  await new Promise((resolve) => stream.end(resolve))
  const program = `import { importToStore, openStore } from '@contrail/data'
    const [directory, file] = process.argv.slice(1)
    const { accepted, written } = await importToStore(openStore(directory), file, { instrument: 'BTC-USDT' })
    console.log(JSON.stringify({ accepted, added: written.added }))`
  const args = ['--max-old-space-size=48', '--input-type=module', '-e', program, path.join(folder, 'big'), big]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  expect(JSON.parse(stdout)).toEqual({ accepted: 400_000, added: 400_000 })
  expect((await fresh('big').read(query)).rows).toBe(400_000)
})

const real = 'candles/nautilus_btc-perp-20211231-20220201_1m.csv.gz'
test.skipIf(!hasShared(real))(hasShared(real) ? `${real}, cut and with holes` : `${real} (absent)`, async () => {
  const options = { instrument: 'BTC-USD-PERP', volumeIn: 'quote' } as const
  const bytes = readFileSync(sharedFile(real))
  const store = fresh('real')
  const cut = file('real-cut.csv.gz', bytes.subarray(0, bytes.length >> 1))
  expect(await refusedWhole(store, cut, options)).toMatchObject({ code: 'truncated_file' })
  const report = await importToStore(store, sharedFile(real), options)
  expect(report).toMatchObject({ accepted: 45_031, gaps: { count: 0 }, written: { added: 45_031 } })
  expect(await verifyStore(store)).toMatchObject([{ rows: 45_031, files: 3, gaps: { count: 0 }, damaged: [] }])
  expect((await importToStore(store, sharedFile(real), options)).written).toMatchObject({
    added: 0,
    known: 45_031,
    files: [],
  })
})
