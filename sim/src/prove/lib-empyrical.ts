import * as empyrical from '../../../libs/research/src/metrics/conventions/empyrical.ts'

/* The calls of the reference file in terms of ours. */
export type EmpyricalSeries = Readonly<Record<string, readonly (number | null)[]>>
type Given = Readonly<Record<string, unknown>>
export type EmpyricalCase = readonly [
  name: string,
  given: Given,
  expected: number | string | readonly number[],
  tolerance?: number,
]
type Found = number | null | readonly (number | null)[]
const PERIODS: Readonly<Record<string, number>> = { daily: 252, weekly: 52, monthly: 12 }

/** `mixed`, `-mixed` (negated), `negative[1:]` (its first is missing: aligned by date), or a number. */
function levelOf(value: unknown, series: EmpyricalSeries): number | readonly number[] {
  if (typeof value === 'number') return value
  const [, sign, name, later] = /^(-?)(\w+)(\[1:\])?$/.exec(String(value)) as unknown as string[]
  const found = series[name as string]
  if (!found) throw new Error(`no series ${String(value)}`)
  return found.map((one, i) => (one === null || (later && i === 0) ? NaN : sign ? -one : one))
}
const listOf = (value: unknown, series: EmpyricalSeries): readonly number[] =>
  Array.isArray(value) ? (value as number[]) : (levelOf(value, series) as readonly number[])

type Call = (r: readonly number[], given: Given, series: EmpyricalSeries, periods: number) => Found
const CALLS: Readonly<Record<string, Call>> = {
  cum_returns: (r, { start }) => empyrical.cumulativeReturns(r, start as number | undefined),
  cum_returns_final: (r) => empyrical.finalReturn(r),
  max_drawdown: (r) => empyrical.maxDrawdown(r),
  annual_return: (r, _, __, periods) => empyrical.annualReturn(r, periods),
  cagr: (r, _, __, periods) => empyrical.annualReturn(r, periods),
  annual_volatility: (r, _, __, periods) => empyrical.annualVolatility(r, periods),
  calmar: (r, _, __, periods) => empyrical.calmar(r, periods),
  omega: (r, { rf, req }, series) => empyrical.omega(r, levelOf(rf, series), req as number, 252),
  sharpe: (r, { rf }, series) => empyrical.sharpe(r, levelOf(rf, series), 252),
  downside_risk: (r, { req }, series, periods) => empyrical.downsideRisk(r, levelOf(req, series), periods),
  sortino: (r, { req }, series, periods) => empyrical.sortino(r, levelOf(req, series), periods),
  excess_sharpe: (r, { b }, series) => empyrical.excessSharpe(r, levelOf(b, series)),
  stability: (r) => empyrical.stability(r),
  tail_ratio: (r) => empyrical.tailRatio(r),
  roll_max_drawdown: (r, { w }) => empyrical.rolling(r, w as number, empyrical.maxDrawdown),
  roll_sharpe: (r, { w }) => empyrical.rolling(r, w as number, (part) => empyrical.sharpe(part, 0, 252)),
  capture: (r, { b }, series) => empyrical.capture(r, listOf(b, series), 252),
  down_capture: (r, { b }, series) => empyrical.capture(r, listOf(b, series), 252, (one) => one < 0),
  up_capture: (r, { b }, series) => empyrical.capture(r, listOf(b, series), 252, (one) => one > 0),
  value_at_risk: (r, { cutoff }) => empyrical.valueAtRisk(r, cutoff as number),
}

export function figureOf(name: string, given: Given, series: EmpyricalSeries): Found | undefined {
  const call = CALLS[name]
  return call?.(listOf(given['inline'] ?? given['r'], series), given, series, PERIODS[String(given['p'])] ?? 252)
}

const KEEP: Readonly<Record<string, ((factor: number) => boolean) | undefined>> = {
  down_alpha_beta: (one) => one < 0,
  up_alpha_beta: (one) => one > 0,
}
export function alphaBetaSet(name: string, given: Given, series: EmpyricalSeries): Found {
  if (!name.endsWith('alpha_beta')) return null
  return empyrical.alphaBeta(listOf(given['r'], series), listOf(given['b'], series), 252, KEEP[name])
}
