import { isoOfUs, refuse } from '@contrail/contracts'
import { runBacktest } from '@contrail/trading'
import type { BacktestResult, MarketColumns, TradeRecord } from '@contrail/trading'
import type { Metrics } from '../metrics/catalogue.ts'
import { metricsOf, rangeOf } from '../optimise/evaluate.ts'
import type { LoadedSetup, TrialWindow } from '../optimise/evaluate.ts'
import type { Pool } from '../optimise/pool.ts'
import type { SamplerName } from '../optimise/sampler.ts'
import { createSampler } from '../optimise/samplers.ts'
import type { ParameterSet, Space } from '../optimise/space.ts'
import { runStudy } from '../optimise/study.ts'
import type { Trial } from '../optimise/trial.ts'
import type { RobustnessSection } from '../report/sections.ts'
import { timesOfSeries } from '../run/columns.ts'
import { windowsOf } from './windows.ts'
import type { WalkForwardWindow, WindowOptions } from './windows.ts'

export type WalkForwardOptions = {
  readonly loaded: LoadedSetup
  readonly pool: Pool
  readonly space: Space
  readonly isFeasible: (point: ParameterSet) => boolean
  readonly sampler: SamplerName
  readonly seed: number
  /** Per window. */
  readonly trialsMax: number
  readonly patience?: number | undefined
  readonly fromUs: number
  readonly toUs: number
  readonly window: WindowOptions
  readonly onWindow?: (window: WalkForwardStep, done: number) => void
  readonly signal?: AbortSignal | undefined
}
export type WalkForwardStep = WalkForwardWindow & {
  readonly trials: number
  /** Undefined: no trial had a score, so nothing was traded out of sample. */
  readonly chosen: Trial | undefined
  readonly inSample: number | null
  readonly outOfSample: number | null
  readonly inSampleReturn: number | null
  readonly outOfSampleReturn: number
  readonly tradeCount: number
  readonly finalEquity: number
}
export type WalkForward = {
  readonly steps: readonly WalkForwardStep[]
  readonly trials: number
  /** Out of sample, window after window, with the money that the window before left. */
  readonly equity: BacktestResult['equity']
  readonly trades: readonly TradeRecord[]
  readonly cash: number
  readonly metrics: Metrics
  /** Yearly return out of sample over in sample, means over the windows; null without a gain in sample. */
  readonly efficiency: number | null
}

const YEAR_US = 31_557_600e6

/** In each window the parameters are chosen on what lies before, and traded on what comes after. */
export async function walkForward(options: WalkForwardOptions): Promise<WalkForward> {
  const { loaded, fromUs, toUs } = options
  const { setup } = loaded
  const steps: WalkForwardStep[] = []
  const parts: BacktestResult[] = []
  let cash = setup.cash
  const windows = windowsOf(fromUs, toUs, options.window)
  mustHoldRows(windows, setup.series)
  for (const [index, window] of windows.entries()) {
    if (options.signal?.aborted) break
    const { step, result } = await oneWindow(options, window, index, cash)
    steps.push(step)
    if (result) {
      parts.push(result)
      cash = result.finalEquity
    }
    options.onWindow?.(step, steps.length)
  }
  const equity = {
    timeUs: joined(parts.map((part) => part.equity.timeUs)),
    value: joined(parts.map((part) => part.equity.value)),
    exposure: joined(parts.map((part) => part.equity.exposure)),
  }
  const trades = parts.flatMap((part) => part.trades)
  const fills = parts.flatMap((part) => part.fills)
  const first = steps[0]
  return {
    steps,
    trials: steps.reduce((sum, step) => sum + step.trials, 0),
    equity,
    trades,
    cash: setup.cash,
    metrics: metricsOf({ equity, trades, fills }, loaded, setup.cash, first ? { fromUs: first.trainToUs } : {}),
    efficiency: efficiencyOf(steps),
  }
}

/** Out of sample; of one row nothing can be said. */
const ROWS_MIN = 2

function mustHoldRows(windows: readonly WalkForwardWindow[], series: readonly MarketColumns[]): void {
  const times = series.filter(({ kind }) => kind !== 'funding').map(timesOfSeries)
  for (const { trainToUs, testToUs } of windows) {
    const rows = Math.max(0, ...times.map((one) => firstFrom(one, testToUs) - firstFrom(one, trainToUs)))
    if (rows >= ROWS_MIN) continue
    const mend = `one of them would be tested on ${rows} rows: fewer windows, or more data`
    throw refuse('too_few_rows', '--windows', windows.length, mend)
  }
}

function firstFrom(times: Float64Array, us: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < us) low = middle + 1
    else high = middle
  }
  return low
}

