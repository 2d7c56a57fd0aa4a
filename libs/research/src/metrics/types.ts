import type { TradeRecord } from '@contrail/trading'
import type { Numbers } from './statistics.ts'

/** Whose definitions. `contrail` is the default; the others give the figures of their systems, for comparison. */
export const CONVENTIONS = [
  'contrail',
  'nautilus',
  'freqtrade',
  'jesse',
  'lean',
  'backtesting.py',
  'empyrical',
  'r',
] as const
export type Convention = (typeof CONVENTIONS)[number]

export type MetricTrade = Pick<
  TradeRecord,
  | 'entryTimeUs'
  | 'exitTimeUs'
  | 'entryRow'
  | 'exitRow'
  | 'entryPrice'
  | 'quantity'
  | 'pnl'
  | 'returnRatio'
  | 'mae'
  | 'mfe'
>

export type MetricsInput = {
  /** Cash plus positions at their marks, ascending in time. `exposure`: notional of what is held then, in quote. */
  readonly equity: { readonly timeUs: Numbers; readonly value: Numbers; readonly exposure?: Numbers }
  /** Closed trades in order of exit. */
  readonly trades: readonly MetricTrade[]
  /** Starting balance. */
  readonly cash: number
  /** When the run begins, which is before the first point of equity; default one bar before it. */
  readonly fromUs?: number
  /** Length of a bar; 0 or absent: not from bars. A point of equity belongs to the bar that ends at its time. */
  readonly barUs?: number
  /** Days a year; default by the data, see `periodsPerYearOf`. */
  readonly periods?: 252 | 365
  /** A year, 0.02 = 2 %; default 0. */
  readonly riskFree?: number
  /** What simply holding would have been: prices with their times; rows before `from` are warm-up. */
  readonly benchmark?: { readonly timeUs: Numbers; readonly value: Numbers; readonly from?: number }
  /** Sum of price x quantity of all fills, in quote. */
  readonly notional?: number
  /** How many runs this one was chosen from, itself included, and the variance of their Sharpe ratios per period. */
  readonly trials?: { readonly count: number; readonly variance?: number }
}
