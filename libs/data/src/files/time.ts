import { refuse } from '@contrail/contracts'

export const TIME_UNITS = ['s', 'ms', 'us', 'ns'] as const
export type TimeUnit = (typeof TIME_UNITS)[number]

/** No market of ours is older than 1970-04 or younger than 2100; outside, the unit is wrong or the row is. */
export const YEAR_2100_US = 4_102_444_800_000_000
export const FIRST_US = 7_776_000_000_000
const US_PER: Readonly<Record<TimeUnit, number>> = { s: 1_000_000, ms: 1000, us: 1, ns: 0.001 }

/** Units differ by 1,000, so the size of a number tells which one it is in (true from 1973 to 5138). */
export function unitOf(value: number): TimeUnit {
  const size = Math.abs(value)
  if (size < 1e11) return 's'
  if (size < 1e14) return 'ms'
  return size < 1e17 ? 'us' : 'ns'
}

export type TimeReader = {
  /** Microseconds, or undefined when the text is no time of this file. */
  read(text: string): number | undefined
  readonly unit: () => TimeUnit | 'iso' | undefined
}

/**
 * Reads one file's times. The first row settles the unit: it must be one of `expected` unless the caller names a unit,
 * because prices a thousand years late look like any others.
 */
export function timeReader(expected: readonly TimeUnit[], given: TimeUnit | undefined, field = 'time'): TimeReader {
  let unit: TimeUnit | 'iso' | undefined
  const settle = (text: string, value: number): TimeUnit => {
    const found = unitOf(value)
    if (given !== undefined && given !== found)
      throw refuse(
        'wrong_time_unit',
        field,
        text,
        `the time unit was given as "${given}", the number looks like ${found}; give the time unit "${found}"`,
      )
    if (given === undefined && !expected.includes(found))
      throw refuse(
        'wrong_time_unit',
        field,
        text,
        `this format is in ${expected.join(' or ')}, the number looks like ${found}; give the time unit "${found}" to convert`,
      )
    return found
  }
  return {
    unit: () => unit ?? given,
    read(text) {
      const value = text === '' ? Number.NaN : Number(text)
      if (Number.isNaN(value)) {
        if (unit !== undefined && unit !== 'iso') return undefined
        const parsed = isoUs(text)
        if (parsed !== undefined) unit = 'iso'
        return within(parsed)
      }
      if (unit === 'iso') return undefined
      unit ??= settle(text, value)
      return within(scaled(text, value, US_PER[unit], unit))
    },
  }
}

/** Nanoseconds do not fit a double: their last three digits are cut as text. */
function scaled(text: string, value: number, factor: number, unit: TimeUnit): number {
  if (unit === 'ns' && /^\d+$/.test(text)) return Number(text.slice(0, -3))
  return Math.round(value * factor)
}

const within = (us: number | undefined): number | undefined =>
  us !== undefined && us >= FIRST_US && us < YEAR_2100_US ? us : undefined

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?( ?UTC|Z|[+-]\d{2}:?\d{2})?)?$/

/** ISO 8601 to the microsecond; without an offset it is UTC. */
export function isoUs(text: string): number | undefined {
  const match = ISO.exec(text.trim())
  if (!match) return undefined
  const [, day, time = '00:00:00', fraction = '', offset = 'Z'] = match
  const ms = Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}${offset.replace(/ ?UTC/, 'Z')}`)
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}
