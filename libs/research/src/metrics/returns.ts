import { covariance, deviation, finite, mean, quantile, ratio, sum } from './statistics.ts'
import type { Numbers } from './statistics.ts'

/* Figures of a column of returns per period (0.01 = 1 %). `periods` = N, periods a year; `riskFree` per period. */

export function minus(values: Numbers, other: number | Numbers): Float64Array {
  const result = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++)
    result[i] = (values[i] as number) - (typeof other === 'number' ? other : (other[i] as number))
  return result
}

/** x_t / x_(t-1) - 1. */
export function returnsOf(values: Numbers): Float64Array {
  const result = new Float64Array(Math.max(0, values.length - 1))
  for (let i = 1; i < values.length; i++) result[i - 1] = (values[i] as number) / (values[i - 1] as number) - 1
  return result
}

/** A yearly rate per period: (1 + rate)^(1 / N) - 1. */
export const perPeriod = (yearly: number, periods: number): number =>
  yearly === 0 ? 0 : (1 + yearly) ** (1 / periods) - 1

/** mean(r - rf) / sd1(r - rf) x sqrt(N). */
export function sharpe(returns: Numbers, periods: number, riskFree: number | Numbers = 0): number | null {
  const excess = minus(returns, riskFree)
  const found = ratio(mean(excess), deviation(excess))
  return found === null ? null : found * Math.sqrt(periods)
}

/** sqrt(sum(min(r - rf, 0)^2) / n); n is the count of all periods, not of the losing ones. */
export function downside(returns: Numbers, riskFree: number | Numbers = 0, count = returns.length): number | null {
  if (count === 0) return null
  let total = 0
  for (const one of minus(returns, riskFree)) if (one < 0) total += one * one
  return Math.sqrt(total / count)
}

/** mean(r - rf) / downside x sqrt(N). */
export function sortino(
  returns: Numbers,
  periods: number,
  riskFree: number | Numbers = 0,
  count = returns.length,
): number | null {
  const found = ratio(mean(minus(returns, riskFree)), downside(returns, riskFree, count))
  return found === null ? null : found * Math.sqrt(periods)
}

/** sd1(r) x sqrt(N). */
export function volatility(returns: Numbers, periods: number): number | null {
  const found = deviation(returns)
  return found === null ? null : found * Math.sqrt(periods)
}

/** prod(1 + r) - 1. */
export function compounded(returns: Numbers): number {
  let growth = 1
  for (let i = 0; i < returns.length; i++) growth *= 1 + (returns[i] as number)
  return growth - 1
}

/** prod(1 + r)^(N / n) - 1. */
export const annualReturn = (returns: Numbers, periods: number, count = returns.length): number | null =>
  count === 0 ? null : finite((1 + compounded(returns)) ** (periods / count) - 1)

/** (last / first)^(1 / years) - 1. Null when nothing is left or no time has passed. */
export function cagr(first: number, last: number, years: number): number | null {
  if (!(first > 0) || last < 0 || !(years > 0)) return null
  return finite((last / first) ** (1 / years) - 1)
}

/** min over t of x_t / max(x_0..t) - 1; 0 when it never falls, null without a value. */
export function maxDrawdown(values: Numbers, start = -Infinity): number | null {
  if (values.length === 0) return start === -Infinity ? null : 0
  let peak = start
  let worst = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    if (value > peak) peak = value
    else if (value / peak - 1 < worst) worst = value / peak - 1
  }
  return worst
}

/** Wealth of 1 along the returns; the first entry is the start. */
export function wealthOf(returns: Numbers): Float64Array {
  const result = new Float64Array(returns.length + 1)
  result[0] = 1
  for (let i = 0; i < returns.length; i++) result[i + 1] = (result[i] as number) * (1 + (returns[i] as number))
  return result
}

/** sum of what lies above the threshold / sum of what lies below. */
export function omega(returns: Numbers, threshold: number | Numbers = 0): number | null {
  let [above, below] = [0, 0]
  for (const one of minus(returns, threshold)) {
    if (one > 0) above += one
    else below -= one
  }
  return ratio(above, below)
}

/** sqrt(mean((x_t / max(x_0..t) - 1)^2)). */
export function ulcer(values: Numbers): number | null {
  if (values.length === 0) return null
  let [peak, total] = [-Infinity, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    peak = Math.max(peak, value)
    total += (value / peak - 1) ** 2
  }
  return Math.sqrt(total / values.length)
}

/** abs(95 % quantile) / abs(5 % quantile). */
export function tailRatio(returns: Numbers): number | null {
  const [high, low] = [quantile(returns, 0.95), quantile(returns, 0.05)]
  return high === null || low === null ? null : ratio(Math.abs(high), Math.abs(low))
}

/** The (1 - level) quantile of the returns: level 0.95 = what one period in twenty falls below. A loss is negative. */
export const valueAtRisk = (returns: Numbers, level: number): number | null => quantile(returns, 1 - level)

/** Mean of the returns at or below the value at risk. */
export function conditionalValueAtRisk(returns: Numbers, level: number): number | null {
  const limit = valueAtRisk(returns, level)
  return limit === null ? null : mean(Array.from(returns).filter((one) => one <= limit))
}

/** cov(r, b) / var(b). */
export const beta = (returns: Numbers, benchmark: Numbers): number | null =>
  deviation(benchmark) === 0 ? null : ratio(covariance(returns, benchmark), covariance(benchmark, benchmark))

/** (mean(r - rf) - beta x mean(b - rf)) x N. */
export function alpha(returns: Numbers, benchmark: Numbers, periods: number, riskFree = 0): number | null {
  const slope = beta(returns, benchmark)
  const [own, other] = [mean(returns), mean(benchmark)]
  if (slope === null || own === null || other === null) return null
  return (own - riskFree - slope * (other - riskFree)) * periods
}

/** mean(r - b) / sd1(r - b) x sqrt(N). */
export const informationRatio = (returns: Numbers, benchmark: Numbers, periods: number): number | null =>
  sharpe(returns, periods, benchmark)

/** The share of variance that a straight line explains in the running sum of log returns. */
export function stability(returns: Numbers): number | null {
  if (returns.length < 2) return null
  let total = 0
  const line = Array.from(returns, (one) => (total += Math.log1p(one)))
  const steps = line.map((_, i) => i)
  const [xy, xx, yy] = [covariance(steps, line), covariance(steps, steps), covariance(line, line)]
  return xy === null ? null : ratio(xy * xy, (xx ?? 0) * (yy ?? 0))
}

export const positiveSum = (values: Numbers): number => sum(Array.from(values).filter((one) => one > 0))
export const negativeSum = (values: Numbers): number => sum(Array.from(values).filter((one) => one < 0))
