import { defaultAssumptions, runBacktest } from '@contrail/trading'
import type { BacktestOptions, BacktestResult } from '@contrail/trading'
import { bareLoop } from './backtest-bare.ts'
import type { BareResult } from './backtest-bare.ts'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measure, nsText, ratioOf, timed } from './backtest-report.ts'
import type { BenchRow, Timed } from './backtest-report.ts'
import { CASH, digestOf, optionsOf, QUANTITY, syntheticCandles } from './backtest-world.ts'
import { atLeast, atMost } from './stats.ts'

const FEE_BPS = 5
/** Targets: design/performance.md, rows 1, 2, 5, 12 and 15. */
const LEAN_PER_SECOND = 676_000
const MODES = {
  summary: { goal: 1, part: 0.6, what: 'SMA cross, summary kept: part of the bare loop' },
  gate: { goal: 1, part: 0.6, what: 'the same with the risk gate: part of the bare loop' },
  all: {
    goal: 2,
    part: 0.45,
    what: 'full fidelity (gate, orders, decisions, equity of every bar): part of the bare loop',
  },
} as const
export type Mode = keyof typeof MODES

function assumptionsOf(mode: Mode): Partial<BacktestOptions> {
  if (mode === 'summary') return { keep: 'summary' }
  return { assumptions: defaultAssumptions, ...(mode === 'gate' && { keep: 'summary' as const }) }
}

/** Same fills at the same rows, same equity to a billionth, and no quote lost. */
export function lock(result: BacktestResult, expected: Pick<BareResult, 'fills' | 'digest' | 'finalEquity'>): void {
  const digest = digestOf(result)
  if (digest !== expected.digest || result.fills.length !== expected.fills)
    throw new Error(`the run is not the bare loop: ${result.fills.length} fills for ${expected.fills}`)
  sameEnd(result, expected.finalEquity)
}

function sameEnd({ finalEquity, residual }: BacktestResult, expected: number): void {
  const off = Math.abs(finalEquity / expected - 1)
  if (off > 1e-9 || residual !== '0') throw new Error(`equity differs by ${off}, residual ${residual}`)
}

/** A million bars cost about 60,000 in fees: a run that is out of cash may not buy, and the bare loop does not look. */
const cashFor = (rows: number): number => CASH * Math.max(1, Math.ceil(rows / 1_000_000))

export function againstBare(mode: Mode, { rows, reps }: CaseOptions): Measured {
  const series = syntheticCandles(rows)
  const cash = cashFor(rows)
  const bare = () => bareLoop(series, QUANTITY, cash, FEE_BPS)
  const options = optionsOf(series, { ...assumptionsOf(mode), cash })
  // What a process does first takes longer: it is said beside the rest, and only if the lock holds.
  const coldMs = [timed(bare), timed(() => runBacktest(options))]
  const expected = bare()
  // A summary has no fills to compare: the same run that keeps them is compared, and its end with the summary's.
  const { keep: _, ...kept } = options
  lock(runBacktest(kept), expected)
  sameEnd(runBacktest(options), expected.finalEquity)
  const [hand, engine] = measure([bare, () => runBacktest(options)], reps, coldMs) as [Timed, Timed]
  const { goal, part, what } = MODES[mode]
  const perSecond = rows / (engine.medianMs / 1000)
  const millions = perSecond / 1e6
  const result: BenchRow[] = [
    {
      goal,
      what,
      unit: '%',
      ...ratioOf(hand, engine),
      target: atLeast(part),
      ours: nsText(engine, rows),
      beside: nsText(hand, rows),
      note: `${rows} candles, ${expected.fills} fills, digest ${expected.digest} locked, residual 0`,
    },
    { what: `${mode}: events per second`, unit: 'M/s', median: millions, best: rows / engine.minMs / 1000 },
    memoryRow(mode, rows * 8 * 8),
  ]
  if (mode === 'all') {
    const beside = `${LEAN_PER_SECOND / 1000} k/s, LEAN, its best`
    result.push({
      goal: 5,
      what: 'times LEAN',
      unit: 'x',
      median: perSecond / LEAN_PER_SECOND,
      target: atLeast(30),
      anchor: true,
      beside,
    })
    const nautilus = (1.87 * perSecond) / 1e6
    result.push({
      goal: 4,
      what: 'times NautilusTrader, EMA cross of its Rust core',
      unit: 'x',
      median: nautilus,
      target: atLeast(20),
      anchor: true,
      beside: '1.87 us an event, Threadripper 9980X',
    })
  }
  return { rows: result }
}

