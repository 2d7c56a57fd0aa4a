import { isoOfUs } from '@contrail/contracts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteText } from './byte-text.ts'

function written(write: (text: ByteText) => void): string {
  const parts: Buffer[] = []
  const text = new ByteText((bytes) => parts.push(Buffer.from(bytes)))
  write(text)
  text.flush()
  return Buffer.concat(parts).toString()
}

const decimals = fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 10 }))
const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  decimals.map(([units, places]) => units / 10 ** places),
  decimals.map(([units, places]) => units / 10 ** places + 0.1),
)

test('a number is what String says', () => {
  fc.assert(
    fc.property(fc.array(numbers), (values) => {
      const found = written((text) => values.forEach((value) => (text.number(value), text.line())))
      expect(found).toBe(values.map((value) => `${value}\n`).join(''))
    }),
    { numRuns: 300 },
  )
  for (const value of [0, -0, 1e21, 1e15, 999999999999999.9, 123456789.12345678, 1e-6, 9.9e-7, 5e-324, 0.1 + 0.2, NaN])
    expect(written((text) => text.number(value))).toBe(String(value))
})

test('an instant is what isoOfUs says, whatever day was written before', () => {
  const instants = fc.integer({ min: -62_135_596_800_000_000, max: 9_007_199_254_740_991 })
  fc.assert(
    fc.property(fc.array(instants), fc.array(fc.integer({ min: 0, max: 200_000_000_000 })), (all, near) => {
      const times = [...all, ...near.map((one) => 1_700_000_000_000_000 + one)]
      expect(written((text) => times.forEach((at) => text.time(at)))).toBe(times.map(isoOfUs).join(''))
    }),
  )
})

test('text of any length and alphabet is written as UTF-8', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 200 })), (texts) => {
      expect(written((text) => texts.forEach((one) => text.raw(one)))).toBe(texts.join(''))
    }),
  )
})

test('a cell is in quotes where a comma, a quote or a line is in it', () => {
  const cells = ['plain', undefined, 'a,b', 'say "so"', 'two\nlines', 'é']
  expect(written((text) => cells.forEach((one) => (text.cell(one), text.comma())))).toBe(
    'plain,,"a,b","say ""so""","two\nlines",é,',
  )
})

test('more than its room holds goes out in parts', () => {
  const long = 'é'.repeat(1 << 20)
  const found = written((text) => {
    text.raw('a')
    text.raw(long)
    for (let i = 0; i < 200_000; i++) text.number(i)
  })
  const expected = `a${long}${Array.from({ length: 200_000 }, (_, i) => i).join('')}`
  expect(found === expected).toBe(true)
})
