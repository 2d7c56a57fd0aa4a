import { refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { runBacktest } from '@contrail/trading'
import type { Assumptions, BacktestResult, MarketColumns, StrategyDefinition } from '@contrail/trading'
import { computeMetrics } from '../metrics/metrics.ts'
import { METRICS } from '../metrics/catalogue.ts'
import type { Metrics } from '../metrics/catalogue.ts'
import { timesOfSeries } from '../run/columns.ts'
import { notionalOf } from '../run/outcome.ts'
import { metricsInputOf } from '../run/record.ts'
import type { RunRequest } from '../run/types.ts'
import { noisySeries } from '../robust/price-noise.ts'
import { definitionOf } from '../run/definition.ts'
import type { Convention } from '../metrics/types.ts'
import type { ParameterSet } from './space.ts'
import type { Objective, Outcome } from './trial.ts'

/** Everything that trials of one study have in common; as it is, it goes to a thread without being copied. */
export type TrialSetup = {
  /** The strategy's bundle: an ES module whose default export is the definition. */
  readonly code: string
  readonly instruments: readonly Instrument[]
  readonly series: readonly MarketColumns[]
  readonly cash: number
  readonly assumptions: Assumptions
  readonly convention: Convention
  readonly riskFree?: number | undefined
  readonly periods?: 252 | 365 | undefined
  /** Parameters that are not searched. */
  readonly fixed: Readonly<Record<string, unknown>>
  readonly objectives: readonly Objective[]
  /** The bundle of a function file: `export default (run) => number`, or as many numbers as there are objectives. */
  readonly objectiveCode?: string | undefined
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
}
/** Another part of the same data, for walk-forward; or the same with a little noise on every price, for Monte Carlo. */
export type TrialWindow = {
  readonly fromUs?: number
  readonly toUs?: number
  readonly cash?: number
  readonly noise?: { readonly bps: number; readonly seed: number; readonly round: number }
}

/** What an objective function is given. */
export type ObjectiveRun = {
  readonly metrics: Metrics
  readonly trades: BacktestResult['trades']
  readonly equity: BacktestResult['equity']
  readonly finalEquity: number
  readonly cash: number
  readonly parameters: Readonly<Record<string, unknown>>
}
type ObjectiveFunction = (run: ObjectiveRun) => number | null | readonly (number | null)[]
export type LoadedSetup = {
  readonly setup: TrialSetup
  readonly definition: StrategyDefinition
  /** Of the parameters that are not searched, for what is compared with holding. */
  readonly lookback: number
  readonly objective: ObjectiveFunction | undefined
}

export async function loadSetup(setup: TrialSetup): Promise<LoadedSetup> {
  const definition = await definitionOf(setup.code)
  const parsed = definition.parameters.safeParse(setup.fixed)
  const lookback = parsed.success ? (definition.lookback?.(parsed.data) ?? 0) : 0
  if (setup.objectiveCode === undefined) return { setup, definition, lookback, objective: undefined }
  const objective = await loadCode(setup.objectiveCode)
  if (typeof objective !== 'function')
    throw refuse('no_objective', 'default export', typeof objective, 'export default (run) => run.metrics.sharpe')
  return { setup, definition, lookback, objective: objective as ObjectiveFunction }
}

const loadCode = async (text: string): Promise<unknown> => {
  const url = `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
  return ((await import(url)) as { default?: unknown }).default
}

/** One backtest and its figures. Whatever the strategy does wrong is an outcome, never a throw. */
export function evaluate(
  loaded: LoadedSetup,
  point: ParameterSet,
  window: TrialWindow = {},
  onProgress?: () => void,
): Outcome {
  const { setup, definition, objective } = loaded
  const startedMs = performance.now()
  const since = (): number => Math.round((performance.now() - startedMs) * 100) / 100
  const parameters = { ...setup.fixed, ...point }
  const cash = window.cash ?? setup.cash
  try {
    const result = runBacktest({
      definition,
      parameters,
      instruments: setup.instruments,
      series: window.noise ? noisySeries(setup.series, window.noise) : setup.series,
      cash,
      assumptions: setup.assumptions,
      keep: 'summary',
      ...(onProgress && { onProgress: () => (onProgress(), true) }),
      ...rangeOf(setup, window),
    })
    const metrics = withPeaks(metricsOf(result, loaded, cash, window), result, setup.convention)
    const values = objective
      ? checked(
          objective({
            metrics,
            trades: result.trades,
            equity: result.equity,
            finalEquity: result.finalEquity,
            cash,
            parameters,
          }),
          setup.objectives,
        )
      : setup.objectives.map(({ name }) => metrics[name as keyof Metrics] ?? null)
    return { state: 'done', values, metrics, ms: since() }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { state: 'failed', problem: text.split('\n')[0] as string, ms: since() }
  }
}

export function rangeOf(setup: TrialSetup, window: TrialWindow): { fromUs?: number; toUs?: number } {
  const [fromUs, toUs] = [window.fromUs ?? setup.fromUs, window.toUs ?? setup.toUs]
  return { ...(fromUs === undefined ? {} : { fromUs }), ...(toUs === undefined ? {} : { toUs }) }
}

/**
 * As the report of a run has them. What compares with buying and holding is left null unless it is asked for: it would
 * copy the prices in every trial.
 */
export function metricsOf(
  result: Pick<BacktestResult, 'equity' | 'trades' | 'fills'>,
  { setup, lookback }: Pick<LoadedSetup, 'setup' | 'lookback'>,
  cash: number,
  window: TrialWindow = {},
): Metrics {
  const { riskFree, periods, convention, objectives } = setup
  const fromUs = window.fromUs ?? setup.fromUs
  const request = {
    cash,
    ...(fromUs === undefined ? {} : { fromUs }),
    ...(riskFree === undefined ? {} : { riskFree }),
    ...(periods === undefined ? {} : { periods }),
  }
  const isLean =
    convention === 'contrail' &&
    objectives.every(({ name }) => METRICS[name as keyof typeof METRICS]?.group !== 'benchmark')
  const bars = setup.series.find((one) => one.kind === 'candles')
  const first = timesOfSeries(bars ?? (setup.series[0] as MarketColumns))[0]
  const input = isLean
    ? {
        ...request,
        // By day the first point is the end of the first day: the run began with the first row.
        ...(fromUs === undefined && first !== undefined ? { fromUs: first } : {}),
        equity: result.equity,
        trades: result.trades,
        notional: notionalOf(result.fills),
        ...(bars?.kind === 'candles' ? { barUs: TIMEFRAME_US[bars.timeframe] } : {}),
      }
    : metricsInputOf(request as RunRequest, result, notionalOf(result.fills), setup.series, lookback)
  return computeMetrics(input, convention)
}

/** Of a trial equity is kept by day; its peak and its greatest fall are those of every bar all the same, as in the report. */
function withPeaks(metrics: Metrics, result: BacktestResult, convention: Convention): Metrics {
  if (convention !== 'contrail') return metrics
  const maxDrawdown = Math.min(metrics.maxDrawdown ?? 0, -result.maxDrawdown)
  const calmar = metrics.cagr === null || maxDrawdown === 0 ? null : metrics.cagr / Math.abs(maxDrawdown)
  return { ...metrics, maxDrawdown, calmar, peakEquity: Math.max(metrics.peakEquity ?? 0, result.peakEquity) }
}

function checked(answer: ReturnType<ObjectiveFunction>, objectives: readonly Objective[]): (number | null)[] {
  const values = [answer].flat() as (number | null)[]
  if (values.length !== objectives.length || values.some((value) => value !== null && typeof value !== 'number'))
    throw refuse('bad_objective', 'objective', JSON.stringify(answer), `return ${objectives.length} number(s), or null`)
  return values.map((value) => (value === null || Number.isFinite(value) ? value : null))
}

/** Columns that every thread sees and nobody copies. */
export function shareSeries(series: readonly MarketColumns[]): MarketColumns[] {
  return series.map(
    (one) =>
      Object.fromEntries(
        Object.entries(one).map(([name, column]) => [
          name,
          ArrayBuffer.isView(column) ? shareColumn(column as never) : column,
        ]),
      ) as MarketColumns,
  )
}

function shareColumn(column: Float64Array | Int8Array): Float64Array | Int8Array {
  if (column.buffer instanceof SharedArrayBuffer) return column
  const Kind = column.constructor as new (buffer: SharedArrayBuffer) => Float64Array
  const shared = new Kind(new SharedArrayBuffer(column.byteLength))
  shared.set(column as Float64Array)
  return shared
}
