import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TickColumns } from '@contrail/trading'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { readMarketFile } from '../market-file.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'contrail-scan-'))
afterAll(() => rmSync(folder, { recursive: true }))

const ROWS = 4_000
const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`))
/** As programs write numbers: any count of digits on both sides of the point, exponents, spaces, quotes, a sign. */
const text = fc.oneof(
  fc.tuple(digits(1, 20), digits(0, 20)).map(([whole, part]) => (part === '' ? whole : `${whole}.${part}`)),
  fc.tuple(digits(7, 9), digits(7, 9)).map(([whole, part]) => `${whole}.${part}`),
  fc.double({ min: 1e-9, max: 1e15, noNaN: true }).map(String),
  fc.tuple(fc.double({ min: 1, max: 9, noNaN: true }), fc.integer({ min: -9, max: 9 })).map(([m, e]) => `${m}e${e}`),
  fc
    .tuple(digits(1, 9), fc.constantFrom(' 5', '5 ', '"5"', '+5', '5.', '.5', '05', '5..0', '5-', '', '-5'))
    .map(([, odd]) => odd),
)
const startUs = 1_704_067_200_000_000

test.each([
  ['us', 1, '\n'],
  ['ms', 1_000, '\r\n'],
  ['s', 1_000_000, '\n'],
] as const)(
  'numbers read from bytes are what JavaScript makes of their text, bit by bit (times in %s)',
  async (unit, size, end) => {
    const [quantities = []] = fc.sample(fc.array(text, { minLength: ROWS, maxLength: ROWS, size: 'max' }), 1)
    const times = quantities.map((_, row) => startUs / size + row)
    const file = path.join(folder, `${unit}.csv`)
    const lines = quantities.map((quantity, row) => `${times[row]},100,${quantity}`)
    writeFileSync(file, ['time,price,quantity', ...lines].join(end))
    const { series, judgement } = await readMarketFile(file, { instrument: 'BTC-USDT', timeUnit: unit })
    const [read] = series as [TickColumns]
    const clean = (quantity: string) => (quantity.trim() === '' ? NaN : Number(quantity.replaceAll('"', '').trim()))
    const expected = quantities
      .map((quantity, row) => [times[row]! * size, clean(quantity)])
      .filter(([, value]) => value! > 0 && value! < Infinity)
    expect(Array.from(read.quantity, (value, row) => [read.receiveTimeUs[row], value])).toEqual(expected)
    expect([judgement.rows, expected.length > ROWS / 2, expected.length < ROWS]).toEqual([ROWS, true, true])
  },
)
