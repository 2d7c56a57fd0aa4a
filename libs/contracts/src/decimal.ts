import { refuse } from './refusal.ts'

declare const brand: unique symbol
/** Whole ticks of an instrument's price. Exact in a double. */
export type Ticks = number & { readonly [brand]: 'ticks' }
/** Whole lots of an instrument's quantity. Exact in a double. */
export type Lots = number & { readonly [brand]: 'lots' }

/** A decimal string as exact integer and scale: 1.250 -> { units: 1250n, scale: 3 }. */
export type Scaled = { readonly units: bigint; readonly scale: number }

export const DECIMAL_PATTERN = /^-?\d{1,30}(\.\d{1,18})?$/

export function parseDecimal(text: string, field = 'decimal'): Scaled {
  if (!DECIMAL_PATTERN.test(text)) throw refuse('invalid_decimal', field, text, 'write a plain decimal such as "12.50"')
  const point = text.indexOf('.')
  if (point < 0) return { units: BigInt(text), scale: 0 }
  return { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 }
}

/** Shortest exact form: no trailing zeros, no exponent. */
export function formatDecimal({ units, scale }: Scaled): string {
  return formatDigits(units < 0n, (units < 0n ? -units : units).toString(), scale)
}

function formatDigits(negative: boolean, all: string, scale: number): string {
  let digits = all.padStart(scale + 1, '0')
  if (scale > 0) {
    const fraction = digits.slice(-scale).replace(/0+$/, '')
    digits = digits.slice(0, -scale) + (fraction ? `.${fraction}` : '')
  }
  return negative && digits !== '0' ? `-${digits}` : digits
}

function align(a: Scaled, b: Scaled): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale]
}

export function addDecimal(a: string, b: string): string {
  if (areShort(a, b)) return formatShort(first + second, places)
  const [x, y, scale] = align(parseDecimal(a), parseDecimal(b))
  return formatDecimal({ units: x + y, scale })
}

export function subtractDecimal(a: string, b: string): string {
  if (areShort(a, b)) return formatShort(first - second, places)
  const [x, y, scale] = align(parseDecimal(a), parseDecimal(b))
  return formatDecimal({ units: x - y, scale })
}

/** Exact: scales add. */
export function multiplyDecimal(a: string, b: string): string {
  const [x, y] = [parseDecimal(a), parseDecimal(b)]
  return formatDecimal({ units: x.units * y.units, scale: x.scale + y.scale })
}

export function compareDecimal(a: string, b: string): -1 | 0 | 1 {
  if (areShort(a, b)) return first < second ? -1 : first > second ? 1 : 0
  const [x, y] = align(parseDecimal(a), parseDecimal(b))
  return x < y ? -1 : x > y ? 1 : 0
}

export const negateDecimal = (a: string): string => subtractDecimal('0', a)

/** Half away from zero, to `scale` places. */
export function roundDecimal(a: string, scale: number): string {
  const x = parseDecimal(a)
  if (x.scale <= scale) return formatDecimal(x)
  const unit = 10n ** BigInt(x.scale - scale)
  const half = unit / 2n
  const units = x.units < 0n ? -((-x.units + half) / unit) : (x.units + half) / unit
  return formatDecimal({ units, scale })
}

/** A double as the shortest decimal that reads back as the same double, without an exponent. */
export function decimalOf(value: number, field = 'number'): string {
  if (!Number.isFinite(value)) throw refuse('not_finite', field, value, 'give a finite number')
  const text = String(value)
  if (!/e/i.test(text)) return text === '-0' ? '0' : text
  const [mantissa = '0', exponent = '0'] = text.split(/e/i)
  const { units, scale } = parseDecimal(mantissa)
  const shift = Number(exponent) - scale
  return shift >= 0
    ? formatDecimal({ units: units * 10n ** BigInt(shift), scale: 0 })
    : formatDecimal({ units, scale: -shift })
}

/** Powers of ten that align two short decimals. */
const POWERS = Array.from({ length: 19 }, (_, zeros) => Number(`1e${zeros}`))
const DIGITS_MAX = 15
const SHORT_MAX = 1e15
/** What `shortOf` found beside its units. */
let places = 0

