import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { importFile } from './import.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-import-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DAY_S = 86_400
const rows = Array.from({ length: 12_000 }, (_, i) => `${1_600_000_000 + i * 20},${i + 1},${100 + (i % 50)},1`)
const content = `time,id,price,quantity\n${rows.join('\n')}\n`

describe.each([{ level: 'as found' }, { level: 'none', timescale: 'none' as const }])('timescale $level', (options) => {
  let databases: TestDatabases
  beforeAll(async () => {
    databases = await createTestDatabases(options)
  })
  afterAll(() => databases.drop())
  const counts = async () => {
    const { sql } = databases.open('admin', 'market')
    const [row] = await sql<{ ticks: number; candles: number }[]>`
      select (select count(*) from ticks)::int as ticks, (select count(*) from candles)::int as candles`
    return row
  }
  const run = (name: string, bytes: string | Uint8Array) => {
    const file = path.join(folder, name)
    writeFileSync(file, bytes)
    return importFile({ file, instrument: 'AAA-USDT', marketDbUrl: databases.urls.recorder.market as string })
  }

  test('a file comes in whole with the bars of its trades, and the same content only once', async () => {
    const report = await run('a.csv', content)
    expect(report).toMatchObject({ rows: 12_000, accepted: 12_000, known: false })
    // 12,000 trades 20 s apart are 240,000 s, and begin 40 s into a minute.
    expect(report.candles['1m']).toBe(4001)
    expect(report.candles['1d']).toBe(Math.ceil((240_000 + (1_600_000_000 % DAY_S)) / DAY_S))
    const total = Object.values(report.candles).reduce((sum, count) => sum + count, 0)
    expect(report.written).toEqual({ ticks: 12_000, candles: total })
    expect(await counts()).toEqual({ ticks: 12_000, candles: total })
    expect(await run('copy.csv', content)).toMatchObject({ known: true, written: { ticks: 0, candles: 0 } })
    expect(await counts()).toEqual({ ticks: 12_000, candles: total })
  })

  test('a damaged file changes nothing', async () => {
    const before = await counts()
    const packed = gzipSync(content.replaceAll(',1\n', ',2\n'))
    await expect(run('cut.csv.gz', packed.subarray(0, packed.length - 30))).rejects.toMatchObject({
      code: 'truncated_file',
    })
    expect(await counts()).toEqual(before)
    const { sql } = databases.open('admin', 'market')
    expect(await sql`select 1 from sources where detail = 'cut.csv.gz'`).toEqual([])
  })
})
