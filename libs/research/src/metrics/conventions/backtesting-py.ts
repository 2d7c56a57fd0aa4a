import { DAY_US, isoOfUs } from '@contrail/contracts'
import type { Metrics } from '../catalogue.ts'
import { dayOf } from '../daily.ts'
import { YEAR_US } from '../prepared.ts'
import type { Prepared } from '../prepared.ts'
import { downside, negativeSum, positiveSum, returnsOf } from '../returns.ts'
import { covariance, finite, mean, ratio, sum, variance } from '../statistics.ts'
import type { Numbers } from '../statistics.ts'
import { kelly, sqn, winRate } from '../trades.ts'

/* backtesting.py: everything by bars; geometric returns over a compounded volatility. A bar is named by its opening time. */

/** exp(mean(log(1 + r))) - 1, 0 when something is lost altogether. */
function geometricMean(values: Numbers): number | null {
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const growth = 1 + (values[i] as number)
    if (growth <= 0) return 0
    total += Math.log(growth)
  }
  return values.length === 0 ? null : Math.exp(total / values.length) - 1
}

/** Runs of at least one point below the peak: from the point at the peak to the next one, or to the end. */
export function drawdownSpans(depth: Numbers): { from: number; to: number; peak: number }[] {
  const spans: { from: number; to: number; peak: number }[] = []
  let from = -1
  for (let i = 0; i < depth.length; i++) {
    if (depth[i] !== 0 && i < depth.length - 1) continue
    if (from >= 0 && i > from + 1) {
      let peak = 0
      for (let k = from; k <= i; k++) peak = Math.max(peak, depth[k] as number)
      spans.push({ from, to: i, peak })
    }
    from = i
  }
  return spans
}

type Bars = {
  readonly openUs: Float64Array
  readonly equity: Numbers
  readonly prices: Numbers | undefined
  days: 252 | 365
}

function barsOf({ input }: Prepared): Bars {
  const { timeUs, value } = input.equity
  const openUs = Float64Array.from(timeUs, (at) => at - (input.barUs ?? 0))
  const weekends = openUs.filter((at) => [6, 0].includes((Math.floor(at / DAY_US) + 4) % 7)).length
  const days = weekends / openUs.length > (2 / 7) * 0.6 ? 365 : 252
  return { openUs, equity: value, prices: input.benchmark?.value, days }
}

/** The last equity of each day that has one. */
function lastOfDays({ openUs, equity }: Bars): number[] {
  const values: number[] = []
  let last = NaN
  for (let i = 0; i < openUs.length; i++) {
    const day = dayOf((openUs[i] as number) + 1)
    if (day === last) values[values.length - 1] = equity[i] as number
    else values.push(equity[i] as number)
    last = day
  }
  return values
}

const logReturns = (values: Numbers): Float64Array => returnsOf(values).map((one) => Math.log1p(one))
/** Share of the bars that lie in a trade, its first and last bar included. */
function exposureOf({ input }: Prepared, bars: number): number | null {
  const held = new Uint8Array(bars)
  for (const { entryRow, exitRow } of input.trades) held.fill(1, entryRow, exitRow + 1)
  return ratio(sum(held), bars)
}

function yearly(bars: Bars) {
  const returns = returnsOf(lastOfDays(bars))
  const average = geometricMean(returns)
  const spread = variance(returns)
  if (average === null || spread === null) return { annual: null, volatility: null, down: null }
  const N = bars.days
  const below = downside(returns)
  return {
    annual: finite((1 + average) ** N - 1),
    volatility: finite(Math.sqrt((spread + (1 + average) ** 2) ** N - (1 + average) ** (2 * N))),
    down: below === null ? null : below * Math.sqrt(N),
  }
}

function falls(bars: Bars) {
  let peak = -Infinity
  const depth = Float64Array.from(bars.equity, (value) => {
    peak = Math.max(peak, value)
    return 1 - value / peak
  })
  const spans = drawdownSpans(depth)
  const durations = spans.map(({ from, to }) => (bars.openUs[to] as number) - (bars.openUs[from] as number))
  const average = mean(spans.map((span) => span.peak))
  return {
    deepest: depth.length === 0 ? null : -depth.reduce((a, b) => Math.max(a, b), 0),
    average: average === null ? null : -average,
    longestUs: durations.length === 0 ? null : Math.max(...durations),
    averageUs: mean(durations),
  }
}

/** Durations are rounded up to whole bars. */
const wholeBars = (us: number | null, barUs = 1): number | null =>
  us === null ? null : Math.ceil(us / (barUs || 1)) * (barUs || 1)

