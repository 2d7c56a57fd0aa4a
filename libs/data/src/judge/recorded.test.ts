import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { verifyFile } from './verify.ts'

const data = path.resolve(import.meta.dirname, '../../../../../shared/data')

/** Recorded data lies beside the repository and is not part of it. */
function recorded(name: string, check: (file: string) => Promise<void>): void {
  const file = path.join(data, name)
  const there = existsSync(file)
  test.skipIf(!there)(there ? name : `${name} (absent)`, async () => await check(file))
}

recorded('ticks/freqtrade_XRP_ETH-trades.json.gz', async (file) => {
  const report = await verifyFile({ file })
  expect(report).toMatchObject({ instrument: 'XRP-ETH', rows: 12_477, accepted: 12_477, refused: {} })
  expect(report.candles).toMatchObject({ '1m': 2469, '5m': 706 })
  expect(report.gaps.count).toBe(0)
})
recorded('ticks/binance_spot_btcusdt_20240808_raw.gz', async (file) => {
  const report = await verifyFile({ file })
  expect(report).toMatchObject({ instrument: 'BTC-USDT', rows: 41_249, accepted: 41_249, refused: {} })
  expect(report.gaps.count).toBe(0)
})
recorded('ticks/kraken_BCHEUR.csv', async (file) => {
  expect(await verifyFile({ file })).toMatchObject({ format: 'kraken-csv', instrument: 'BCH-EUR', accepted: 148 })
})
recorded('candles/binance_ADABTC-1m-2021-11-27.csv', async (file) => {
  expect(await verifyFile({ file })).toMatchObject({ format: 'binance-klines', accepted: 10, candles: { '1m': 10 } })
})
recorded('candles/nautilus_btc-perp-20211231-20220201_1m.csv.gz', async (file) => {
  const report = await verifyFile({ file, instrument: 'BTC-USD-PERP', volumeIn: 'quote' })
  expect(report).toMatchObject({ accepted: 45_031, candles: { '1m': 45_031 }, gaps: { count: 0 } })
})
recorded('candles/backtestingpy_GOOG.csv', async (file) => {
  const report = await verifyFile({ file, instrument: 'GOOG-USD' })
  expect(report).toMatchObject({ accepted: 2148, candles: { '1d': 2148 } })
})
