import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { BookColumns } from '@contrail/trading'
import { readMarketFile } from './market-file.ts'
import type { MarketFileOptions } from './market-file.ts'
import { hasShared, sharedFile } from './testing/shared-data.ts'
import { judgeFile } from './judge/judge.ts'
import { verifyFile } from './judge/verify.ts'
import { eventsOf, inspectFile } from './files/feed.ts'

/** Recorded files lie beside the repository: a test that wants one is skipped by name where it is absent. */
function shared(name: string, options: MarketFileOptions, check: (file: string) => Promise<void>): void {
  test.skipIf(!hasShared(name))(hasShared(name) ? name : `${name} (absent)`, async () => {
    await sameAsEvents(sharedFile(name), options)
    await check(sharedFile(name))
  })
}

/** The fast reader and the one that makes an event of each row say the same of every file. */
async function sameAsEvents(file: string, options: MarketFileOptions): Promise<void> {
  const { series, judgement } = await readMarketFile(file, options)
  const { holds, ...report } = await verifyFile({ file, ...options })
  const counts = (refused: typeof report.refused) =>
    Object.entries(refused).map(([reason, { count, firstLine }]) => [reason, count, firstLine])
  expect(counts(judgement.refused)).toEqual(counts(report.refused))
  expect(judgement).toMatchObject({
    rows: report.rows,
    accepted: report.accepted,
    gaps: report.gaps,
    format: report.format,
    instrument: report.instrument,
    timeUnit: report.timeUnit,
  })
  expect(judgement.holds).toBe(holds)
  const wanted: Record<string, unknown[]> = { ticks: [], candles: [] }
  for await (const event of eventsOf(await inspectFile({ file, ...options }))) {
    if (event.kind === 'trade') {
      const side = { buy: 1, sell: -1, unknown: 0 }[event.side]
      wanted['ticks']!.push([event.venueTimeUs, event.price, event.quantity, side])
    } else if (event.kind === 'candle') {
      const { openTimeUs, open, high, low, close, volume, quoteVolume, trades } = event.candle
      wanted['candles']!.push([openTimeUs, open, high, low, close, volume, quoteVolume, trades])
    }
  }
  const found: Record<string, unknown[]> = { ticks: [], candles: [] }
  for (const each of series)
    for (let row = 0; row < each.rows; row++) {
      if (each.kind === 'ticks')
        found['ticks']!.push([each.venueTimeUs, each.price, each.quantity, each.side].map((column) => column[row]))
      if (each.kind === 'candles') {
        const { openTimeUs, open, high, low, close, volume, quoteVolume, trades } = each
        const columns = [openTimeUs, open, high, low, close, volume, quoteVolume, trades]
        found['candles']!.push(columns.map((column) => column[row]))
      }
    }
  expect(found).toEqual(wanted)
}

shared('candles/backtestingpy_GOOG.csv', { instrument: 'GOOG-USD' }, async (file) => {
  const { series, judgement, instruments } = await readMarketFile(file, { instrument: 'GOOG-USD' })
  expect(judgement).toMatchObject({ timeframe: '1d', duplicates: 0, disorder: 0, absurd: 0 })
  expect(series).toMatchObject([{ kind: 'candles', rows: 2148 }])
  expect(instruments).toMatchObject([{ tickSize: '0.01', lotSize: '1' }])
})
shared('candles/binance_ADABTC-1m-2021-11-27.csv', {}, async (file) => {
  expect((await readMarketFile(file)).series).toMatchObject([{ kind: 'candles', rows: 10, timeframe: '1m' }])
})
const perp = { instrument: 'BTC-USD-PERP', volumeIn: 'quote' } as const
shared('candles/nautilus_btc-perp-20211231-20220201_1m.csv.gz', perp, async (file) => {
  expect((await readMarketFile(file, perp)).series).toMatchObject([{ kind: 'candles', rows: 45_031 }])
})
shared('ticks/kraken_BCHEUR.csv', {}, async (file) => {
  expect((await readMarketFile(file)).series).toMatchObject([{ kind: 'ticks', rows: 148, instrument: 'BCH-EUR' }])
})
shared('ticks/freqtrade_XRP_ETH-trades.json.gz', {}, async (file) => {
  expect((await readMarketFile(file)).series).toMatchObject([{ kind: 'ticks', rows: 12_477 }])
})
shared('ticks/barter_binance_spot_with_disconnects.json', { instrument: 'BTC-USDT' }, async (file) => {
  const { series, judgement } = await readMarketFile(file, { instrument: 'BTC-USDT' })
  expect(judgement).toMatchObject({ format: 'barter', rows: 21, refused: { other_instrument: { count: 12 } } })
  expect(series).toMatchObject([{ kind: 'ticks', rows: 9 }])
})
shared('ticks/binance_spot_btcusdt_20240808_raw.gz', {}, async (file) => {
  const { series } = await readMarketFile(file)
  expect(series).toMatchObject([{ kind: 'ticks', rows: 9757 }, { kind: 'quotes' }, { kind: 'book', depth: 20 }])
  const book = series[2] as BookColumns
  const rows = Array.from({ length: book.rows }, (_, row) => row * 20)
  expect(rows.filter((at) => !(book.bidPrice[at]! < book.askPrice[at]!))).toEqual([])
  expect(rows.filter((at) => !(book.bidPrice[at + 19]! > 0))).toEqual([])
})

