import { expect, test } from 'vitest'
import { age, money, noted, percent, placesOf, price, quantity, reasonWords, toneOf, words } from './format.ts'

test.each([
  ['0', 2, '0.00'],
  ['1234567.891', 2, '1,234,567.89'],
  ['-1234.005', 2, '−1,234.01'],
  ['-0.001', 2, '0.00'],
  ['999.995', 2, '1,000.00'],
  ['90071992547409931.07', 2, '90,071,992,547,409,931.07'],
  ['12', 0, '12'],
])('%s with %i places is %s', (value, places, shown) => {
  expect(money(value, places)).toBe(shown)
})

test('a sign is shown where asked, never on zero', () => {
  expect(money('1', 2, { sign: true })).toBe('+1.00')
  expect(money('0.001', 2, { sign: true })).toBe('0.00')
})

test('a quantity keeps all its digits', () => {
  expect(quantity('-1234.000000001')).toBe('−1,234.000000001')
})

test('prices follow the step of the instrument', () => {
  expect(price(64_231.4, placesOf('0.1'))).toBe('64,231.4')
  expect(price('0.53125', placesOf('0.0001'))).toBe('0.5313')
  expect(price(null)).toBe('–')
  expect(price(1e-7, 8)).toBe('0.00000010')
})

test('percent is exact and undefined of nothing', () => {
  expect(percent('103.49', '100000')).toBe('+0.10%')
  expect(percent('-5', '3')).toBe('−166.66%')
  expect(percent('1', '0')).toBeUndefined()
})

test('small things', () => {
  expect([toneOf('0.0001'), toneOf('-1'), toneOf('0.00'), toneOf(null)]).toEqual(['up', 'down', 'flat', 'flat'])
  expect([age(40), age(2_400), age(61_000), age(7_300_000)]).toEqual(['0.0 s', '2 s', '1 min', '2 h'])
  expect([noted(2.5), noted(0.000123456), noted(null), noted('up'), noted(Number.NaN)]).toEqual([
    '2.5',
    '0.0001235',
    'none',
    'up',
    'none',
  ])
  expect(words('partially_filled')).toBe('partially filled')
})

test('a reason is said in words', () => {
  const text = 'REDUCE_ONLY_EXCEEDS_POSITION: control=C19 found=0.2 limit=at most 0'
  expect(reasonWords({ text })).toBe('reduce only exceeds position: found 0.2, limit at most 0 (C19)')
  expect(reasonWords({ text: 'the venue said no' })).toBe('the venue said no')
})
