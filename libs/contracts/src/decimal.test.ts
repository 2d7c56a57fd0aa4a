import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addDecimal,
  compareDecimal,
  decimalOf,
  formatDecimal,
  fromSteps,
  multiplyDecimal,
  parseDecimal,
  roundDecimal,
  stepsOf,
  subtractDecimal,
} from './decimal.ts'

const decimal = fc
  .tuple(fc.bigInt(-(10n ** 20n), 10n ** 20n), fc.integer({ min: 0, max: 12 }))
  .map(([units, scale]) => formatDecimal({ units, scale }))

test.each([
  ['0.1', '0.2', '0.3'],
  ['61737.63', '-61737.63', '0'],
  ['-0.00000001', '1', '0.99999999'],
])('%s + %s = %s, exactly', (a, b, sum) => expect(addDecimal(a, b)).toBe(sum))

test.each([
  ['2.05', '0.001', 'floor', 2050],
  ['0.00141342', '0.00000001', 'exact', 141342],
  ['1.009', '0.01', 'floor', 100],
  ['1.001', '0.01', 'ceil', 101],
  ['1.005', '0.01', 'nearest', 101],
  ['-1.001', '0.01', 'floor', -101],
] as const)('%s holds %s-steps rounded %s: %i', (value, step, rounding, count) =>
  expect(stepsOf(value, step, rounding)).toBe(count),
)

test('a value off the step is refused by name', () => {
  expect(() => stepsOf('1.005', '0.01', 'exact', 'price')).toThrow(/price: "1.005" refused \(off_step\)/)
})

test.each(['1,0', '1e5', 'NaN', '', ' 1', '.5', '1.', '--1', '0x10', '1'.repeat(31)])('%j is not a decimal', (text) => {
  expect(() => parseDecimal(text)).toThrow(/invalid_decimal/)
})

/** Around the number of digits up to which doubles are used, with zeros in front and behind. */
const written = fc
  .tuple(fc.constantFrom('', '-'), fc.stringMatching(/^\d{1,16}$/), fc.stringMatching(/^(\.\d{1,16})?$/))
  .map((parts) => parts.join(''))

test('short amounts and long ones are reckoned alike', () => {
  const exactly = (a: string, b: string, sum: (x: bigint, y: bigint) => bigint) => {
    const [x, y] = [parseDecimal(a), parseDecimal(b)]
    const scale = Math.max(x.scale, y.scale)
    return { units: sum(x.units * 10n ** BigInt(scale - x.scale), y.units * 10n ** BigInt(scale - y.scale)), scale }
  }
  fc.assert(
    fc.property(written, written, fc.integer({ min: -1e9, max: 1e9 }), (a, b, count) => {
      expect(addDecimal(a, b)).toBe(formatDecimal(exactly(a, b, (x, y) => x + y)))
      const difference = exactly(a, b, (x, y) => x - y)
      expect(subtractDecimal(a, b)).toBe(formatDecimal(difference))
      expect(compareDecimal(a, b)).toBe(difference.units < 0n ? -1 : difference.units > 0n ? 1 : 0)
      const { units, scale } = parseDecimal(a)
      expect(fromSteps(count, a)).toBe(formatDecimal({ units: units * BigInt(count), scale }))
    }),
    { numRuns: 2_000 },
  )
})

test.each(['1,0', '', '.5', '1.', '-', '1-2'])('%j is refused by sums, too', (text) => {
  expect(() => addDecimal(text, '1')).toThrow(/invalid_decimal/)
  expect(() => compareDecimal('1', text)).toThrow(/invalid_decimal/)
})

test('sums and differences undo each other, products commute, order agrees with the difference', () => {
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      expect(subtractDecimal(addDecimal(a, b), b)).toBe(formatDecimal(parseDecimal(a)))
      expect(multiplyDecimal(a, b)).toBe(multiplyDecimal(b, a))
      const difference = subtractDecimal(a, b)
      expect(compareDecimal(a, b)).toBe(difference === '0' ? 0 : difference.startsWith('-') ? -1 : 1)
    }),
  )
})

