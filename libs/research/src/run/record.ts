import { TIMEFRAME_US } from '@contrail/contracts'
import type { Assumptions, BacktestResult, CandleColumns, MarketColumns } from '@contrail/trading'
import { reportMetrics } from '../metrics/metrics.ts'
import type { MetricsReport } from '../metrics/metrics.ts'
import type { Numbers } from '../metrics/statistics.ts'
import type { MetricsInput } from '../metrics/types.ts'
import type { RunData } from './data.ts'
import { seriesRecord } from './data.ts'
import type { Described } from './host.ts'
import type { StrategyCode } from './strategy.ts'
import { RUN_SCHEMA } from './types.ts'
import type { RunRecord, RunRequest, RunResult, RunTotals } from './types.ts'

type Benchmark = { timeUs: Numbers; value: Numbers; from: number; firstRow: number; barUs: number }
/** Metrics and the report ask for that of the same run. */
const known = new WeakMap<
  object,
  { first: MarketColumns | undefined; lookback: number; found: Benchmark | undefined }
>()

/** What the prices of the first series did while the run could trade: its benchmark. */
export function benchmarkOf(
  series: readonly MarketColumns[],
  equity: BacktestResult['equity'],
  lookback: number,
): Benchmark | undefined {
  const before = known.get(equity)
  if (before?.first === series[0] && before?.lookback === lookback) return before.found
  const found = findBenchmark(series, equity, lookback)
  known.set(equity, { first: series[0], lookback, found })
  return found
}

function findBenchmark(
  series: readonly MarketColumns[],
  equity: BacktestResult['equity'],
  lookback: number,
): Benchmark | undefined {
  const bars = series.find((one) => one.kind === 'candles')
  const ticks = series.find((one) => one.kind === 'ticks')
  const first = bars ?? ticks
  if (!first || equity.timeUs.length === 0) return undefined
  const barUs = bars ? TIMEFRAME_US[bars.timeframe] : 0
  const times = bars ? bars.openTimeUs : (ticks?.receiveTimeUs as Float64Array)
  const prices = bars ? bars.close : (ticks?.price as Float64Array)
  const [fromUs, toUs] = [equity.timeUs[0] as number, equity.timeUs.at(-1) as number]
  const firstRow = lowerBound(times, fromUs - barUs)
  const rows = lowerBound(times, toUs - barUs + 1) - firstRow
  const timeUs = new Float64Array(rows)
  for (let row = 0; row < rows; row++) timeUs[row] = (times[firstRow + row] as number) + barUs
  // The first of `lookback` bars that the strategy could have decided on.
  const from = Math.max(0, Math.min(rows - 1, lookback - 1 - firstRow))
  return { timeUs, value: prices.subarray(firstRow, firstRow + rows), from, firstRow, barUs }
}

export function lowerBound(times: Float64Array, timeUs: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] as number) < timeUs) low = middle + 1
    else high = middle
  }
  return low
}

export function metricsInputOf(
  request: RunRequest,
  result: Pick<BacktestResult, 'equity' | 'trades'>,
  notional: number,
  series: readonly MarketColumns[],
  lookback: number,
): MetricsInput {
  const benchmark = benchmarkOf(series, result.equity, lookback)
  const offset = benchmark?.firstRow ?? 0
  return {
    equity: result.equity,
    trades:
      offset === 0
        ? result.trades
        : result.trades.map((one) => ({ ...one, entryRow: one.entryRow - offset, exitRow: one.exitRow - offset })),
    cash: request.cash,
    notional,
    ...(request.fromUs === undefined ? {} : { fromUs: request.fromUs }),
    ...(benchmark ? { benchmark, barUs: benchmark.barUs } : {}),
    ...(request.riskFree === undefined ? {} : { riskFree: request.riskFree }),
    ...(request.periods === undefined ? {} : { periods: request.periods }),
    ...(request.trials === undefined ? {} : { trials: request.trials }),
  }
}

export type Made = {
  readonly request: RunRequest
  readonly code: Pick<StrategyCode, 'source' | 'codeSha256'>
  readonly described: Described
  readonly data: RunData
  readonly assumptions: Assumptions
  readonly result: RunResult
  readonly totals: RunTotals
  readonly dataSha256: string
  readonly decisionsSha256: string
  readonly ms: number
  readonly id: string
  readonly createdAt: string
}

export function recordOf(made: Made): RunRecord {
  const { request, result, data, described } = made
  const report = reportMetrics(
    metricsInputOf(request, result, made.totals.notional, data.series, described.lookback),
    request.convention ?? 'contrail',
  )
  return { ...originOf(made), ...judgedOf(made, report), ...outcomeOf(made) }
}

function originOf({ id, createdAt, code, described, data, dataSha256, request, result }: Made) {
  return {
    schema: RUN_SCHEMA,
    id,
    createdAt,
    complete: result.complete,
    strategy: {
      name: described.name,
      description: described.description,
      source: code.source,
      codeSha256: code.codeSha256,
      parameters: described.parameters,
      fromData: described.fromData,
      lookback: described.lookback,
    },
    data: {
      label: data.label,
      sha256: dataSha256,
      series: data.series.map(seriesRecord),
      instruments: data.instruments,
      files: data.files,
      notes: data.notes,
    },
    period: {
      fromUs: request.fromUs ?? firstOpenUs(data.series) ?? result.firstUs,
      toUs: request.toUs ?? result.lastUs,
      firstUs: result.firstUs,
      lastUs: result.lastUs,
    },
    cash: request.cash,
    currency: data.instruments[0]?.quote ?? '',
  } as const
}
const firstOpenUs = (series: readonly MarketColumns[]): number | undefined =>
  series.find((one): one is CandleColumns => one.kind === 'candles')?.openTimeUs[0]

const judgedOf = ({ assumptions }: Made, { metrics, basis, asPrinted }: MetricsReport) => ({
  assumptions,
  basis,
  metrics,
  asPrinted: asPrinted ?? null,
})

function outcomeOf({ result, totals, decisionsSha256, ms }: Made) {
  return {
    counts: {
      events: result.events,
      decisions: result.decisionCount,
      orders: totals.orders,
      fills: totals.fills,
      trades: result.trades.length,
      gaps: result.gaps.length,
      liquidations: result.liquidations,
    },
    orderStatuses: totals.orderStatuses,
    rejected: totals.rejected,
    refused: result.refused,
    costs: result.costs,
    gaps: result.gaps.slice(0, GAPS_MAX),
    positions: result.positions,
    finalEquity: result.finalEquity,
    finalCash: result.cash,
    decisionsSha256,
    residual: result.residual,
    timing: { ms: Math.round(ms), eventsPerSecond: ms > 0 ? Math.round((result.events / ms) * 1000) : 0 },
  }
}
/** Listed in run.json; `counts.gaps` has them all. */
const GAPS_MAX = 1000
