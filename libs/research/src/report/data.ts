import { DAY_US, TIMEFRAME_US, TIMEFRAMES } from '@contrail/contracts'
import type { CandleColumns, MarketColumns, TradeRecord } from '@contrail/trading'
import { dailyEquity } from '../metrics/daily.ts'
import { drawdownsOf } from '../metrics/drawdowns.ts'
import { returnsOf, sharpe } from '../metrics/returns.ts'
import { firstAbove } from '../metrics/statistics.ts'
import { barsOfTicks } from '@contrail/data/bars'
import type { RunRecord, RunResult } from '../run/types.ts'
import { benchmarkOf, lowerBound } from '../run/record.ts'
import { bucketExtremes, everyNth, groupsOf } from './thin.ts'

/* What the page draws: little enough for one file, whatever the length of the run. chart.json of a run. */

const CURVE_BUCKETS = 900
const BARS_MAX = 1600
const INSTRUMENTS_MAX = 6
export const TRADES_MAX = 1500
const ROLLING_MAX = 1200
const DRAWDOWNS_MAX = 10
const BINS = 41

export type BarsData = {
  readonly instrument: string
  readonly timeframe: string
  readonly openUs: number[]
  readonly open: number[]
  readonly high: number[]
  readonly low: number[]
  readonly close: number[]
}
export type TradeRow = Pick<
  TradeRecord,
  | 'instrument'
  | 'side'
  | 'quantity'
  | 'entryTimeUs'
  | 'exitTimeUs'
  | 'entryPrice'
  | 'exitPrice'
  | 'pnl'
  | 'returnRatio'
  | 'fees'
  | 'exitReason'
>
export type GroupRow = { name: string; trades: number; wins: number; pnl: number; fees: number; funding: number }
export type ReportData = {
  readonly curve: {
    timeUs: number[]
    equity: number[]
    drawdown: number[]
    exposure: number[]
    hold: (number | null)[]
  }
  /** Returns of months as year, month (1-12), share. */
  readonly months: { year: number; month: number; value: number }[]
  readonly rolling: { window: number; timeUs: number[]; sharpe: (number | null)[] }
  readonly distribution: { of: 'days' | 'trades'; edges: number[]; counts: number[] }
  readonly drawdowns: {
    depth: number
    peakUs: number
    troughUs: number
    recoveredUs: number | null
    durationUs: number
  }[]
  readonly bars: BarsData[]
  /** The first TRADES_MAX; `tradeCount` of the record has them all. */
  readonly trades: TradeRow[]
  readonly instruments: GroupRow[]
  readonly pnlMonths: GroupRow[]
  readonly reasons: GroupRow[]
  readonly sides: GroupRow[]
}

export function reportData(
  record: RunRecord,
  result: RunResult,
  traded: readonly string[],
  series: readonly MarketColumns[],
): ReportData {
  const { timeUs, value } = result.equity
  const daily = dailyEquity(timeUs, value, record.cash, record.basis.periodsPerYear)
  const returns = returnsOf(daily.value)
  const tradeReturns = Float64Array.from(result.trades, (trade) => trade.returnRatio)
  const month = monthNames()
  const ofDays = returns.filter((one) => one !== 0).length >= 20 || tradeReturns.length < 5
  return {
    curve: curveOf(record, result, series),
    months: monthsOf(daily.day, daily.value),
    rolling: rollingOf(daily.day, returns, record.basis.periodsPerYear),
    distribution: { of: ofDays ? 'days' : 'trades', ...histogram(ofDays ? returns : tradeReturns) },
    drawdowns: drawdownsOf(timeUs, value)
      .toSorted((a, b) => a.depth - b.depth)
      .slice(0, DRAWDOWNS_MAX),
    bars: barsOf(result, traded, series),
    trades: result.trades.slice(0, TRADES_MAX).map(tradeRow),
    instruments: groupsOf(result.trades, (trade) => `${trade.venue} ${trade.instrument}`),
    pnlMonths: groupsOf(result.trades, (trade) => month(trade.exitTimeUs)).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
    reasons: groupsOf(result.trades, (trade) => trade.exitReason.replaceAll('_', ' ')),
    sides: groupsOf(result.trades, (trade) => trade.side),
  }
}

function tradeRow(trade: TradeRecord): TradeRow {
  const { instrument, side, quantity, entryTimeUs, exitTimeUs, entryPrice, exitPrice } = trade
  const { pnl, returnRatio, fees, exitReason } = trade
  return {
    instrument,
    side,
    quantity,
    entryTimeUs,
    exitTimeUs,
    entryPrice,
    exitPrice,
    pnl,
    returnRatio,
    fees,
    exitReason,
  }
}
export const monthOf = (us: number): string => new Date(us / 1000).toISOString().slice(0, 7)
/** The same for many that follow each other. */
function monthNames(): (us: number) => string {
  let [day, month] = [NaN, '']
  return (us) => {
    const now = Math.floor(us / DAY_US)
    if (now !== day) [day, month] = [now, monthOf(us)]
    return month
  }
}

const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits))

