import { POWERS } from './decimal.ts'
import { FIRST_US, isoUs, TIME_UNITS, YEAR_2100_US } from './time.ts'

type ByteTime = (bytes: Uint8Array, from: number, to: number) => number

const text = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to))
/** NaN for what no market of ours can have said. */
export const within = (us: number): number => (us >= FIRST_US && us < YEAR_2100_US ? us : Number.NaN)

/** Reads times of one unit from bytes as microseconds; NaN when they are none of this file. */
export function byteTimes(unit: string): ByteTime {
  if (unit === 'iso') return isoTimes()
  const known = TIME_UNITS.find((each) => each === unit) ?? 'us'
  if (known === 'ns') return (bytes, from, to) => within(number(bytes, from, Math.max(from, to - 3)))
  const factor = known === 's' ? 1_000_000 : known === 'ms' ? 1000 : 1
  return (bytes, from, to) => within(Math.round(number(bytes, from, to) * factor))
}

/** Whole numbers by their digits, others the slow way. */
function number(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return Number.NaN
  if (to - from > 18) return Number(text(bytes, from, to))
  // In two parts of at most nine digits, which are whole numbers of 32 bits.
  const middle = Math.min(to, from + 9)
  const high = part(bytes, from, middle)
  const low = part(bytes, middle, to)
  if (high < 0 || low < 0) return Number(text(bytes, from, to))
  return high * POWERS[to - middle]! + low
}

/** -1: not digits alone. */
function part(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 48
    if (digit < 0 || digit > 9) return -1
    value = (Math.imul(value, 10) + digit) | 0
  }
  return value
}

/** ISO times of neighbouring rows mostly share their day: only a new day is worked out. */
function isoTimes(): ByteTime {
  const day = new Uint8Array(10)
  let dayUs = Number.NaN
  return (bytes, from, to) => {
    const length = to - from
    if (length !== 10 && length < 16) return Number.NaN
    for (let i = 0; i < 10; i++) {
      if (bytes[from + i] === day[i]) continue
      const found = isoUs(text(bytes, from, from + 10))
      if (found === undefined) return Number.NaN
      day.set(bytes.subarray(from, from + 10))
      dayUs = found
      break
    }
    if (length === 10) return within(dayUs)
    const plain = plainTime(bytes, from + 11, to)
    if (plain >= 0) return within(dayUs + plain)
    return within(isoUs(text(bytes, from, to)) ?? Number.NaN)
  }
}

const two = (bytes: Uint8Array, at: number): number => {
  const [tens, ones] = [bytes[at]! - 48, bytes[at + 1]! - 48]
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

/** `HH:MM[:SS[.ffffff]][Z]` as microseconds of the day; NaN for anything else, which is read the slow way. */
function plainTime(bytes: Uint8Array, from: number, to: number): number {
  const end = bytes[to - 1] === 0x5a ? to - 1 : to
  const length = end - from
  if (bytes[from + 2] !== 58 || (length !== 5 && bytes[from + 5] !== 58)) return Number.NaN
  const [hours, minutes, seconds] = [two(bytes, from), two(bytes, from + 3), length === 5 ? 0 : two(bytes, from + 6)]
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN
  let fraction = 0
  if (length > 8) {
    if (bytes[from + 8] !== 46 || length > 15) return Number.NaN
    for (let i = 0; i < 6; i++) {
      const digit = from + 9 + i < end ? bytes[from + 9 + i]! - 48 : 0
      if (digit < 0 || digit > 9) return Number.NaN
      fraction = fraction * 10 + digit
    }
  } else if (length !== 5 && length !== 8) return Number.NaN
  return (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + fraction
}