/** Most memory that this process ever had; kilobytes on Linux. */
export function memoryRow(what: string, columnBytes: number): BenchRow {
  const peakMb = process.resourceUsage().maxRSS / 1000
  const beside = columnBytes > 0 && `columns ${(columnBytes / 1e6).toFixed(0)} MB of it`
  return { what: `${what}: peak memory`, unit: 'MB', median: Math.round(peakMb), ...(beside && { beside }) }
}

/** Rows and averages of each: 800/3000 turns about once in 2,400 bars, 1/2 every second bar. */
const FEW = { fast: 800, slow: 3_000 }
const MANY = { fast: 1, slow: 2 }
const SMALL_ROWS = 20_000

/**
 * Whether an order costs more when there were many before it. The raw ratio holds what an order itself costs, for a
 * thousand times as many; the second one has the same density of orders in a short and in a long run.
 */
export function fillScaling({ rows, reps, quick }: CaseOptions): Measured {
  const long = Math.min(rows, quick ? 400_000 : 2_000_000)
  const [few, many, short] = [runOf(long, FEW), runOf(long, MANY), runOf(SMALL_ROWS, MANY)]
  const times = long / SMALL_ROWS
  const shorts = () => {
    for (let i = 0; i < times; i++) short.act()
  }
  const [slow, fast, pieces] = measure([few.act, many.act, shorts], reps) as [Timed, Timed, Timed]
  const perFill = (above: Timed, fills: number, pick: 'medianMs' | 'minMs') =>
    ((above[pick] - slow[pick]) * 1e6) / (fills - few.fills)
  const pieceFills = short.fills * times
  return {
    rows: [
      {
        goal: 15,
        what: `ns/event, ${many.fills} fills to ${few.fills}, same rows`,
        unit: 'x',
        ...ratioOf(fast, slow),
        target: atMost(1.15),
        ours: nsText(fast, long),
        beside: nsText(slow, long),
        note: `${long} rows; holds the price of the orders themselves`,
      },
      {
        what: 'ns per fill, all that an order costs',
        unit: 'ns',
        median: perFill(fast, many.fills, 'medianMs'),
        best: perFill(fast, many.fills, 'minMs'),
      },
      {
        goal: 15,
        what: `an order after ${many.fills} to one after ${short.fills}, same density`,
        unit: 'x',
        median: perFill(fast, many.fills, 'medianMs') / perFill(pieces, pieceFills, 'medianMs'),
        best: perFill(fast, many.fills, 'minMs') / perFill(pieces, pieceFills, 'minMs'),
        target: atMost(1.15),
        ours: `${perFill(fast, many.fills, 'medianMs').toFixed(0)} ns a fill`,
        beside: `${perFill(pieces, pieceFills, 'medianMs').toFixed(0)} ns a fill`,
        note: 'the orders by themselves: flat when a fill costs the same however many were before it',
      },
      memoryRow('many fills', long * 8 * 8),
    ],
    notRun: ['12: an engine with floats or big.js as money (there is only the exact one; its residual is locked at 0)'],
  }
}

function runOf(rows: number, parameters: { fast: number; slow: number }): { act: () => BacktestResult; fills: number } {
  const options = optionsOf(syntheticCandles(rows), {
    parameters: { ...parameters, quantity: QUANTITY },
    cash: CASH * 500,
    keep: 'summary',
  })
  // Every decision is one market order here, and each is filled at the next open but one at the very end.
  return { act: () => runBacktest(options), fills: runBacktest(options).decisionCount }
}
