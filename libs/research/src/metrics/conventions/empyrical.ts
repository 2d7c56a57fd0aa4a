import type { Metrics } from '../catalogue.ts'
import type { Prepared } from '../prepared.ts'
import * as returns from '../returns.ts'
import { deviation, finite, mean, quantile, ratio } from '../statistics.ts'

/*
 * empyrical's figures of returns. NaN is a missing period: it is left out of means but counts in lengths of time. What empyrical
 * calls NaN or infinity is null.
 */
type Series = readonly number[]
type Level = number | Series
const at = (level: Level, i: number): number => (typeof level === 'number' ? level : (level[i] as number))
const known = (values: Series): number[] => values.filter((one) => !Number.isNaN(one))
const lessLevel = (values: Series, level: Level): number[] => known(values.map((one, i) => one - at(level, i)))
const filled = (values: Series): number[] => values.map((one) => (Number.isNaN(one) ? 0 : one))

/** Pairs of which both are known, and of which the factor passes. */
function pairs(values: Series, factor: Series, keep: (factor: number) => boolean = () => true): [number[], number[]] {
  const both = values.map((one, i) => [one, factor[i] as number] as const)
  const kept = both.filter(([a, b]) => !Number.isNaN(a) && !Number.isNaN(b) && keep(b))
  return [kept.map(([a]) => a), kept.map(([, b]) => b)]
}

export const cumulativeReturns = (values: Series, start = 0): number[] => {
  let growth = 1
  return filled(values).map((one) => (growth *= 1 + one) * (start || 1) - (start === 0 ? 1 : 0))
}
export const finalReturn = (values: Series): number | null =>
  values.length === 0 ? null : returns.compounded(filled(values))
/** Compounded; the start counts as a peak. */
export const maxDrawdown = (values: Series): number | null =>
  values.length === 0 ? null : returns.maxDrawdown(returns.wealthOf(filled(values)))
/** prod(1 + r)^(N / n) - 1; n counts missing periods too. */
export const annualReturn = (values: Series, periods: number): number | null =>
  returns.annualReturn(filled(values), periods, values.length)
export const annualVolatility = (values: Series, periods: number): number | null =>
  returns.volatility(known(values), periods)
export const calmar = (values: Series, periods: number): number | null => {
  const depth = maxDrawdown(values)
  return ratio(annualReturn(values, periods), depth && Math.abs(depth))
}
/** `required` is a yearly return. */
export function omega(values: Series, riskFree: Level, required: number, periods: number): number | null {
  if (values.length < 2 || required <= -1) return null
  return returns.omega(lessLevel(lessLevel(values, riskFree), returns.perPeriod(required, periods)))
}
export const sharpe = (values: Series, riskFree: Level, periods: number): number | null =>
  returns.sharpe(lessLevel(values, riskFree), periods)
export function downsideRisk(values: Series, required: Level, periods: number): number | null {
  const found = returns.downside(lessLevel(values, required))
  return found === null ? null : found * Math.sqrt(periods)
}
export const sortino = (values: Series, required: Level, periods: number): number | null =>
  values.length < 2 ? null : returns.sortino(lessLevel(values, required), periods)
/** mean / sd1 of the active return; not annualised. */
export function excessSharpe(values: Series, factor: Level): number | null {
  const active = lessLevel(values, factor)
  return ratio(mean(active), deviation(active))
}
export type AlphaBeta = readonly [alpha: number | null, beta: number | null]
/** alpha = (1 + mean(r - beta x b))^N - 1. */
export function alphaBeta(
  values: Series,
  factor: Series,
  periods: number,
  keep?: (factor: number) => boolean,
): AlphaBeta {
  const [own, other] = pairs(values, factor, keep)
  const slope = returns.beta(own, other)
  if (slope === null) return [null, null]
  const rest = mean(own.map((one, i) => one - slope * (other[i] as number)))
  return [rest === null ? null : finite((1 + rest) ** periods - 1), slope]
}
export const stability = (values: Series): number | null => returns.stability(known(values))
export const tailRatio = (values: Series): number | null => returns.tailRatio(known(values))
/** Annual return over that of the factor, over the periods in which the factor passes. */
export function capture(
  values: Series,
  factor: Series,
  periods: number,
  keep?: (factor: number) => boolean,
): number | null {
  if (!keep) return ratio(annualReturn(values, periods), annualReturn(factor, periods))
  const [own, other] = pairs(values, factor, keep)
  return ratio(annualReturn(own, periods), annualReturn(other, periods))
}
export const valueAtRisk = (values: Series, cutoff: number): number | null => quantile(values, cutoff)
export const rolling = <T>(values: Series, window: number, of: (part: Series) => T): T[] =>
  values.slice(window - 1).map((_, i) => of(values.slice(i, i + window)))

/** As a convention: daily returns of equity, 252 periods whatever the venue. */
export const empyrical = ({ returns: daily, benchmark, input }: Prepared): Partial<Metrics> => {
  const values = Array.from(daily)
  const riskFree = returns.perPeriod(input.riskFree ?? 0, 252)
  const [alpha, beta] = benchmark ? alphaBeta(values, Array.from(benchmark), 252) : [null, null]
  return {
    cagr: annualReturn(values, 252),
    volatility: annualVolatility(values, 252),
    sharpe: sharpe(values, riskFree, 252),
    sortino: sortino(values, riskFree, 252),
    calmar: calmar(values, 252),
    maxDrawdown: maxDrawdown(values),
    omega: omega(values, riskFree, 0, 252),
    stability: stability(values),
    tailRatio: tailRatio(values),
    valueAtRisk95: valueAtRisk(values, 0.05),
    valueAtRisk99: valueAtRisk(values, 0.01),
    alpha,
    beta,
    informationRatio: benchmark ? excessSharpe(values, Array.from(benchmark)) : null,
  }
}

/**
 * R's PerformanceAnalytics as ffn uses it: simple means, sample deviation, downside over all periods, compounded drawdown whose
 * peak may be the start, CAGR over calendar days / 365.25.
 */
export const performanceAnalytics = ({
  returns: daily,
  periods,
  input,
  finalEquity,
  years,
}: Prepared): Partial<Metrics> => {
  const depth = returns.maxDrawdown(returns.wealthOf(daily))
  const growth = returns.cagr(input.cash, finalEquity, years)
  return {
    sharpe: returns.sharpe(daily, periods),
    sortino: returns.sortino(daily, periods),
    maxDrawdown: depth,
    cagr: growth,
    calmar: ratio(growth, depth && Math.abs(depth)),
  }
}
