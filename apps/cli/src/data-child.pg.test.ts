import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTestDatabases } from '@contrail/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BinanceStandIn } from '../../ingest/src/testing/binance-stand-in.ts'
import { contrailWith } from './testing/program.ts'

/*
 * The verbs that go through ingest's own program, as a person types them: CLI, its child, the unmodified ccxt client in there
 * and the real database. Only the way to the exchange ends at loopback: whatever the child fetches, it fetches from here.
 */
const START_MS = Date.UTC(2024, 4, 1)
const MINUTE_MS = 60_000
const BARS = 300
let home: string
let venue: BinanceStandIn
let databases: Awaited<ReturnType<typeof createTestDatabases>>

beforeAll(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-cli-child-'))
  venue = new BinanceStandIn()
  ;[databases] = await Promise.all([createTestDatabases(), venue.start()])
  const here = JSON.stringify(`http://127.0.0.1:${venue.port}`)
  writeFileSync(
    path.join(home, 'loopback.mjs'),
    // Where there is no undici the client takes the fetch of the platform.
    `import { registerHooks } from 'node:module'
registerHooks({
  resolve(name, context, next) {
    if (name === 'undici') throw new Error('not here')
    return next(name, context)
  },
})
const { fetch } = globalThis
globalThis.fetch = (url, init) => {
  const { pathname, search } = new URL(url)
  return fetch(${here} + pathname + search, init)
}`,
  )
  for (let i = 0; i < BARS; i++) venue.bars.push(bar(i))
}, 60_000)
afterAll(async () => {
  await venue.stop()
  await databases.drop()
  rmSync(home, { recursive: true })
})

const bar = (row: number): (number | string)[] => {
  const openMs = START_MS + row * MINUTE_MS
  return [openMs, '100.00', '103.00', '99.00', (100 + (row % 3)).toFixed(2), '7.5', openMs + MINUTE_MS - 1]
}

const data = (...args: string[]) =>
  contrailWith(
    {
      CONTRAIL_HOME: home,
      CONTRAIL_MARKET_DB_URL: databases.urls.recorder.market ?? '',
      NODE_OPTIONS: `--import=${pathToFileURL(path.join(home, 'loopback.mjs')).href}`,
    },
    ['data', ...args],
  )
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await data(...args, '--json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Record<string, unknown>
}
const series = ['--instrument', 'BTC-USDT', '--timeframe', '1m']
const period = ['--from', '2024-05-01', '--to', '2024-05-01T05:00']

test(
  'download, then repair from the exchange: what is missing is asked for, and nothing else',
  { timeout: 120_000 },
  async () => {
    const hole = venue.bars.splice(100, 50)
    expect(await json('download', 'binance', ...series, ...period)).toMatchObject({
      exchange: 'binance',
      rows: 250,
      added: 250,
    })
    expect(await json('verify', '--venue', 'binance')).toMatchObject({
      ok: false,
      items: [{ rows: 250, gaps: { missing: 50 } }],
    })
    venue.bars.splice(100, 0, ...hole)
    const repaired = await json('repair', '--source', 'exchange:binance', '--venue', 'binance', ...series, ...period)
    expect(JSON.stringify(repaired)).toContain('"added":50')
    expect(await json('verify', '--venue', 'binance')).toMatchObject({
      ok: true,
      items: [{ rows: 300, gaps: { count: 0 } }],
    })
    const before = venue.asked.length
    expect(await json('download', 'binance', ...series, ...period)).toMatchObject({ rows: 0, added: 0 })
    expect(venue.asked.slice(before).filter((one) => one.endsWith('/klines'))).toEqual([])
  },
)

test('an exchange that is none is one line with its mend', { timeout: 60_000 }, async () => {
  const { code, out, err } = await data('download', 'nobody', ...series, ...period)
  expect({ code, out }).toEqual({ code: 5, out: '' })
  expect(err).toMatch(/^no_venue {2}exchange: "?nobody"?\n {2}use an id of ccxt/)
})

test(
  'archive: what the database has comes into the store, and a second time nothing new',
  { timeout: 120_000 },
  async () => {
    const file = path.join(home, 'bars.csv')
    const rows = Array.from({ length: 90 }, (_, i) => `${START_MS + i * MINUTE_MS},1,2,0.5,1.5,3`)
    writeFileSync(file, ['time,open,high,low,close,volume', ...rows].join('\n'))
    await json('import', file, '--to', 'timescale', '--venue', 'mine', '--instrument', 'BTC-USDT')
    expect(await json('archive')).toMatchObject({ candles: 90 })
    expect(await json('list', '--venue', 'mine')).toMatchObject({
      items: [{ kind: 'candles', timeframe: '1m', rows: 90 }],
    })
    expect(await json('archive')).toMatchObject({ candles: 0 })
  },
)