async function oneWindow(
  options: WalkForwardOptions,
  window: WalkForwardWindow,
  index: number,
  cash: number,
): Promise<{ step: WalkForwardStep; result: BacktestResult | undefined }> {
  const { loaded, pool, space, isFeasible, seed } = options
  const { setup, definition } = loaded
  const training = { fromUs: window.trainFromUs, toUs: window.trainToUs }
  const study = await runStudy({
    sampler: createSampler(options.sampler, { space, seed: seed + index, isFeasible }),
    objectives: setup.objectives,
    trialsMax: options.trialsMax,
    patience: options.patience,
    concurrency: pool.threads,
    evaluate: (_number, point) => pool.evaluate(point, training),
    signal: options.signal,
  })
  const chosen = study.best
  const test = { fromUs: window.trainToUs, toUs: window.testToUs, cash }
  const common = { ...window, trials: study.trials.length, chosen }
  if (chosen?.state !== 'done') {
    const none = { inSample: null, outOfSample: null, inSampleReturn: null, outOfSampleReturn: 0, tradeCount: 0 }
    return { step: { ...common, ...none, finalEquity: cash }, result: undefined }
  }
  await mustRun(pool, chosen.point, test, index)
  const result = runBacktest({
    definition,
    parameters: { ...setup.fixed, ...chosen.point },
    instruments: setup.instruments,
    series: setup.series,
    cash,
    // What is open at the end of a window is closed there: the next one begins with other parameters.
    assumptions: { ...setup.assumptions, atEnd: 'close_at_close' },
    keep: 'all',
    ...rangeOf(setup, test),
  })
  const metrics = metricsOf(result, loaded, cash, test)
  const name = setup.objectives[0]?.name as keyof Metrics
  return {
    step: {
      ...common,
      inSample: chosen.values[0] ?? null,
      outOfSample: metrics[name] ?? null,
      inSampleReturn: chosen.metrics['totalReturn'] ?? null,
      outOfSampleReturn: result.finalEquity / cash - 1,
      tradeCount: result.trades.length,
      finalEquity: result.finalEquity,
    },
    result,
  }
}

/** Here nobody could end a loop without an end: whether the window can be run is tried where somebody can. */
async function mustRun(pool: Pool, point: ParameterSet, window: TrialWindow, index: number): Promise<void> {
  const tried = await pool.evaluate(point, window)
  if (tried.state === 'done') return
  const said = Object.entries(point).map(([name, value]) => `${name} ${value}`)
  throw refuse('strategy_failed', `test of window ${index + 1}`, tried.problem, `it was run with ${said.join(', ')}`)
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

function efficiencyOf(steps: readonly WalkForwardStep[]): number | null {
  const yearly = (total: number, us: number): number => (total * YEAR_US) / us
  const scored = steps.filter(({ inSampleReturn }) => inSampleReturn !== null)
  if (scored.length === 0) return null
  const mean = (of: (step: WalkForwardStep) => number): number =>
    scored.reduce((sum, step) => sum + of(step), 0) / scored.length
  const inside = mean((step) => yearly(step.inSampleReturn ?? 0, step.trainToUs - step.trainFromUs))
  const outside = mean((step) => yearly(step.outOfSampleReturn, step.testToUs - step.trainToUs))
  return inside > 0 ? outside / inside : null
}

export function walkForwardSection(
  study: WalkForward,
  options: { seed: number; objective: string },
): RobustnessSection {
  const { steps, equity, metrics, efficiency } = study
  const winners = steps.filter(({ outOfSampleReturn }) => outOfSampleReturn > 0).length
  const total = metrics.totalReturn
  const verdict =
    efficiency === null || total === null ? 'unknown' : total <= 0 ? 'bad' : efficiency >= 0.5 ? 'good' : 'doubtful'
  const every = Math.max(1, Math.ceil(equity.value.length / 1000))
  const points = [...equity.value.keys()].filter((i) => i % every === 0 || i === equity.value.length - 1)
  return {
    kind: 'walkforward',
    title: 'Walk-forward',
    summary:
      `${winners} of ${steps.length} windows gained out of sample` +
      (efficiency === null
        ? '.'
        : `; a year out of sample brought ${(efficiency * 100).toFixed(0)} % of one in sample.`),
    verdict,
    seed: options.seed,
    figures: [
      { label: 'Return out of sample', value: total, format: 'percent' },
      { label: 'Sharpe out of sample', value: metrics.sharpe, format: 'ratio' },
      { label: 'Max drawdown out of sample', value: metrics.maxDrawdown, format: 'percent' },
      {
        label: 'Efficiency',
        value: efficiency,
        format: 'percent',
        hint: 'Yearly return out of sample over in sample. Below one half the choice does not carry over.',
      },
      { label: 'Trials', value: study.trials, format: 'count' },
    ],
    charts: [
      {
        kind: 'lines',
        title: 'Equity out of sample',
        x: points.map((i) => equity.timeUs[i] as number),
        xIsTime: true,
        lines: [{ label: 'equity', values: points.map((i) => equity.value[i] as number) }],
        shade: steps
          .filter((_, i) => i % 2 === 1)
          .map(({ trainToUs, testToUs }) => ({ from: trainToUs, to: testToUs })),
      },
    ],
    tables: [tableOf(steps, options.objective)],
  }
}

function tableOf(steps: readonly WalkForwardStep[], objective: string): RobustnessSection['tables'][number] {
  const day = (us: number): string => isoOfUs(us as never).slice(0, 10)
  return {
    title: 'Windows',
    columns: [
      { label: 'training', format: 'text' },
      { label: 'test to', format: 'text' },
      { label: 'chosen', format: 'text' },
      { label: `${objective} in`, format: 'ratio' },
      { label: `${objective} out`, format: 'ratio' },
      { label: 'return out', format: 'percent' },
      { label: 'trades', format: 'count' },
    ],
    rows: steps.map((step) => [
      `${day(step.trainFromUs)} to ${day(step.trainToUs)}`,
      day(step.testToUs),
      step.chosen
        ? Object.entries(step.chosen.point)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')
        : 'none',
      step.inSample,
      step.outOfSample,
      step.outOfSampleReturn,
      step.tradeCount,
    ]),
  }
}
