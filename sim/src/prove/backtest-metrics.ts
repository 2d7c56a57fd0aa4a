import { DAY_US } from '@contrail/contracts'
import { computeMetrics, performRun, reportMetrics } from '@contrail/research'
import type { Convention, MetricsInput, MetricTrade } from '@contrail/research'
import { readFileSync } from 'node:fs'
import { alphaBetaSet, figureOf } from './lib-empyrical.ts'
import type { EmpyricalCase, EmpyricalSeries } from './lib-empyrical.ts'
import { dcaSet, dustSet, profitRowsSet } from './lib-profit.ts'
import { Checks, readExpected, sharedPath } from './backtest-sets.ts'
import type { ProofSet } from './backtest-sets.ts'

/* Reference sets of the metrics. Where a source says NaN or Infinity, undefined is null here. */

const close = (check: Checks, what: string, found: unknown, expected: unknown, tolerance: number): void => {
  const near = typeof found === 'number' && typeof expected === 'number' && Math.abs(found - expected) <= tolerance
  check.same(what, near ? expected : found, expected)
}
/** To the places that a figure was printed with. */
const printed = (check: Checks, what: string, found: number | null, text: string): void =>
  check.same(what, found === null ? null : found.toFixed((text.split('.')[1] ?? '').length), text)

function empyrical(check: Checks): void {
  const { series, cases } = readExpected('empyrical_metrics.json') as {
    series: EmpyricalSeries
    cases: EmpyricalCase[]
  }
  for (const [name, given, expected, tolerance] of cases) {
    const what = `${name} ${JSON.stringify(given)}`
    const found = figureOf(name, given, series) ?? alphaBetaSet(name, given, series)
    const wanted = expected === 'NaN' || expected === 'Infinity' ? null : expected
    const near = Array.isArray(wanted)
      ? Array.isArray(found) &&
        found.length === wanted.length &&
        wanted.every((one, i) => Math.abs(one - (found[i] as number)) <= (tolerance ?? 1e-8))
      : typeof wanted === 'number' && typeof found === 'number' && Math.abs(wanted - found) <= (tolerance ?? 1e-8)
    check.same(what, near ? wanted : found, wanted)
  }
}

const START_US = Date.UTC(2024, 0, 1) * 1000

/** Equity at the end of each day out of returns, from 100. */
function ofReturns(returns: readonly number[], extra: Partial<MetricsInput> = {}): MetricsInput {
  let value = 100
  return {
    equity: {
      timeUs: returns.map((_, i) => START_US + (i + 1) * DAY_US),
      value: returns.map((one) => (value *= 1 + one)),
    },
    trades: [],
    cash: 100,
    fromUs: START_US,
    ...extra,
  }
}

function ffn(check: Checks): void {
  const { fixtures, metrics } = readExpected('ffn_R_reference.json') as {
    fixtures: Record<string, { periods: number; returns: number[] }>
    metrics: Record<string, Record<string, number | undefined>>
  }
  const wanted = [
    ['sharpe_annual', 'sharpe'],
    ['sortino_annual', 'sortino'],
    ['max_drawdown', 'maxDrawdown'],
    ['return_annual', 'cagr'],
    ['calmar', 'calmar'],
  ] as const
  for (const [fixture, { periods, returns }] of Object.entries(fixtures)) {
    // Periods a year are those of the fixture; ours are days, so that the annual figures are scaled by what differs.
    const scale = Math.sqrt(periods / 252)
    const found = computeMetrics(ofReturns(returns, { periods: 252 }), 'r')
    const monthly = computeMetrics(spread(returns, BACON_DAYS), 'r')
    for (const [theirs, ours] of wanted) {
      const expected = metrics[theirs]?.[fixture]
      if (expected === undefined) continue
      const calendar = ours === 'cagr' || ours === 'calmar'
      const value = calendar ? monthly[ours] : found[ours]
      const scaled = value === null || calendar || ours === 'maxDrawdown' ? value : value * scale
      close(check, `${fixture} ${theirs}`, scaled, expected, 1e-9)
    }
  }
}
/** The file gives no dates, only 24 months: with a leap day in them they span 731 days, from which its CAGR follows. */
const BACON_DAYS = 731
const spread = (returns: readonly number[], days: number): MetricsInput => {
  const input = ofReturns(returns)
  const timeUs = returns.map((_, i) => START_US + Math.round(((i + 1) / returns.length) * days) * DAY_US)
  return { ...input, equity: { ...input.equity, timeUs } }
}