function curveOf({ cash, strategy }: RunRecord, { equity }: RunResult, series: readonly MarketColumns[]) {
  const { timeUs, value, exposure } = equity
  const rows = bucketExtremes(value, CURVE_BUCKETS)
  const at = (column: Float64Array, digits: number): number[] => rows.map((i) => rounded(column[i] as number, digits))
  let [peak, seen] = [cash, 0]
  const drawdown = rows.map((i) => {
    for (; seen <= i; seen++) if ((value[seen] as number) > peak) peak = value[seen] as number
    return rounded((value[i] as number) / peak - 1, 6)
  })
  const bench = benchmarkOf(series, equity, strategy.lookback)
  const start = bench?.value[bench.from]
  let seenRows = 0
  const hold = rows.map((i) => {
    if (!bench || !start) return null
    seenRows = firstAbove(bench.timeUs, timeUs[i] as number, seenRows)
    const row = seenRows - 1
    if (row < bench.from) return null
    return rounded(((bench.value[row] as number) / start) * cash, 8)
  })
  return {
    timeUs: rows.map((i) => timeUs[i] as number),
    equity: at(value, 10),
    drawdown,
    exposure: at(exposure, 8),
    hold,
  }
}

function monthsOf(day: Float64Array, value: Float64Array): ReportData['months'] {
  const months: ReportData['months'] = []
  let begin = value[0] as number
  for (let i = 1; i < value.length; i++) {
    const [year, month] = monthOf((day[i] as number) * DAY_US)
      .split('-')
      .map(Number) as [number, number]
    const last = months.at(-1)
    const share = (value[i] as number) / begin - 1
    if (last?.year === year && last.month === month) last.value = share
    else {
      begin = value[i - 1] as number
      months.push({ year, month, value: (value[i] as number) / begin - 1 })
    }
  }
  return months
}

/** Over a third of the run, 20 to 90 days. */
function rollingOf(day: Float64Array, returns: Float64Array, periods: number): ReportData['rolling'] {
  const window = Math.min(90, Math.floor(returns.length / 3))
  if (window < 20) return { window: 0, timeUs: [], sharpe: [] }
  const ends = everyNth(returns.length - window + 1, ROLLING_MAX).map((i) => i + window)
  return {
    window,
    timeUs: ends.map((end) => ((day[end] as number) + 1) * DAY_US),
    sharpe: ends.map((end) => sharpe(returns.subarray(end - window, end), periods)),
  }
}

function histogram(values: Float64Array): { edges: number[]; counts: number[] } {
  if (values.length === 0) return { edges: [], counts: [] }
  const reach = values.reduce((most, one) => Math.max(most, Math.abs(one)), 0) || 0.01
  // Zero is the middle of a bin, so that days without a position stand by themselves.
  const width = (2 * reach) / (BINS - 1)
  const counts = Array.from({ length: BINS }, () => 0)
  for (const one of values) {
    const bin = Math.min(BINS - 1, Math.round(one / width) + (BINS - 1) / 2)
    counts[bin] = (counts[bin] as number) + 1
  }
  const edges = Array.from({ length: BINS + 1 }, (_, i) => (i - BINS / 2) * width)
  return { edges, counts }
}

function barsOf(result: RunResult, traded: readonly string[], series: readonly MarketColumns[]): BarsData[] {
  const names = [...new Set(series.map((one) => `${one.venue} ${one.instrument}`))]
  const shown = names
    .toSorted((a, b) => Number(traded.includes(b)) - Number(traded.includes(a)))
    .slice(0, INSTRUMENTS_MAX)
  const most = Math.floor(BARS_MAX / Math.max(1, shown.length))
  return shown.flatMap((name) => {
    const own = series.filter((one) => `${one.venue} ${one.instrument}` === name)
    const bars = own.find((one): one is CandleColumns => one.kind === 'candles') ?? madeBars(own, most)
    return bars ? [thinBars(bars, result.firstUs, result.lastUs, most)] : []
  })
}

function madeBars(own: readonly MarketColumns[], most: number): CandleColumns | undefined {
  const ticks = own.find((one) => one.kind === 'ticks')
  if (ticks?.kind !== 'ticks' || ticks.rows === 0) return undefined
  const spanUs = (ticks.venueTimeUs.at(-1) as number) - (ticks.venueTimeUs[0] as number)
  const timeframe = TIMEFRAMES.find((one) => spanUs / TIMEFRAME_US[one] <= most) ?? '1d'
  return barsOfTicks(ticks, timeframe)
}

/** Several bars become one where there are too many for a screen. */
function thinBars(bars: CandleColumns, fromUs: number, toUs: number, most: number): BarsData {
  const frameUs = TIMEFRAME_US[bars.timeframe]
  // The first bar that ends at the beginning or later, or the first at all.
  const found = lowerBound(bars.openTimeUs, fromUs - frameUs)
  const first = found >= bars.rows ? 0 : found
  const last = Math.min(bars.rows, lowerBound(bars.openTimeUs, toUs + 1))
  const size = Math.max(1, Math.ceil((last - first) / most))
  const data: BarsData = {
    instrument: `${bars.venue} ${bars.instrument}`,
    timeframe: size === 1 ? bars.timeframe : `${size} x ${bars.timeframe}`,
    openUs: [],
    open: [],
    high: [],
    low: [],
    close: [],
  }
  for (let from = first; from < last; from += size) {
    const to = Math.min(last, from + size)
    data.openUs.push(bars.openTimeUs[from] as number)
    data.open.push(bars.open[from] as number)
    let [high, low] = [bars.high[from] as number, bars.low[from] as number]
    for (let row = from + 1; row < to; row++) {
      if ((bars.high[row] as number) > high) high = bars.high[row] as number
      if ((bars.low[row] as number) < low) low = bars.low[row] as number
    }
    data.high.push(high)
    data.low.push(low)
    data.close.push(bars.close[to - 1] as number)
  }
  return data
}
