import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { Refusal } from '@contrail/contracts'
import fc from 'fast-check'
import { verifyFile } from '../judge/verify.ts'
import type { FileEvent } from './event.ts'
import { eventsOf, inspectFile } from './feed.ts'
import type { FileOptions } from './feed.ts'
import { jsonRowsOf, linesOf } from './open.ts'
import { instrumentOfSymbol } from './symbol.ts'
import { isoUs } from './time.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-files-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const full = path.join(folder, name)
  writeFileSync(full, content)
  return full
}
async function read(options: FileOptions): Promise<FileEvent[]> {
  const events: FileEvent[] = []
  for await (const event of eventsOf(await inspectFile(options))) if (event.kind !== 'bad') events.push(event)
  return events
}
async function refusal(options: FileOptions): Promise<Refusal> {
  const failure: unknown = await verifyFile(options).catch((error: unknown) => error)
  if (!(failure instanceof Refusal)) throw new Error('was not refused', { cause: failure })
  return failure
}
const T = 1_570_752_011_620
const trade = { kind: 'trade', instrument: 'BTC-USDT', venueTimeUs: T * 1000, receiveTimeUs: T * 1000 }

test('CSV with a header: any order and spelling of columns, any time unit, gz', async () => {
  const rows = (time: string) => `Trade ID,Price,Qty,Side,Timestamp\n17,100.5,2,SELL,${time}\n`
  const wanted = [{ ...trade, line: 2, tradeId: '17', side: 'sell', price: 100.5, quantity: 2 }]
  for (const [i, time] of [
    `${T}`,
    `${T}000`,
    `${T}000000`,
    '2019-10-11T00:00:11.620Z',
    '2019-10-11 00:00:11.62',
  ].entries())
    expect(await read({ file: file(`a${i}.csv.gz`, gzipSync(rows(time))), instrument: 'BTC-USDT' })).toEqual(wanted)
  const seconds = `"time";"price";"amount"\r\n${T / 1000};100.5;2\r\n`
  const [event] = await read({ file: file('b.csv', seconds), instrument: 'BTC-USDT' })
  expect(event).toMatchObject({ ...trade, price: 100.5, quantity: 2, side: 'unknown' })
})

test('Binance dumps: trades, aggTrades and klines, with and without a header, zipped, milliseconds and microseconds', async () => {
  const trades = `28457,4261.48,0.1,426.148,${T},True,True\n`
  const wanted = { ...trade, tradeId: '28457', side: 'sell', price: 4261.48, quantity: 0.1 }
  const zip = file('BTCUSDT-trades-2019-10-11.zip', zipOf('BTCUSDT-trades-2019-10-11.csv', trades))
  expect(await read({ file: zip })).toEqual([{ ...wanted, line: 1 }])
  const futures = `id,price,qty,quote_qty,time,is_buyer_maker\n28457,4261.48,0.1,426.148,${T},true\n`
  expect(await read({ file: file('BTCUSDT-trades-f.csv', futures) })).toEqual([{ ...wanted, line: 2 }])
  const agg = `26129,4261.48,0.1,27781,27781,${T}000,false,true\n`
  expect(await read({ file: file('BTCUSDT-aggTrades-2025-01-02.csv', agg) })).toEqual([
    { ...wanted, line: 1, tradeId: '26129', side: 'buy' },
  ])
  const klines = [0, 1].map((i) => `${T - (T % 60_000) + i * 60_000},1,3,0.5,2,10,9,20,4,0,0,0`).join('\n')
  const [bar] = await read({ file: file('BTCUSDT-1m-2019-10.csv', klines) })
  expect(bar).toMatchObject({
    kind: 'candle',
    candle: { timeframe: '1m', open: 1, high: 3, low: 0.5, close: 2, volume: 10, quoteVolume: 20, trades: 4 },
  })
})

test('Kraken and freqtrade rows; equal trades without ids are different trades', async () => {
  const kraken = '1672533909,90.0,0.05\n1672533909,90.0,0.05\n'
  const report = await verifyFile({ file: file('kraken_BCHEUR.csv', kraken) })
  expect(report).toMatchObject({ instrument: 'BCH-EUR', rows: 2, accepted: 2, refused: {} })
  const freqtrade = `[[${T}, "13519807", null, "sell", 100.5, 2.0, 201.0]]`
  expect(await read({ file: file('BTC_USDT-trades.json', freqtrade) })).toEqual([
    { ...trade, line: 1, tradeId: '13519807', side: 'sell', price: 100.5, quantity: 2 },
  ])
})