/** Of design/research.md: balance 10,000, 30 days, closed trades day:profit. */
const GOLDEN: readonly (readonly [day: number, pnl: number])[] = [
  [1, 120],
  [3, -80],
  [4, 150],
  [8, -60],
  [9, -110],
  [13, 200],
  [17, 90],
  [20, -150],
  [24, 60],
  [28, 180],
]
export function goldenInput(): MetricsInput {
  let value = 10_000
  const days = Array.from({ length: 30 }, (_, i) => i + 1)
  const trades = GOLDEN.map(([day, pnl]): MetricTrade => {
    const atUs = START_US + day * DAY_US
    const bar = { entryRow: day - 1, exitRow: day - 1, entryTimeUs: atUs - DAY_US / 2, exitTimeUs: atUs }
    return { ...bar, entryPrice: 1000, quantity: 1, pnl, returnRatio: pnl / 1000, mae: 0, mfe: 0 }
  })
  return {
    equity: {
      timeUs: days.map((day) => START_US + day * DAY_US),
      value: days.map((day) => (value += GOLDEN.find(([at]) => at === day)?.[1] ?? 0)),
    },
    trades,
    cash: 10_000,
    fromUs: START_US,
  }
}
type Row = readonly [Convention, Partial<Record<string, string>>]
const GOLDEN_TABLE: readonly Row[] = [
  [
    'nautilus',
    {
      sharpe: '2.987',
      sortino: '5.812',
      calmar: '25.37',
      cagr: '42.3',
      profitFactor: '2.021',
      winRate: '0.6',
      expectancy: '40.0',
    },
  ],
  ['jesse', { sharpe: '3.473', sortino: '6.870', calmar: '36.66', cagr: '61.2', winRate: '0.6', expectancy: '40.0' }],
  [
    'lean',
    { sharpe: '3.081', sortino: '5.873', cagr: '61.2', profitFactor: '2.0', winRate: '0.6', expectancy: '0.408' },
  ],
  [
    'freqtrade',
    {
      sharpe: '2.083',
      sortino: '7.512',
      calmar: '152.7',
      cagr: '61.2',
      profitFactor: '2.0',
      winRate: '0.6',
      expectancy: '40.0',
    },
  ],
]
function golden(check: Checks): void {
  for (const [convention, figures] of GOLDEN_TABLE) {
    const found = computeMetrics(goldenInput(), convention)
    for (const [name, text] of Object.entries(figures) as [keyof typeof found, string][]) {
      const value = found[name]
      printed(check, `${convention} ${name}`, value !== null && name === 'cagr' ? value * 100 : value, text)
    }
  }
}

type ReferenceRun = { stats: Record<string, number | string>; trades: [number, number, number, number, number][] }
/** The curve of the reference run, made from its own list of trades: the metrics alone are judged here. */
export function googInput(): { input: MetricsInput; stats: ReferenceRun['stats'] } {
  const [run] = (readExpected('backtesting_py.json') as { runs: ReferenceRun[] }).runs as [ReferenceRun]
  const lines = readFileSync(sharedPath('data/candles/backtestingpy_GOOG.csv'), 'utf8').trim().split(/\r?\n/).slice(1)
  const rows = lines.map((line) => line.split(','))
  const prices = rows.map((row) => Number(row[4]))
  const openUs = rows.map((row) => Date.parse(`${row[0]}T00:00:00Z`) * 1000)
  const timeUs = openUs.map((at) => at + DAY_US)
  const value = prices.map((price, bar) =>
    run.trades.reduce((sum, [size, entry, exit, from, to]) => {
      if (exit <= bar) return sum + size * (to - from)
      return entry <= bar ? sum + size * (price - from) : sum
    }, 10_000),
  )
  const trades = run.trades.map(([size, entryRow, exitRow, entryPrice, exitPrice]): MetricTrade => {
    const quantity = Math.abs(size)
    const pnl = size * (exitPrice - entryPrice)
    const bars = { entryRow, exitRow, entryTimeUs: openUs[entryRow] as number, exitTimeUs: openUs[exitRow] as number }
    return { ...bars, entryPrice, quantity, pnl, returnRatio: pnl / (entryPrice * quantity), mae: 0, mfe: 0 }
  })
  const input: MetricsInput = {
    equity: { timeUs, value },
    trades,
    cash: 10_000,
    fromUs: openUs[0] as number,
    barUs: DAY_US,
    // The slower average has its first value on the 30th bar.
    benchmark: { timeUs, value: prices, from: 29 },
  }
  return { input, stats: run.stats }
}
function backtestingPy(check: Checks): void {
  const { input, stats } = googInput()
  const found = reportMetrics(input, 'backtesting.py').asPrinted ?? {}
  for (const [label, expected] of Object.entries(stats)) {
    const value = found[label]
    check.same(label, value, expected, 1e-8)
  }
}

/** The whole way: the file is read, the strategy bundled and run, and judged as `contrail backtest` does it. */
async function backtestingPyRun(check: Checks): Promise<void> {
  const [run] = (readExpected('backtesting_py.json') as { runs: ReferenceRun[] }).runs as [ReferenceRun]
  const { record, result } = await performRun({
    strategy: 'sma-cross',
    parameters: { fast: 10, slow: 30, allowShort: true, enter: 'cross' },
    data: { kind: 'files', files: [sharedPath(candles)] },
    cash: 10_000,
    assumptions: {
      fees: { kind: 'bps', makerBps: 0, takerBps: 0, perOrder: 0 },
      sizing: { kind: 'fraction', fraction: 1 },
      atEnd: 'close_at_open',
      riskGate: false,
    },
    convention: 'backtesting.py',
    robustness: false,
  })
  check.same('trades', result.trades.length, run.trades.length)
  for (const [label, expected] of Object.entries(run.stats))
    check.same(label, record.asPrinted?.[label], expected, 1e-8)
}

const candles = 'data/candles/backtestingpy_GOOG.csv'
export const sets: readonly ProofSet[] = [
  { name: 'empyrical_metrics', wants: ['expected/empyrical_metrics.json'], run: empyrical },
  { name: 'ffn_R_reference', wants: ['expected/ffn_R_reference.json'], run: ffn },
  { name: 'golden_vector', run: golden },
  { name: 'backtesting_py_stats', wants: ['expected/backtesting_py.json', candles], run: backtestingPy },
  { name: 'backtesting_py_run', wants: ['expected/backtesting_py.json', candles], run: backtestingPyRun },
  { name: 'freqtrade_profit_rows', wants: ['expected/freqtrade_profit.json'], run: profitRowsSet },
  { name: 'freqtrade_profit_dca', wants: ['expected/freqtrade_profit.json'], run: dcaSet },
  { name: 'freqtrade_profit_dust', wants: ['expected/freqtrade_profit.json'], run: dustSet },
]