const lean = ['candles/lean-crypto', 'candles/lean-cryptofuture']
test.skipIf(!hasShared(lean[0]!))(hasShared(lean[0]!) ? 'every LEAN file' : `${lean[0]} (absent)`, async () => {
  const files = lean.flatMap((folder) =>
    readdirSync(sharedFile(folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(sharedFile(folder), name),
    ),
  )
  const kinds: Record<string, number> = {}
  const refused: Record<string, number> = {}
  let rows = 0
  for (const file of files.filter((each) => statSync(each).isFile())) {
    const { series, judgement } = await readMarketFile(file)
    expect(judgement.format).toBe('lean')
    expect(judgement.instrument.endsWith('-PERP')).toBe(file.includes('cryptofuture'))
    for (const each of series) kinds[each.kind] = (kinds[each.kind] ?? 0) + 1
    rows += judgement.accepted
    for (const [reason, { count }] of Object.entries(judgement.refused))
      refused[reason] = (refused[reason] ?? 0) + count
  }
  expect(kinds).toMatchObject({ candles: expect.any(Number), quotes: expect.any(Number), funding: 4 })
  // One day of Coinbase's quotes has its bid above its ask.
  expect(refused).toEqual({ crossed_quote: 1 })
  expect(rows).toBeGreaterThan(50_000)
})

test('odd rows are read alike by both readers: short, quoted, spaced, CRLF, blank, exponents, ids that are no numbers', async () => {
  const T = 1_714_521_600_000
  const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-odd-'))
  const trades = [
    'id,time,price,qty,side,note',
    `1,${T},100.5,1,buy,x`,
    `2,${T + 1},100.5`,
    `3,${T + 2}`,
    `"4","${T + 3}"," 101 ","2.50","sell","a,b"`,
    '',
    '   ',
    `5, ${T + 4} ,1e2,0.1234567890123456789,SELL,`,
    `abc-6,${T + 5},99,1,b,`,
    `abc-6,${T + 6},99,1,s,`,
    `,${T + 7},99,1,,`,
    `7,${T + 8},,1,buy,`,
    `8,${T + 9},-3,1,ask,`,
    `9,tomorrow,99,1,bid,`,
    `10,${T + 10},99,NaN,buy,`,
    `10,${T + 11},99.1,7,buying,`,
    `11,${T + 12},123456789012345678901234567890,1,buy,`,
    `12,${T + 13},00099.5000,+1,buy,`,
    `13,${T + 14},99`,
  ]
  const bars = [
    'Date;Open;High;Low;Close;Volume',
    '2024-05-01 00:00:00;1;2;0.5;1.5;10',
    '2024-05-01T00:01;1;2;0.5;1.5;1.2309751436114311',
    '2024-05-01 00:02:00+00:00;1;2;0.5;1.5',
    '2024-05-01 00:03:00.000Z;1;2;0.5;1.5;0',
    '2024-05-01 00:04:30;1;2;0.5;1.5;0',
    '01.05.2024;1;2;0.5;1.5;0',
  ]
  try {
    for (const [i, text] of [
      trades.join('\n'),
      `${trades.join('\r\n')}\r\n`,
      bars.join('\n'),
      `\uFEFF${bars.join('\r\n')}`,
    ].entries()) {
      const file = path.join(folder, `odd-${i}.csv`)
      writeFileSync(file, text)
      await comparedAccepted(file)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** As `sameAsEvents`, but the rows that the judge refuses are left out of the comparison of values. */
async function comparedAccepted(file: string): Promise<void> {
  const options = { instrument: 'BTC-USDT' }
  const { series, judgement } = await readMarketFile(file, options)
  const report = await verifyFile({ file, ...options })
  const counts = (refused: typeof report.refused) =>
    Object.entries(refused).map(([reason, { count, firstLine }]) => [reason, count, firstLine])
  expect({ file, refused: counts(judgement.refused) }).toEqual({ file, refused: counts(report.refused) })
  expect([judgement.rows, judgement.accepted]).toEqual([report.rows, report.accepted])
  const wanted: number[][] = []
  await judgeFile(await inspectFile({ file, ...options }), (row) => {
    if (row.kind === 'tick') wanted.push([row.tick.price, row.tick.quantity])
    else if (report.holds === 'candles') wanted.push([row.candle.close, row.candle.volume])
  })
  const [only] = series
  const pair =
    only!.kind === 'ticks' ? [only!.price, only!.quantity] : only!.kind === 'candles' ? [only!.close, only!.volume] : []
  expect(Array.from({ length: only!.rows }, (_, row) => pair.map((column) => column[row]))).toEqual(wanted)
}