test('each bad row is counted by reason with the line of the first', async () => {
  const rows = [
    'time,id,price,quantity',
    ...[1, 2, 3].map((i) => `${T + i},${i},100,1`),
    `${T + 4},3,100,1`,
    `${T + 5},2,100,1`,
    `${T + 6},4,0,1`,
    `${T + 7},5,-1,1`,
    `${T + 8},6,nonsense,1`,
    `${T + 9},7,100,NaN`,
    `${T + 10},8,100000000,1`,
    `${T + 11},9,100,0`,
    `yesterday,10,100,1`,
    `${Math.round(T / 1000)},11,100,1`,
    `${T + 12}`,
    `${T + 13},12,101,1`,
  ]
  const report = await verifyFile({ file: file('bad.csv', rows.join('\n')), instrument: 'BTC-USDT' })
  expect({ rows: report.rows, accepted: report.accepted }).toEqual({ rows: 15, accepted: 4 })
  const firstLines = Object.fromEntries(
    Object.entries(report.refused).map(([key, row]) => [key, [row.count, row.firstLine]]),
  )
  expect(firstLines).toEqual({
    duplicate_trade: [2, 5],
    price_not_positive: [2, 7],
    not_a_number: [2, 9],
    price_absurd: [1, 11],
    quantity_not_positive: [1, 12],
    bad_time: [2, 13],
    bad_row: [1, 15],
  })
})

test('gaps, duplicates and disorder of bars are counted', async () => {
  const at = (minute: number) => 1_637_971_200 + minute * 60
  const rows = [0, 1, 2, 2, 1, 5, 6].map((minute) => `${at(minute)},1,2,0.5,1.5,10`)
  const content = ['time,open,high,low,close,volume', ...rows, `${at(7)},3,2,1,1,1`, `${at(8) + 1},1,1,1,1,1`].join(
    '\n',
  )
  const report = await verifyFile({ file: file('bars.csv', content), instrument: 'ADA-BTC' })
  expect(report).toMatchObject({ holds: 'candles', accepted: 5, candles: { '1m': 5 } })
  expect(report.gaps).toEqual({ count: 1, missing: 2, first: [{ line: 7, atUs: at(5) * 1e6, missing: 2 }] })
  expect(Object.keys(report.refused).sort()).toEqual([
    'candle_out_of_order',
    'duplicate_candle',
    'high_below_low',
    'off_grid_time',
  ])
})

test('missing trade ids are a gap', async () => {
  const rows = [1, 2, 5].map((id) => `[${T + id},"${id}",null,"buy",1.5,1,1.5]`)
  const report = await verifyFile({ file: file('XRP_ETH-trades.json', `[${rows.join(',')}]`) })
  expect(report.gaps).toMatchObject({ count: 1, missing: 2, first: [{ line: 3, missing: 2 }] })
})

test('a wrong time unit refuses the file and names the option; the option converts', async () => {
  const content = `[[${Math.round(T / 1000)}, "1", null, "buy", 100.5, 2.0, 201.0]]`
  const options = {
    file: file('BTC_USDT-trades.unit.json', content),
    format: 'freqtrade-trades',
    instrument: 'BTC-USDT',
  }
  const refused = await refusal(options)
  expect(refused).toMatchObject({ code: 'wrong_time_unit', field: 'time' })
  expect(refused.mend).toContain('"s"')
  expect((await verifyFile({ ...options, timeUnit: 's' })).firstTime).toBe('2019-10-11T00:00:12.000000Z')
})

