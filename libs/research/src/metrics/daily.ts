import { DAY_US } from '@contrail/contracts'
import { firstAbove } from './statistics.ts'
import type { Numbers } from './statistics.ts'

/** Equity at the end of days: `value[0]` is the starting balance, `value[i]` that at 00:00 UTC after day `day[i]`. */
export type DailyEquity = {
  /** Days since the epoch; `day[0]` is the day before the first. */
  readonly day: Float64Array
  readonly value: Float64Array
}

/** The UTC day that a point belongs to: 00:00 sharp still belongs to the day that it ends. */
export const dayOf = (timeUs: number): number => Math.ceil(timeUs / DAY_US) - 1

/** Fewer days than this say nothing about weekends. */
const DAYS_TO_TELL = 10
/** A market that closes at weekends has so many. Which ones depends on where its midnight is. */
const WEEKDAYS_MAX = 5

/** 252 when the data has at least ten days, and none on two days of the week, else 365. */
export function periodsPerYearOf(timeUs: Numbers): 252 | 365 {
  const days = new Set<number>()
  const weekdays = new Set<number>()
  for (let i = 0; i < timeUs.length; i++) {
    const day = dayOf(timeUs[i] as number)
    if (days.has(day)) continue
    days.add(day)
    if (weekdays.add(day % 7).size > WEEKDAYS_MAX) return 365
  }
  return days.size >= DAYS_TO_TELL ? 252 : 365
}

/**
 * Equity sampled at 00:00 UTC, unrealised profit included; the last day may be partial. With 365 periods every day has a
 * sample (a day without a point keeps the value before: its return is 0), with 252 only days with data have.
 */
export function dailyEquity(timeUs: Numbers, value: Numbers, cash: number, periods: number): DailyEquity {
  const days: number[] = []
  const values: number[] = []
  for (let i = 0; i < value.length;) {
    const day = dayOf(timeUs[i] as number)
    const last = days.at(-1)
    if (periods === 365 && last !== undefined)
      for (let missing = last + 1; missing < day; missing++) {
        days.push(missing)
        values.push(values.at(-1) as number)
      }
    // One at least, however large times are and however a division of them is rounded.
    i = Math.max(i + 1, firstAbove(timeUs, (day + 1) * DAY_US, i))
    days.push(day)
    values.push(value[i - 1] as number)
  }
  return {
    day: Float64Array.from([(days[0] ?? 0) - 1, ...days]),
    value: Float64Array.from([cash, ...values]),
  }
}
