import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { progressText } from './lib/data-progress.ts'
import { contrailWith } from './testing/program.ts'

let home: string
beforeAll(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'contrail-cli-data-'))
})
afterAll(() => rmSync(home, { recursive: true }))

const data = (...args: string[]) => contrailWith({ CONTRAIL_HOME: home }, ['data', ...args])
const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await data(...args, '--json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Record<string, unknown>
}
const series = ['--venue', 'mine', '--instrument', 'BTC-USDT', '--timeframe', '1m']

test('without a platform: import, list, verify, export, repair', async () => {
  const minutes = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `${1_714_521_600_000 + (from + i) * 60_000},1,2,0.5,1.5,3`)
  const file = path.join(home, 'bars.csv')
  const header = 'time,open,high,low,close,volume'
  writeFileSync(file, [header, ...minutes(0, 50), ...minutes(60, 100)].join('\n'))
  const flags = ['--venue', 'mine', '--instrument', 'BTC-USDT']
  expect(await json('import', file, ...flags)).toMatchObject({
    accepted: 90,
    gaps: { missing: 10 },
    written: { added: 90 },
  })
  expect(await json('list')).toMatchObject({ items: [{ venue: 'mine', kind: 'candles', timeframe: '1m', rows: 90 }] })
  expect(await json('verify')).toMatchObject({ ok: false, items: [{ gaps: { count: 1, missing: 10 }, damaged: [] }] })
  writeFileSync(file, [header, ...minutes(0, 100)].join('\n'))
  expect(await json('repair', '--source', file, ...flags)).toMatchObject({ added: 10, known: 90 })
  expect(await json('verify', '--venue', 'mine')).toMatchObject({ ok: true })
  const out = path.join(home, 'out.csv')
  const part = ['--from', '2024-05-01T00:10', '--to', '2024-05-01T00:20']
  expect(await json('export', out, ...series, ...part)).toMatchObject({ rows: 10, format: 'csv' })
  expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(11)
  expect(await json('verify', out, ...flags)).toMatchObject({ accepted: 10, refused: {} })
  expect((await data('list')).out).toContain('BTC-USDT')
})

test('what cannot be is one line with its mend and an exit code, and nothing is written', async () => {
  const before = readdirSync(path.join(home, 'data'))
  const cases: [string[], number, string][] = [
    [['frob'], 2, 'import, list, verify, repair, export, download'],
    [['import'], 2, 'name at least one file'],
    [['import', path.join(home, 'absent.csv')], 3, 'check the path'],
    [['import', path.join(home, 'bars.csv'), '--to', 'moon'], 2, 'store or timescale'],
    [['import', path.join(home, 'bars.csv'), '--to', 'timescale'], 6, 'npm start'],
    [['export', path.join(home, 'x.csv'), '--venue', 'mine'], 2, 'contrail data list'],
    [['export', path.join(home, 'x.doc'), ...series], 2, 'csv, json, parquet, arrow'],
    [['list', '--kind', 'noise'], 2, 'candles, ticks, quotes'],
    [['download', 'binance', ...series], 2, '--from'],
    [['download', 'nowhere', ...series, '--from', '2024-05-01'], 5, 'ccxt'],
    [['repair'], 2, 'exchange:NAME'],
  ]
  for (const [args, code, mend] of cases) {
    const answer = await data(...args)
    expect({ args, code: answer.code }).toEqual({ args, code })
    expect(answer.err).toContain(mend)
    expect(answer.err.trim().split('\n').length).toBeLessThanOrEqual(2)
  }
  expect(readdirSync(path.join(home, 'data'))).toEqual(before)
  expect(readdirSync(home).filter((name) => name.startsWith('x.'))).toEqual([])
})

test('progress says the rate and, where the whole is known, the time left', () => {
  expect(progressText('import a.csv', 'rows', 1_500_000, undefined, 2)).toBe('import a.csv  1,500,000 rows  750,000/s')
  expect(progressText('download binance', 'rows', 4000, 0.25, 20)).toBe(
    'download binance  25 %  4,000 rows  200/s  60 s left',
  )
})