test('any finite double reads back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }), (value) => {
      fc.pre(value === 0 || Math.abs(value) > 1e-17)
      expect(Number(decimalOf(value))).toBe(value === 0 ? 0 : value)
    }),
  )
})

test('steps and back is the identity', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom('0.01', '0.00001', '5', '0.5'), (count, step) => {
      expect(stepsOf(fromSteps(count, step), step, 'exact')).toBe(count)
    }),
  )
})

/** By whole numbers of any length alone. */
function stepsByBigInt(value: string, step: string, rounding: 'floor' | 'ceil' | 'nearest' | 'exact'): number {
  const [a, b] = [parseDecimal(value), parseDecimal(step)]
  const [v, s] = [a.units * 10n ** BigInt(b.scale), b.units * 10n ** BigInt(a.scale)]
  if (s <= 0n) throw new Error('invalid_step')
  const [whole, rest] = [v / s, v % s]
  if (rest === 0n) return Number(whole)
  if (rounding === 'exact') throw new Error('off_step')
  if (rounding === 'floor') return Number(v < 0n ? whole - 1n : whole)
  if (rounding === 'ceil') return Number(v < 0n ? whole : whole + 1n)
  const isMore = (rest < 0n ? -rest : rest) * 2n >= s
  return Number(isMore ? whole + (v < 0n ? -1n : 1n) : whole)
}

test('steps of short decimals are those of long ones, refusals too', () => {
  const digits = fc.stringMatching(/^-?[0-9]{1,16}(\.[0-9]{1,12})?$/)
  const step = fc.oneof(fc.constantFrom('0.01', '0.00000001', '5', '0.5', '0', '1000', '-1', '0.30', '3'), digits)
  const rounding = fc.constantFrom('floor', 'ceil', 'nearest', 'exact')
  const outcome = (count: () => number): string => {
    try {
      return `${count()}`
    } catch (error) {
      return /invalid_step|off_step/.exec(String(error))?.[0] ?? String(error)
    }
  }
  fc.assert(
    fc.property(digits, step, rounding, (value, one, how) => {
      const ours = outcome(() => stepsOf(value, one, how))
      expect(ours).toBe(outcome(() => stepsByBigInt(value, one, how)))
      if (!Number.isNaN(Number(ours))) expect(Object.is(Number(ours), -0)).toBe(false)
    }),
    { numRuns: 3000 },
  )
  for (const text of ['', '-', '.5', '5.', '1e3', ' 1', '1..2', '+1']) {
    expect(() => stepsOf(text, '0.01', 'floor')).toThrow(/invalid_decimal/)
    expect(() => stepsOf('1', text, 'floor')).toThrow(/invalid_decimal/)
  }
})

test('a count of steps as text is that of whole numbers of any length, refusals too', () => {
  const step = fc.oneof(
    fc.constantFrom('0.01', '0.00000001', '5', '0.5', '0', '1000', '-1', '0.30', '2.50', ''),
    decimal,
  )
  const count = fc.oneof(fc.integer({ min: -1000, max: 100_000 }), fc.maxSafeInteger(), fc.constantFrom(-0, 1.5, NaN))
  const outcome = (text: () => string): string => {
    try {
      return text()
    } catch (error) {
      return String(error)
    }
  }
  const law = (of: number, size: string): string => {
    const { units, scale } = parseDecimal(size, 'step')
    return formatDecimal({ units: BigInt(of) * units, scale })
  }
  fc.assert(
    fc.property(count, step, (of, size) => {
      expect(outcome(() => fromSteps(of, size))).toBe(outcome(() => law(of, size)))
    }),
    { numRuns: 3000 },
  )
})

test('rounding is half away from zero', () => {
  expect(roundDecimal('1.005', 2)).toBe('1.01')
  expect(roundDecimal('-1.005', 2)).toBe('-1.01')
  expect(roundDecimal('1.0049', 2)).toBe('1')
})