/** Units and places of a plain decimal of at most 15 digits as numbers, exact; NaN for whatever else. */
function shortOf(text: string): number {
  const { length } = text
  const from = text.charCodeAt(0) === 45 ? 1 : 0
  if (length - from > DIGITS_MAX || length === from) return NaN
  let units = 0
  let point = -1
  for (let i = from; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) units = units * 10 + code - 48
    else if (code === 46 && point < 0 && i > from && i < length - 1) point = i
    else return NaN
  }
  places = point < 0 ? 0 : length - point - 1
  return from === 1 ? 0 - units : units
}

/** What `areShort` found: both at the same `places`. Their sum is exact, too. */
let first = 0
let second = 0

/** Most amounts have few digits: then doubles say them exactly, at a fraction of the cost. */
function areShort(a: string, b: string): boolean {
  first = shortOf(a)
  const firstPlaces = places
  second = shortOf(b)
  if (firstPlaces > places) {
    second *= POWERS[firstPlaces - places]!
    places = firstPlaces
  } else first *= POWERS[places - firstPlaces]!
  return Math.abs(first) <= SHORT_MAX && Math.abs(second) <= SHORT_MAX
}

const formatShort = (units: number, scale: number): string => formatDigits(units < 0, String(Math.abs(units)), scale)

/** As `stepsOf` where doubles say it exactly, else NaN: most prices and quantities have few digits. */
export function shortStepsOf(value: string, step: string, rounding: 'floor' | 'ceil' | 'nearest' | 'exact'): number {
  let v = shortOf(value)
  const valuePlaces = places
  let s = shortOf(step)
  if (valuePlaces > places) s *= POWERS[valuePlaces - places]!
  else v *= POWERS[places - valuePlaces]!
  if (!(s > 0) || !Number.isSafeInteger(v) || !Number.isSafeInteger(s)) return NaN
  const rest = v % s
  const whole = (v - rest) / s
  if (rest === 0) return whole
  if (rounding === 'floor') return v < 0 ? whole - 1 : whole
  if (rounding === 'ceil') return v < 0 ? whole : whole + 1
  return NaN
}

/** How many whole `step`s are in `value`, rounded as asked. Exact for any decimal string. */
export function stepsOf(
  value: string,
  step: string,
  rounding: 'floor' | 'ceil' | 'nearest' | 'exact',
  field = 'value',
) {
  const short = shortStepsOf(value, step, rounding)
  if (short === short) return short
  const [v, s] = align(parseDecimal(value, field), parseDecimal(step, 'step'))
  if (s <= 0n) throw refuse('invalid_step', 'step', step, 'a tick or lot size is above zero')
  const whole = v / s
  const rest = v % s
  if (rest === 0n) return Number(whole)
  switch (rounding) {
    case 'exact':
      throw refuse('off_step', field, value, `use a multiple of ${step}`)
    case 'floor':
      return Number(v < 0n ? whole - 1n : whole)
    case 'ceil':
      return Number(v < 0n ? whole : whole + 1n)
    case 'nearest':
      return Number((rest < 0n ? -rest : rest) * 2n >= s ? whole + (v < 0n ? -1n : 1n) : whole)
  }
}

/** `count` whole steps as a decimal string. */
export function fromSteps(count: number, step: string): string {
  // Most steps are a power of ten, and then it is the digits of the count and a point among them.
  const whole = shortOf(step) * count
  if (Number.isSafeInteger(whole) && whole >= 0 && Number.isInteger(count)) return pointed(String(whole), places)
  const short = shortOf(step) * count
  if (Math.abs(short) <= SHORT_MAX && Number.isSafeInteger(count)) return formatShort(short, places)
  const { units, scale } = parseDecimal(step, 'step')
  return formatDecimal({ units: BigInt(count) * units, scale })
}

/** Digits with a point before the last `scale` of them, without zeros behind it. */
function pointed(digits: string, scale: number): string {
  let from = digits.length
  let rest = scale
  while (rest > 0 && (from === 0 || digits.charCodeAt(from - 1) === ZERO)) {
    if (from > 0) from--
    rest--
  }
  if (rest === 0) return from === 0 ? '0' : digits.slice(0, from)
  if (from > rest) return `${digits.slice(0, from - rest)}.${digits.slice(from - rest, from)}`
  return `0.${'0'.repeat(rest - from)}${digits.slice(0, from)}`
}
const ZERO = 48
