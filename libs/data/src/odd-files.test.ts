import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { CandleColumns } from '@contrail/trading'
import { afterAll, describe, expect, test } from 'vitest'
import { readMarketFile } from './market-file.ts'

/* The same forty bars in every dress that the files of the world wear. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-odd-'))
afterAll(() => rmSync(folder, { recursive: true }))

const T = 1_704_153_600
type Bar = readonly [time: number, open: number, high: number, low: number, close: number, volume: number]
const bars = Array.from({ length: 40 }, (_, i): Bar => {
  const [open, close] = [i, i + 1].map((at) => Number((100 + 5 * Math.sin(at)).toFixed(2))) as [number, number]
  return [T + i * 3600, open, Math.max(open, close) + 0.5, Math.min(open, close) - 0.5, close, 10 + i / 8]
})
const iso = (time: number): string => new Date(time * 1000).toISOString()
const lines = (head: readonly string[], rows: readonly string[]): string => `${[...head, ...rows].join('\n')}\n`
const HEAD = 'time,open,high,low,close,volume'
const [plain, newestFirst] = [bars.map((bar) => bar.join(',')), bars.toReversed()]
const withTime = (of: (time: number) => string | number) => bars.map(([time, ...rest]) => [of(time), ...rest].join(','))

async function read(name: string, text: string): Promise<CandleColumns> {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  const { series, judgement } = await readMarketFile(file, { instrument: 'A-USD' })
  expect(judgement.refused).toEqual({})
  expect(series.length).toBe(1)
  return series[0] as CandleColumns
}
const pricesOf = ({ timeframe, openTimeUs, open, high, low, close }: CandleColumns) => ({
  timeframe,
  bars: Array.from(openTimeUs, (us, i) => [us / 1e6, open[i], high[i], low[i], close[i]]),
})
const wanted = { timeframe: '1h', bars: bars.map((bar) => bar.slice(0, 5)) }

describe('bars are the same', () => {
  test.each([
    ['without a header', 'a.csv', lines([], plain)],
    [
      'without a header, in milliseconds',
      'b.csv',
      lines(
        [],
        withTime((time) => time * 1000),
      ),
    ],
    ['without a header, behind a byte order mark', 'c.csv', `\uFEFF${lines([], plain)}`],
    ['without a header, with a day and a time', 'd.csv', lines([], withTime((time) => iso(time).slice(0, 16).replace('T', ' ')))], // prettier-ignore
    ['with a zone in letters', 'e.csv', lines([HEAD], withTime((time) => `${iso(time).slice(0, 19).replace('T', ' ')} UTC`))], // prettier-ignore
    ['behind comments and an address', 'f.csv', lines(['# made by me', 'https://example.com', HEAD], plain)],
    [
      'between bars',
      'g.csv',
      lines(
        [HEAD.replaceAll(',', '|')],
        plain.map((line) => line.replaceAll(',', '|')),
      ),
    ],
    [
      'from new to old',
      'h.csv',
      lines(
        [HEAD],
        newestFirst.map((bar) => bar.join(',')),
      ),
    ],
    [
      'from new to old, without a header',
      'i.csv',
      lines(
        [],
        newestFirst.map((bar) => bar.join(',')),
      ),
    ],
    ['from new to old, as JSON', 'j.json', JSON.stringify(newestFirst)],
    ['as arrays of texts', 'k.json', JSON.stringify(bars.map((bar) => bar.map(String)))],
    [
      'as a table with a nameless index',
      'l.csv',
      lines(
        [`,${HEAD}`],
        plain.map((line, i) => `${i},${line}`),
      ),
    ],
    ['with a nameless time', 'm.csv', lines([HEAD.replace('time', '')], plain)],
  ])('%s', async (_what, name, text) => {
    const found = await read(name, text)
    expect(pricesOf(found)).toEqual(wanted)
    expect(Array.from(found.volume)).toEqual(bars.map((bar) => bar[5]))
  })

  test('without volumes: they are zero', async () => {
    for (const [name, text] of [
      [
        'n.csv',
        lines(
          ['Date,Open,High,Low,Close'],
          bars.map((bar) => bar.slice(0, 5).join(',')),
        ),
      ],
      ['o.json', JSON.stringify(bars.map(([time, open, high, low, close]) => ({ time, open, high, low, close })))],
    ] as const) {
      const found = await read(name, text)
      expect(pricesOf(found)).toEqual(wanted)
      expect(found.volume.every((volume) => volume === 0)).toBe(true)
    }
  })

  test('with the volume in base and in quote, from new to old, behind an address: as CryptoDataDownload has them', async () => {
    const rows = newestFirst.map(([time, ...rest]) => [time * 1000, iso(time).slice(0, 19).replace('T', ' '), 'BTC/USD', ...rest, 7.5, 3]) // prettier-ignore
    const head = ['https://www.CryptoDataDownload.com', 'Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD,tradecount'] // prettier-ignore
    const found = await read(
      'p.csv',
      lines(
        head,
        rows.map((row) => row.join(',')),
      ),
    )
    expect(pricesOf(found)).toEqual(wanted)
    expect(Array.from(found.volume)).toEqual(bars.map((bar) => bar[5]))
    expect([found.quoteVolume[0], found.trades[0]]).toEqual([7.5, 3])
  })

  test("rows of Binance's REST interface, as JSON and as CSV of any name", async () => {
    const rows = bars.map(([time, ...rest]) => [time * 1000, ...rest.map(String), time * 1000 + 3_599_999, '7.5', 3, '1', '1', '0']) // prettier-ignore
    for (const [name, text] of [
      ['q.json', JSON.stringify(rows)],
      [
        'r.csv',
        lines(
          [],
          rows.map((row) => row.join(',')),
        ),
      ],
    ] as const) {
      // prettier-ignore
      const found = await read(name, text)
      expect(pricesOf(found)).toEqual(wanted)
      expect([found.quoteVolume[0], found.trades[0]]).toEqual([7.5, 3])
    }
  })
})

test('prices of a hundred-millionth keep all their digits', async () => {
  const small = bars.map(([time, ...rest]) => [time, ...rest.map((price) => (price * 1e-10).toExponential(6))])
  const file = path.join(folder, 's.csv')
  writeFileSync(
    file,
    lines(
      [HEAD],
      small.map((row) => row.join(',')),
    ),
  )
  const { instruments, series } = await readMarketFile(file, { instrument: 'A-USD' })
  expect(instruments[0]).toMatchObject({ tickSize: '0.000000000001', lotSize: '0.001' })
  expect(Array.from((series[0] as CandleColumns).close)).toEqual(small.map((row) => Number(row[4])))
})

test.each([
  ['30m', 1800],
  ['2h', 7200],
  ['8h', 28_800],
] as const)('bars of %s', async (timeframe, seconds) => {
  const found = await read(
    `${timeframe}.csv`,
    lines(
      [HEAD],
      withTime((time) => T + ((time - T) / 3600) * seconds),
    ),
  )
  expect([found.timeframe, found.rows]).toEqual([timeframe, bars.length])
})

test.each([
  ['one row', lines([HEAD], plain.slice(0, 1)), 'one row does not tell the time between two'],
  ['one time', lines([HEAD], [plain[0]!, plain[0]!]), 'no row is later than the one before it'],
  [
    'rows of no timeframe',
    lines(
      [HEAD],
      withTime((time) => T + ((time - T) * 7) / 60),
    ),
    'rows 420 s apart',
  ],
])('%s: the timeframe is asked for in words', async (name, text, said) => {
  const file = path.join(folder, `${name}.csv`)
  writeFileSync(file, text)
  const failure = readMarketFile(file, { instrument: 'A-USD' })
  await expect(failure).rejects.toMatchObject({ code: 'no_timeframe', value: expect.stringContaining(said) })
})

describe('bars off the grid of UTC', () => {
  const row = (time: number, i: number) => `${time},${100 + i},${101 + i},${99 + i},${100.5 + i},10`
  const day = 86_400

  test('sessions that begin at half past nine are read as they are; nights are gaps', async () => {
    const times = Array.from({ length: 21 }, (_, i) => 1_704_205_800 + Math.floor(i / 7) * day + (i % 7) * 3600)
    const series = await read('sessions.csv', lines([HEAD], times.map(row)))
    expect(series).toMatchObject({ timeframe: '1h', rows: 21 })
    expect([...series.openTimeUs]).toEqual(times.map((time) => time * 1e6))
  })

  test('days of an exchange that changes its clocks are days, none missing and none twice', async () => {
    const times = Array.from({ length: 20 }, (_, i) => 1_709_528_400 + i * day - (i >= 7 ? 3600 : 0))
    const file = path.join(folder, 'clocks.csv')
    writeFileSync(file, lines([HEAD], times.map(row)))
    const { series, judgement } = await readMarketFile(file, { instrument: 'A-USD' })
    expect(series).toMatchObject([{ timeframe: '1d', rows: 20 }])
    expect(judgement).toMatchObject({ refused: {}, gaps: { count: 0 } })
  })

  test('a bar that begins before the one before it is over is left out', async () => {
    const file = path.join(folder, 'overlap.csv')
    const times = [0, 300, 600, 720, 900].map((after) => T + after)
    writeFileSync(file, lines([HEAD], times.map(row)))
    const { series, judgement } = await readMarketFile(file, { instrument: 'A-USD', timeframe: '5m' })
    expect(series).toMatchObject([{ rows: 4 }])
    expect(Object.keys(judgement.refused)).toEqual(['overlapping_candle'])
  })
})
