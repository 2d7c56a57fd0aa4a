import { DAY_US } from '@contrail/contracts'
import { dailyEquity, periodsPerYearOf } from './daily.ts'
import { perPeriod, returnsOf } from './returns.ts'
import { firstAbove } from './statistics.ts'
import type { Numbers } from './statistics.ts'
import type { MetricsInput } from './types.ts'

/** 365.25 days. */
export const YEAR_US = 31_557_600_000_000

/** What all conventions begin with. */
export type Prepared = {
  readonly input: MetricsInput
  readonly periods: 252 | 365
  /** Of one period. */
  readonly riskFree: number
  readonly fromUs: number
  readonly toUs: number
  readonly years: number
  readonly day: Float64Array
  /** Daily; the first is the starting balance. */
  readonly daily: Float64Array
  readonly returns: Float64Array
  /** Of the benchmark, day by day like `returns`; absent without one. */
  readonly benchmark: Float64Array | undefined
  readonly profits: Float64Array
  readonly finalEquity: number
}

export function prepare(input: MetricsInput): Prepared {
  const { timeUs, value } = input.equity
  const periods = input.periods ?? periodsPerYearOf(timeUs)
  const fromUs = input.fromUs ?? (timeUs[0] ?? 0) - (input.barUs ?? 0)
  const toUs = value.length > 0 ? (timeUs[value.length - 1] as number) : fromUs
  const { day, value: daily } = dailyEquity(timeUs, value, input.cash, periods)
  return {
    input,
    periods,
    riskFree: perPeriod(input.riskFree ?? 0, periods),
    fromUs,
    toUs,
    years: (toUs - fromUs) / YEAR_US,
    day,
    daily,
    returns: returnsOf(daily),
    benchmark: input.benchmark && benchmarkReturns(input.benchmark, day),
    profits: Float64Array.from(input.trades, (trade) => trade.pnl),
    finalEquity: value.length > 0 ? (value[value.length - 1] as number) : input.cash,
  }
}

/** Price at the end of each day, the last one known; before the first price it does not move. */
function benchmarkReturns(benchmark: { timeUs: Numbers; value: Numbers }, days: Float64Array): Float64Array {
  const prices = new Float64Array(days.length)
  let [row, price] = [0, (benchmark.value[0] as number | undefined) ?? NaN]
  for (let i = 0; i < days.length; i++) {
    const before = row
    row = firstAbove(benchmark.timeUs, ((days[i] as number) + 1) * DAY_US, before)
    if (row > before) price = benchmark.value[row - 1] as number
    prices[i] = price
  }
  return returnsOf(prices)
}
