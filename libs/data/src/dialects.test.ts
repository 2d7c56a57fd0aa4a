import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { CandleColumns } from '@contrail/trading'
import { afterAll, expect, test } from 'vitest'
import { readMarketFile } from './market-file.ts'

/* The same bars as tools of other countries and exchanges write them. */

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-dialects-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

async function read(text: string, ending = 'csv') {
  const file = path.join(folder, `${files++}.${ending}`)
  writeFileSync(file, text)
  const { series, judgement } = await readMarketFile(file, { instrument: 'A-USD' })
  expect(judgement.refused).toEqual({})
  const { timeframe, openTimeUs, open, high, low, close, volume } = series[0] as CandleColumns
  return {
    timeframe,
    bars: Array.from(openTimeUs, (us, i) => [us / 1e6, open[i], high[i], low[i], close[i], volume[i]]),
  }
}

const T = 1_705_104_000 // 2024-01-13
const bars = Array.from({ length: 30 }, (_, i) => {
  const price = 1000 + 7 * i
  return [T + i * 3600, price, price + 5.5, price - 4.25, price + 2, 1500 + i] as const
})
const wanted = { timeframe: '1h', bars: bars.map((bar) => [...bar]) }
const parts = (time: number) => {
  const [year, month, day, hour, minute] = new Date(time * 1000).toISOString().split(/[-T:]/) as [
    string,
    string,
    string,
    string,
    string,
  ]
  return { year, month, day, hour, minute }
}
type Parts = ReturnType<typeof parts>
const table = (
  head: string,
  time: (at: Parts) => string,
  separator = ',',
  number: (value: number) => string = String,
): string =>
  [
    ...(head === '' ? [] : [head]),
    ...bars.map(([at, ...numbers]) => [time(parts(at)), ...numbers.map(number)].join(separator)),
  ].join('\n')
const comma = (value: number): string => value.toFixed(2).replace('.', ',')
const german = (value: number): string => value.toLocaleString('de-DE', { minimumFractionDigits: 2 })
const quoted = (value: number): string => `"${value.toLocaleString('en-US', { minimumFractionDigits: 1 })}"`
const half = (hour: string): string => `${Number(hour) % 12 || 12}:00 ${Number(hour) < 12 ? 'AM' : 'PM'}`
const NAMES = 'Open,High,Low,Close,Volume'

test.each([
  [
    'a date and a time of day',
    table(`Date,Time,${NAMES}`, (at) => `${at.year}-${at.month}-${at.day},${at.hour}:${at.minute}`),
  ],
  [
    'a date and a time of day in brackets, between tabs',
    table(
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>',
      (at) => `${at.year}.${at.month}.${at.day}\t${at.hour}:00:00`,
      '\t',
    ),
  ],
  ['the same without a header', table('', (at) => `${at.year}.${at.month}.${at.day},${at.hour}:${at.minute}`)],
  ['digits alone', table(`date,time,${NAMES}`, (at) => `${at.year}${at.month}${at.day},${at.hour}0000`)],
  [
    'digits alone without a header, between semicolons',
    table('', (at) => `${at.year}${at.month}${at.day} ${at.hour}0000`, ';'),
  ],
  [
    'the month first',
    table(`Date,${NAMES}`, (at) => `${Number(at.month)}/${Number(at.day)}/${at.year} ${Number(at.hour)}:00`),
  ],
  ['the day first', table(`Date,${NAMES}`, (at) => `${at.day}/${at.month}/${at.year} ${at.hour}:00:00`)],
  [
    'points between, and decimal commas',
    table(
      `Gmt time;${NAMES.replaceAll(',', ';')}`,
      (at) => `${at.day}.${at.month}.${at.year} ${at.hour}:00:00.000`,
      ';',
      comma,
    ),
  ],
  [
    'points of thousands',
    table(`Date;${NAMES.replaceAll(',', ';')}`, (at) => `${at.year}-${at.month}-${at.day} ${at.hour}:00`, ';', german),
  ],
  [
    'commas of thousands',
    table(`Date,${NAMES}`, (at) => `${at.year}-${at.month}-${at.day} ${at.hour}:00`, ',', quoted),
  ],
  ['halves of a day', table(`Date,${NAMES}`, (at) => `${at.year}-${at.month}-${at.day} ${half(at.hour)}`)],
])('bars are the same with %s', async (_, text) => {
  expect(await read(text)).toEqual(wanted)
})

test('dates without separators are days, and no seconds since 1970', async () => {
  const rows = ['20240112', '20240113', '20240114'].map((day) => `${day},1,2,0.5,1.5,10`)
  const { timeframe, bars: read1d } = await read(['date,open,high,low,close,volume', ...rows].join('\n'))
  expect([timeframe, read1d[0]?.[0], read1d.length]).toEqual(['1d', Date.UTC(2024, 0, 12) / 1000, 3])
})

test("a table of days that calls its close the price, and counts its volume in thousands: as investing.com's", async () => {
  const text = `"Date","Price","Open","High","Low","Vol.","Change %"
"01/14/2024","44,500.0","45,000.0","45,500.0","44,000.0","100.5K","-1.1%"
"01/13/2024","45,000.0","44,000.0","45,500.0","43,000.0","1.2M","2.0%"`
  const day = Date.UTC(2024, 0, 13) / 1000
  expect((await read(text)).bars).toEqual([
    [day, 44_000, 45_500, 43_000, 45_000, 1_200_000],
    [day + 86_400, 45_000, 45_500, 44_000, 44_500, 100_500],
  ])
})

test('what leaves a doubt is refused in a line that says it', async () => {
  const ambiguous = ['Date,Open,High,Low,Close', '01/02/2024,1,2,0.5,1.5', '01/03/2024,1,2,0.5,1.5'].join('\n')
  await expect(read(ambiguous)).rejects.toMatchObject({
    code: 'ambiguous_date',
    mend: expect.stringMatching(/2024-01-31/),
  })
  const numbers = ['Date;Open;High;Low;Close', ...[1, 2].map((day) => `2024-01-0${day};44,100;44,500;44,000;44,200`)]
  await expect(read(numbers.join('\n'))).rejects.toMatchObject({ code: 'ambiguous_number' })
})

test('answers of exchanges: rows within an object, from new to old, with letters for names', async () => {
  const list = bars.toReversed().map(([time, ...rest]) => [time * 1000, ...rest].map(String))
  const letters = bars.map(([time, o, h, l, c, v]) => ({ v, o, c, h, l, t: time * 1000, n: 5 }))
  const objects = bars.map(([time, open, high, low, close, volume]) => ({ time, open, high, low, close, volume }))
  const texts = [
    JSON.stringify({ retCode: 0, retMsg: 'OK', result: { symbol: 'A', list }, time: 1 }),
    JSON.stringify({ ticker: 'A', adjusted: true, results: letters, status: 'OK' }),
    JSON.stringify({ data: objects }, null, 2),
  ]
  for (const text of texts) expect(await read(text, 'json')).toEqual(wanted)
})