test('a damaged or unsuitable file is one refusal with its mend', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => `${T + i},${100 + (i % 7)},1`).join('\n')
  const packed = gzipSync(`time,price,quantity\n${rows}`)
  const zip = zipOf('x.csv', `time,price,quantity\n${rows}`)
  const broken = Buffer.from(zip)
  broken.writeUInt32LE(0xdeadbeef, broken.length - 22 - 51 + 16)
  const instrument = 'BTC-USDT'
  const csv = 'csv'
  const codes: Record<string, FileOptions> = {
    truncated_file: { file: file('cut.csv.gz', packed.subarray(0, packed.length - 20)), instrument, format: csv },
    checksum: { file: file('sum.zip', broken), instrument, format: csv },
    damaged_file: {
      file: file('bad.gz', Buffer.concat([packed.subarray(0, 200), Buffer.alloc(500)])),
      instrument,
      format: csv,
    },
    empty_file: { file: file('empty.csv', ''), instrument },
    no_file: { file: path.join(folder, 'absent.csv'), instrument },
    not_a_file: { file: folder, instrument },
    no_header: { file: file('headless.csv', `${T},1,1\n`), instrument, format: csv },
    no_usable_row: { file: file('words.csv', 'time,price,quantity\na,b,c\n'), instrument },
    unknown_format: { file: file('x.csv', 'x'), instrument },
    no_instrument: { file: file('nameless.csv', `time,price,quantity\n${T},1,1\n`) },
    row_too_long: { file: file('long.csv', `time,price,quantity\n${'9'.repeat(4_100_000)}`), instrument },
    no_timeframe: {
      file: file('odd.csv', 'time,open,high,low,close,volume\n1600000000,1,1,1,1,1\n1600000007,1,1,1,1,1'),
      instrument,
    },
  }
  for (const [code, options] of Object.entries(codes)) {
    const refused = await refusal(options)
    expect(refused.code, refused.message).toBe(code)
    expect(refused.mend.length).toBeGreaterThan(5)
  }
  const cutArray = await refusal({ file: file('A_B-trades.json', `[[${T},"1",null,"buy",1.5,1,1.5],[${T}`) })
  expect(cutArray.code).toBe('truncated_file')
})

test('rows come out the same wherever the pieces are cut', async () => {
  const text = '[[1,"a]\\"[",2],\n [3,"b",[4]],[5]]'
  const lines = 'one\r\n\ntwo\nthree'
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }), async (sizes) => {
      const rows = []
      for await (const row of jsonRowsOf(pieces(text, sizes))) rows.push(row.text)
      expect(rows).toEqual(['[1,"a]\\"[",2]', '[3,"b",[4]]', '[5]'])
      const found = []
      for await (const row of linesOf(pieces(lines, sizes))) found.push(row)
      expect(found).toEqual([
        { line: 1, text: 'one' },
        { line: 3, text: 'two' },
        { line: 4, text: 'three' },
      ])
    }),
    { numRuns: 50 },
  )
})

test('symbols and times as the world writes them', () => {
  expect(['BTCUSDT', 'XRP_ETH', 'btc/usdt', 'BTCFDUSD', 'nonsense'].map((each) => instrumentOfSymbol(each))).toEqual([
    'BTC-USDT',
    'XRP-ETH',
    'BTC-USDT',
    'BTC-FDUSD',
    undefined,
  ])
  expect(isoUs('2024-01-02T03:04:05.123456Z')).toBe(1_704_164_645_123_456)
  expect(isoUs('2024-01-02 03:04:05+01:00')).toBe(1_704_161_045_000_000)
  expect(isoUs('2 January')).toBeUndefined()
})

async function* pieces(text: string, sizes: readonly number[]): AsyncGenerator<string> {
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i % sizes.length]!
    yield text.slice(at, at + size)
    at += size
  }
}

/** One deflated file in a zip, as APPNOTE.TXT lays it out. */
function zipOf(name: string, content: string): Buffer {
  const packed = deflateRawSync(content)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(packed.length, 14)
  common.writeUInt32LE(Buffer.byteLength(content), 18)
  common.writeUInt16LE(name.length, 22)
  const signature = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return bytes
  }
  const local = Buffer.concat([signature(0x04034b50), common, Buffer.from(name), packed])
  const entry = Buffer.concat([
    signature(0x02014b50),
    Buffer.from([20, 0]),
    common,
    Buffer.alloc(14),
    Buffer.from(name),
  ])
  const end = Buffer.alloc(18)
  end.writeUInt16LE(1, 4)
  end.writeUInt16LE(1, 6)
  end.writeUInt32LE(entry.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, entry, signature(0x06054b50), end])
}
