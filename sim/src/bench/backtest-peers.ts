import { createRequire } from 'node:module'
import { runBacktest } from '@contrail/trading'
import type { CandleColumns } from '@contrail/trading'
import { bareLoop } from './backtest-bare.ts'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measure, nsText, ratioOf } from './backtest-report.ts'
import type { Timed } from './backtest-report.ts'
import { CASH, optionsOf, QUANTITY, syntheticCandles } from './backtest-world.ts'
import { atLeast } from './stats.ts'

/*
 * Backtesters for JavaScript that npm has. Each gets its data in the shape it likes best, made before the clock starts;
 * neither knows fees, equity by bar or orders.
 */
const ROWS_MAX = 1_000_000
const MINUTE_MS = 60_000
const FEE_BPS = 5
/** Other languages and what the registry does not give; design/performance.md has their figures. */
const ELSEWHERE = [
  '3: Debut core (not in the npm registry any more)',
  '3: backtesting.py, backtrader (Python; published or measured before: 10 us and 223 us a candle)',
  '6: Numba (Python; measured before: 8.6 ns an event)',
]
type Bar = { time: Date; open: number; high: number; low: number; close: number; volume: number }
type Averaged = Bar & { fast: number; slow: number }
type Rule = (act: () => void, given: { bar: Averaged }) => void
type GrademarkTrade = { entryTime: Date; exitTime: Date }
type Grademark = {
  backtest(strategy: { entryRule: Rule; exitRule: Rule }, bars: object): GrademarkTrade[]
}
type DataForge = { DataFrame: new (values: readonly Averaged[]) => object }

const load = createRequire(import.meta.url)

/** Undefined where only what runs the platform is installed. */
export function peer<T>(name: string): T | undefined {
  try {
    return load(name) as T
  } catch (error) {
    if ((error as { code?: string }).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
export const absent = (name: string): string => `${name} (a development package that is not installed: npm install)`

export function againstGrademark({ rows, reps }: CaseOptions): Measured {
  const [grademark, forge] = [peer<Grademark>('grademark'), peer<DataForge>('data-forge')]
  if (!grademark || !forge) return { rows: [], notRun: [absent('3: grademark 0.3.0'), ...ELSEWHERE] }
  const series = syntheticCandles(Math.min(rows, ROWS_MAX))
  const frame = new forge.DataFrame(barsOf(series))
  const strategy: { entryRule: Rule; exitRule: Rule } = {
    entryRule: (enter, { bar }) => void (bar.fast > bar.slow && enter()),
    exitRule: (exit, { bar }) => void (bar.fast < bar.slow && exit()),
  }
  const theirs = () => grademark.backtest(strategy, frame)
  const options = optionsOf(series)
  const equal = sameFills(theirs(), runBacktest(options).fills, series)
  const summary = () => runBacktest({ ...options, keep: 'summary' })
  const [own, other, hand] = measure([summary, theirs, () => bareLoop(series, QUANTITY, CASH, FEE_BPS)], reps) as [
    Timed,
    Timed,
    Timed,
  ]
  return {
    rows: [
      {
        goal: 3,
        what: 'times faster than grademark 0.3.0',
        unit: 'x',
        ...ratioOf(other, own),
        target: atLeast(25),
        ours: nsText(own, series.rows),
        beside: nsText(other, series.rows),
        note: `${equal}; averages given to it ready made, no fees; bare loop ${nsText(hand, series.rows)}`,
      },
    ],
    notRun: ELSEWHERE,
  }
}

function barsOf({ rows, openTimeUs, open, high, low, close, volume }: CandleColumns): Averaged[] {
  let [fastSum, slowSum] = [0, 0]
  return Array.from({ length: rows }, (_, row) => {
    fastSum += close[row]! - (row >= 10 ? close[row - 10]! : 0)
    slowSum += close[row]! - (row >= 30 ? close[row - 30]! : 0)
    const [fast, slow] = row >= 29 ? [fastSum / 10, slowSum / 30] : [0, 0]
    const time = new Date(openTimeUs[row]! / 1000)
    return {
      time,
      open: open[row]!,
      high: high[row]!,
      low: low[row]!,
      close: close[row]!,
      volume: volume[row]!,
      fast,
      slow,
    }
  })
}

/** It looks at no rule on the bar of an entry, so a cross that turns back at once ends one bar later. */
function sameFills(
  trades: readonly GrademarkTrade[],
  fills: readonly { row: number }[],
  { openTimeUs }: CandleColumns,
): string {
  const rowOf = (time: Date) => Math.round((time.getTime() - openTimeUs[0]! / 1000) / MINUTE_MS)
  const theirs = new Set(trades.flatMap(({ entryTime, exitTime }) => [rowOf(entryTime), rowOf(exitTime)]))
  const same = fills.filter(({ row }) => theirs.has(row)).length
  const part = same / fills.length
  if (part < 0.8) throw new Error(`grademark does other trades: ${same} of ${fills.length} fills at the same bar`)
  return `${same} of ${fills.length} fills at the same bar (it sees no rule on the bar of an entry)`
}

type Indicatorts = {
  sma(values: readonly number[], config: { period: number }): number[]
  applyActions(closings: readonly number[], actions: readonly number[]): number[]
}

export function againstIndicatorts({ rows, reps }: CaseOptions): Measured {
  const library = peer<Indicatorts>('indicatorts')
  if (!library) return { rows: [], notRun: [absent('indicatorts 2.2.2')] }
  const series = syntheticCandles(Math.min(rows, ROWS_MAX))
  const closings = Array.from(series.close)
  const actionsOf = () => {
    const [fast, slow] = [library.sma(closings, { period: 10 }), library.sma(closings, { period: 30 })]
    return closings.map((_, i) => (i < 29 || fast[i] === slow[i] ? 0 : fast[i]! > slow[i]! ? 1 : -1))
  }
  const theirs = () => library.applyActions(closings, actionsOf())
  const bare = bareLoop(series, QUANTITY, CASH, FEE_BPS)
  let [held, turns] = [false, 0]
  for (const action of actionsOf())
    if (action === (held ? -1 : 1)) {
      held = !held
      turns++
    }
  if (Math.abs(turns - bare.fills) > 1) throw new Error(`indicatorts turns ${turns} times, the bare loop ${bare.fills}`)
  const options = optionsOf(series, { keep: 'summary' })
  const [own, other] = measure([() => runBacktest(options), theirs], reps) as [Timed, Timed]
  return {
    rows: [
      {
        what: 'times faster than indicatorts 2.2.2',
        unit: 'x',
        ...ratioOf(other, own),
        ours: nsText(own, series.rows),
        beside: nsText(other, series.rows),
        note: `${turns} turns for ${bare.fills} fills; vectors only: fills at the same close, no fees, no orders`,
      },
    ],
  }
}
