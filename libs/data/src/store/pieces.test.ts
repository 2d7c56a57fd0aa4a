import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { check, instrumentSchema } from '@contrail/contracts'
import type { CandleColumns } from '@contrail/trading'
import { afterAll, expect, test } from 'vitest'
import { rowsOf, sharedColumns } from '../columns/kinds.ts'
import { PeriodFile } from './period.ts'
import { readSharedPieces } from './pieces.ts'
import { openStore } from './store.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-pieces-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ROWS = 20_000
const names = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1h' } as const
const column = (cell: (row: number) => number) => Float64Array.from({ length: ROWS }, (_, row) => cell(row))
const series: CandleColumns = {
  ...names,
  rows: ROWS,
  openTimeUs: column((row) => 1_704_067_200_000_000 + row * 3_600_000_000),
  open: column((row) => row + 1),
  high: column((row) => row + 3),
  low: column((row) => row + 0.5),
  close: column((row) => row + 2),
  volume: column((row) => row % 7),
  quoteVolume: column((row) => row),
  trades: column((row) => row % 5),
}
const instrument = check(
  instrumentSchema,
  {
    venue: 'sim',
    instrument: 'BTC-USDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.1',
    lotSize: '1',
    minQuantity: '1',
    minNotional: '0',
    makerFeeBps: 0,
    takerFeeBps: 0,
  },
  'instrument',
)

/** Two threads, whatever its size. */
async function readByTwo(files: readonly PeriodFile[]): Promise<ReturnType<typeof sharedColumns>> {
  const all = sharedColumns('candles', ROWS)
  let row = 0
  const pieces = files.flatMap((file) => {
    row += file.rows
    return file.pieces(all, row - file.rows)
  })
  await readSharedPieces(pieces, 0)
  return all
}

test('what two threads read is what was written, and what either finds damaged is refused by name', async () => {
  const store = openStore(folder)
  await store.write(series, instrument, 'test')
  const files = store.files(names).map((file) => new PeriodFile(file))
  expect(files.length).toBeGreaterThan(20)
  expect(await readByTwo(files)).toEqual(rowsOf(series).columns)
  const last = files.at(-1)!
  const close = last.header.description.columns.find(({ name }) => name === 'close')!
  const fd = openSync(last.file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(fd, byte, 0, 1, close.offset + 9)
  writeSync(fd, Buffer.of(byte[0]! ^ 1), 0, 1, close.offset + 9)
  closeSync(fd)
  await expect(readByTwo(files)).rejects.toThrow(/checksum of column close/)
  rmSync(last.file)
  await expect(readByTwo(files)).rejects.toThrow(/ENOENT/)
})
