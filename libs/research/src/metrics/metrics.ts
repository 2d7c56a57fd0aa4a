import type { Metrics, MetricName } from './catalogue.ts'
import { backtestingPy, backtestingPyStats } from './conventions/backtesting-py.ts'
import { contrailMetrics } from './conventions/contrail.ts'
import { empyrical, performanceAnalytics } from './conventions/empyrical.ts'
import { freqtrade, jesse, lean, nautilus } from './conventions/peers.ts'
import { prepare } from './prepared.ts'
import type { Prepared } from './prepared.ts'
import { CONVENTIONS } from './types.ts'
import type { Convention, MetricsInput } from './types.ts'

const PEERS: Readonly<Record<Exclude<Convention, 'contrail'>, (prepared: Prepared) => Partial<Metrics>>> = {
  nautilus,
  freqtrade,
  jesse,
  lean,
  'backtesting.py': backtestingPy,
  empyrical,
  r: performanceAnalytics,
}

/** What the figures rest on, printed beside them. */
export type MetricsBasis = {
  readonly convention: Convention
  readonly periodsPerYear: number
  readonly riskFree: number
  readonly days: number
  /** Metrics that the convention defines its own way; the others are by the default definitions. */
  readonly redefined: readonly MetricName[]
}
export type MetricsReport = {
  readonly metrics: Metrics
  readonly basis: MetricsBasis
  /** The peer's own names and units, where it prints a table. */
  readonly asPrinted: Readonly<Record<string, number | string | null>> | undefined
}

export const isConvention = (name: string): name is Convention => (CONVENTIONS as readonly string[]).includes(name)

export function reportMetrics(input: MetricsInput, convention: Convention = 'contrail'): MetricsReport {
  const prepared = prepare(input)
  const other = convention === 'contrail' ? {} : PEERS[convention](prepared)
  const metrics: Metrics = { ...contrailMetrics(prepared), ...other }
  return {
    metrics,
    basis: {
      convention,
      periodsPerYear: PERIODS[convention] ?? prepared.periods,
      riskFree: input.riskFree ?? 0,
      days: prepared.returns.length,
      redefined: Object.keys(other) as MetricName[],
    },
    asPrinted: convention === 'backtesting.py' ? backtestingPyStats(prepared, metrics) : undefined,
  }
}
const PERIODS: Partial<Record<Convention, number>> = { nautilus: 252, jesse: 365, freqtrade: 365, empyrical: 252 }

/** Every figure of a run under a convention; null where it is undefined. */
export const computeMetrics = (input: MetricsInput, convention: Convention = 'contrail'): Metrics =>
  reportMetrics(input, convention).metrics
