import fc from 'fast-check'
import { expect, test } from 'vitest'
import { longDecimal } from './decimal.ts'

const digits = (text: string, decimals: number): string =>
  decimals === 0 ? text : `${text.slice(0, -decimals) || '0'}.${text.slice(-decimals).padStart(decimals, '0')}`

test('numbers of 16 to 22 digits are what JavaScript reads, or are left to it', () => {
  let left = 0
  const long = fc.tuple(
    fc.integer({ min: 100_000_000_000_000, max: 999_999_999_999_999 }),
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 0, max: 9_999_999 }),
    fc.integer({ min: 0, max: 22 }),
  )
  fc.assert(
    fc.property(long, ([high, lowDigits, any, decimals]) => {
      const low = any % 10 ** lowDigits
      const read = longDecimal(high, low, lowDigits, decimals)
      if (Number.isNaN(read)) left++
      else expect(read).toBe(Number(digits(`${high}${String(low).padStart(lowDigits, '0')}`, decimals)))
    }),
    { numRuns: 20_000 },
  )
  expect(left).toBeLessThan(200)
})

test('doubles as programs print them read back as themselves', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (value) => {
      const text = String(value)
      const point = text.indexOf('.')
      const all = text.replace('.', '').replace(/^0+/, '')
      fc.pre(point > 0 && all.length > 15 && !text.includes('e'))
      const read = longDecimal(
        Number(all.slice(0, 15)),
        Number(all.slice(15)),
        all.length - 15,
        text.length - point - 1,
      )
      expect(Number.isNaN(read) ? value : read).toBe(value)
    }),
    { numRuns: 5000 },
  )
})