export function backtestingPy(prepared: Prepared): Partial<Metrics> {
  const { input, profits } = prepared
  const bars = barsOf(prepared)
  const { barUs, trades } = input
  const [first, last] = [bars.equity[0] as number, bars.equity[bars.equity.length - 1] as number]
  const total = ratio(last - first, first)
  const { annual, volatility, down } = yearly(bars)
  const fall = falls(bars)
  const spanUs = (bars.openUs.at(-1) ?? 0) - (bars.openUs[0] ?? 0)
  const returns = trades.map((trade) => trade.returnRatio)
  const market = bars.prices && bars.prices.length === bars.equity.length ? logReturns(bars.prices) : undefined
  const slope = market ? ratio(covariance(logReturns(bars.equity), market), covariance(market, market)) : null
  const held = bars.prices?.[input.benchmark?.from ?? 0]
  const hold = held === undefined ? null : ratio((bars.prices as Numbers)[bars.equity.length - 1] as number, held)
  const durations = trades.map((trade) => trade.exitTimeUs - trade.entryTimeUs)
  return {
    exposureTime: exposureOf(prepared, bars.equity.length),
    totalReturn: total,
    benchmarkReturn: hold === null ? null : hold - 1,
    annualReturn: annual,
    volatility,
    cagr: spanUs > 0 ? finite((last / first) ** (YEAR_US / spanUs) - 1) : null,
    sharpe: ratio(annual, volatility),
    sortino: ratio(annual, down),
    calmar: ratio(annual, fall.deepest && -fall.deepest),
    alpha: total === null || slope === null || hold === null ? null : total - slope * (hold - 1),
    beta: slope,
    maxDrawdown: fall.deepest,
    averageDrawdown: fall.average,
    maxDrawdownDurationUs: wholeBars(fall.longestUs, barUs),
    averageDrawdownDurationUs: wholeBars(fall.averageUs, barUs),
    winRate: winRate(profits),
    averageTradeReturn: geometricMean(returns),
    maxTradeDurationUs: wholeBars(durations.length === 0 ? null : Math.max(...durations), barUs),
    averageTradeDurationUs: wholeBars(mean(durations), barUs),
    profitFactor: ratio(positiveSum(returns), Math.abs(negativeSum(returns))),
    sqn: sqn(profits),
    kelly: kelly(profits),
  }
}

/** The figures under the names and in the units that backtesting.py prints. */
export function backtestingPyStats(prepared: Prepared, metrics: Metrics): Record<string, number | string | null> {
  const { openUs } = barsOf(prepared)
  const percent = (value: number | null): number | null => (value === null ? null : value * 100)
  const [start, end] = [openUs[0] ?? 0, openUs.at(-1) ?? 0]
  return {
    Start: isoOfUs(start).slice(0, 19),
    End: isoOfUs(end).slice(0, 19),
    Duration: daysText(end - start),
    'Exposure Time [%]': percent(metrics.exposureTime),
    'Equity Final [$]': metrics.finalEquity,
    'Equity Peak [$]': metrics.peakEquity,
    'Return [%]': percent(metrics.totalReturn),
    'Buy & Hold Return [%]': percent(metrics.benchmarkReturn),
    'Return (Ann.) [%]': percent(metrics.annualReturn),
    'Volatility (Ann.) [%]': percent(metrics.volatility),
    'CAGR [%]': percent(metrics.cagr),
    'Sharpe Ratio': metrics.sharpe,
    'Sortino Ratio': metrics.sortino,
    'Calmar Ratio': metrics.calmar,
    'Alpha [%]': percent(metrics.alpha),
    Beta: metrics.beta,
    'Max. Drawdown [%]': percent(metrics.maxDrawdown),
    'Avg. Drawdown [%]': percent(metrics.averageDrawdown),
    'Max. Drawdown Duration': daysText(metrics.maxDrawdownDurationUs),
    'Avg. Drawdown Duration': daysText(metrics.averageDrawdownDurationUs),
    '# Trades': metrics.tradeCount,
    'Win Rate [%]': percent(metrics.winRate),
    'Best Trade [%]': percent(metrics.bestTradeReturn),
    'Worst Trade [%]': percent(metrics.worstTradeReturn),
    'Avg. Trade [%]': percent(metrics.averageTradeReturn),
    'Max. Trade Duration': daysText(metrics.maxTradeDurationUs),
    'Avg. Trade Duration': daysText(metrics.averageTradeDurationUs),
    'Profit Factor': metrics.profitFactor,
    'Expectancy [%]': percent(mean(prepared.input.trades.map((trade) => trade.returnRatio))),
    SQN: metrics.sqn,
    'Kelly Criterion': metrics.kelly,
  }
}

/** `584 days`, or `2 days 03:04:05` where it is not whole. */
function daysText(us: number | null): string | null {
  if (us === null) return null
  const days = Math.floor(us / DAY_US)
  return us % DAY_US === 0 ? `${days} days` : `${days} days ${isoOfUs(us - days * DAY_US).slice(11, 19)}`
}
