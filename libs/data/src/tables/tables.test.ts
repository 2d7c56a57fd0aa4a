import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { MarketColumns } from '@contrail/trading'
import { CompressionType, Table, tableToIPC, TimestampMillisecond, vectorFromArray } from 'apache-arrow'
import { afterAll, expect, test } from 'vitest'
import { keyOf, rowsOf } from '../columns/kinds.ts'
import { readMarketFile } from '../market-file.ts'
import { loadArrow } from './arrow.ts'
import { EXPORT_FORMATS, exportSeries } from './write.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-tables-'))
afterAll(() => rmSync(folder, { recursive: true }))
const T = Date.UTC(2024, 4, 1)

const trades = Array.from(
  { length: 500 },
  (_, i) => `${T + i * 10},${100 + (i % 9) / 4},0.25,${i + 1},${i % 2 ? 'buy' : 'sell'}`,
)
const bars = Array.from({ length: 500 }, (_, i) => `${T + i * 60_000},1.5,2.25,1.25,${1.5 + (i % 3) / 4},${i % 7}`)
const quotes = Array.from({ length: 50 }, (_, i) => `${T + i},99.5,1,100.5,${i + 1}`)
const FILES: Record<string, string> = {
  'trades.csv': ['time,price,quantity,id,side', ...trades].join('\n'),
  'bars.csv': ['time,open,high,low,close,volume', ...bars].join('\n'),
  'quotes.csv': ['time,bid,bidQuantity,ask,askQuantity', ...quotes].join('\n'),
  'funding.csv': ['time,fundingRate', ...[0, 1, 2].map((i) => `${T + i * 28_800_000},0.000${i + 1}`)].join('\n'),
}

async function given(name: string): Promise<MarketColumns> {
  const file = path.join(folder, name)
  writeFileSync(file, FILES[name]!)
  return (await readMarketFile(file, { instrument: 'BTC-USDT' })).series[0]!
}

test.each(Object.keys(FILES))('what is exported of %s in any format reads back as it was', async (name) => {
  const series = await given(name)
  for (const format of EXPORT_FORMATS) {
    const file = path.join(folder, `${name}.${format}`)
    await exportSeries(series, format, file)
    const { series: read, judgement } = await readMarketFile(file, { instrument: 'BTC-USDT' })
    expect({ format, refused: judgement.refused }).toEqual({ format, refused: {} })
    expect({ format, ...read[0] }).toEqual({ format, ...series })
  }
  expect(readdirSync(folder).filter((each) => each.endsWith('.part'))).toEqual([])
})

test('freqtrade keeps candles as feather with a date column: lz4, zstd and plain', async () => {
  await loadArrow()
  const wanted = rowsOf(await given('bars.csv'))
  const column = (name: string) => vectorFromArray([...wanted.columns[name]!.subarray(0, wanted.rows)])
  const times = [...wanted.columns['openTimeUs']!].map((us) => us / 1000)
  const table = new Table({
    date: vectorFromArray(times, new TimestampMillisecond('UTC')),
    ...Object.fromEntries(['open', 'high', 'low', 'close', 'volume'].map((name) => [name, column(name)])),
  })
  for (const codec of [CompressionType.LZ4_FRAME, CompressionType.ZSTD, null]) {
    const file = path.join(folder, 'BTC_USDT-1m.feather')
    writeFileSync(file, tableToIPC(table, 'file', codec))
    const { series, judgement } = await readMarketFile(file)
    expect(judgement).toMatchObject({
      format: 'arrow',
      instrument: 'BTC-USDT',
      timeframe: '1m',
      rows: 500,
      refused: {},
    })
    const read = rowsOf(series[0]!)
    for (const name of ['openTimeUs', 'open', 'high', 'low', 'close', 'volume'])
      expect(read.columns[name]).toEqual(wanted.columns[name])
  }
})

test('a cut columnar file, an old feather and a wrong unit are one refusal each', async () => {
  const series = await given('bars.csv')
  for (const format of ['parquet', 'arrow'] as const) {
    const file = path.join(folder, `cut.${format}`)
    await exportSeries(series, format, file)
    writeFileSync(file, readFileSync(file).subarray(0, 3000))
    await expect(readMarketFile(file, { instrument: 'BTC-USDT' })).rejects.toMatchObject({ code: 'damaged_file' })
  }
  const old = path.join(folder, 'old.feather')
  writeFileSync(old, 'FEA1....')
  await expect(readMarketFile(old, { instrument: 'BTC-USDT' })).rejects.toMatchObject({ code: 'old_feather' })
  const whole = path.join(folder, 'unit.parquet')
  await exportSeries(series, 'parquet', whole)
  await expect(readMarketFile(whole, { instrument: 'BTC-USDT', timeUnit: 'ms' })).rejects.toMatchObject({
    code: 'wrong_time_unit',
    mend: expect.stringContaining('"us"'),
  })
  expect(keyOf(series).timeframe).toBe('1m')
})
