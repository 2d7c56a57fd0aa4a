import type { Metrics } from '../catalogue.ts'
import { drawdownFigures } from '../drawdowns.ts'
import type { Prepared } from '../prepared.ts'
import {
  alpha,
  annualReturn,
  beta,
  cagr,
  conditionalValueAtRisk,
  informationRatio,
  maxDrawdown,
  omega,
  sharpe,
  sortino,
  stability,
  tailRatio,
  ulcer,
  valueAtRisk,
  volatility,
} from '../returns.ts'
import { deflatedSharpe, probabilisticSharpe } from '../sharpe-odds.ts'
import { excessKurtosis, mean, ratio, skewness } from '../statistics.ts'
import type { Numbers } from '../statistics.ts'
import { expectancyR, kelly, profitFactor, sqn, streaks, winRate } from '../trades.ts'

/** The default: definitions as in the catalogue. */
export function contrailMetrics(prepared: Prepared): Metrics {
  return {
    ...returnFigures(prepared),
    ...riskFigures(prepared),
    ...tradeFigures(prepared),
    ...activityFigures(prepared),
    ...benchmarkFigures(prepared),
    probabilisticSharpe: probabilisticSharpe(prepared.returns, prepared.riskFree),
    deflatedSharpe: deflatedSharpe(
      prepared.returns,
      prepared.input.trials?.count ?? 1,
      prepared.input.trials?.variance,
    ),
  }
}

const best = (values: Numbers): number | null => extreme(values, 1)
const worst = (values: Numbers): number | null => extreme(values, -1)
function extreme(values: Numbers, sign: 1 | -1): number | null {
  if (values.length === 0) return null
  let found = values[0] as number
  for (let i = 1; i < values.length; i++) if (((values[i] as number) - found) * sign > 0) found = values[i] as number
  return found
}

function returnFigures({ input, returns, periods, years, finalEquity }: Prepared) {
  return {
    startEquity: input.cash,
    finalEquity,
    peakEquity: Math.max(input.cash, best(input.equity.value) ?? input.cash),
    totalReturn: ratio(finalEquity - input.cash, input.cash),
    cagr: cagr(input.cash, finalEquity, years),
    annualReturn: annualReturn(returns, periods),
    bestDay: best(returns),
    worstDay: worst(returns),
    positiveDays: ratio(returns.filter((one) => one > 0).length, returns.length),
    stability: stability(returns),
  }
}

function riskFigures({ input, returns, periods, riskFree, years, finalEquity, fromUs, daily }: Prepared) {
  const { timeUs, value } = input.equity
  const depth = maxDrawdown(value, input.cash)
  const falls = drawdownFigures(timeUs, value, { timeUs: fromUs, value: input.cash })
  return {
    sharpe: sharpe(returns, periods, riskFree),
    sortino: sortino(returns, periods, riskFree),
    calmar: ratio(cagr(input.cash, finalEquity, years), depth === null ? null : Math.abs(depth)),
    omega: omega(returns, riskFree),
    volatility: volatility(returns, periods),
    maxDrawdown: depth,
    averageDrawdown: falls.averageDepth,
    maxDrawdownDurationUs: falls.longestUs,
    averageDrawdownDurationUs: falls.averageUs,
    recoveryUs: falls.recoveryUs,
    timeUnderWater: falls.underWater,
    ulcer: ulcer(daily),
    skew: skewness(returns),
    kurtosis: excessKurtosis(returns),
    valueAtRisk95: valueAtRisk(returns, 0.95),
    valueAtRisk99: valueAtRisk(returns, 0.99),
    conditionalValueAtRisk95: conditionalValueAtRisk(returns, 0.95),
    conditionalValueAtRisk99: conditionalValueAtRisk(returns, 0.99),
    tailRatio: tailRatio(returns),
  }
}

function tradeFigures({ input: { trades }, profits }: Prepared) {
  const returns = trades.map((trade) => trade.returnRatio)
  const durations = trades.map((trade) => trade.exitTimeUs - trade.entryTimeUs)
  const excursion = (kind: 'mae' | 'mfe') =>
    trades.flatMap((trade) => ratio(trade[kind], trade.entryPrice * trade.quantity) ?? [])
  const runs = streaks(profits)
  return {
    tradeCount: trades.length,
    winRate: winRate(profits),
    profitFactor: profitFactor(profits),
    expectancy: mean(profits),
    expectancyR: expectancyR(profits),
    sqn: sqn(profits),
    kelly: kelly(profits),
    averageTradeReturn: mean(returns),
    bestTradeReturn: best(returns),
    worstTradeReturn: worst(returns),
    averageWin: mean(profits.filter((p) => p > 0)),
    averageLoss: mean(profits.filter((p) => p < 0)),
    longestWinStreak: runs.wins,
    longestLossStreak: runs.losses,
    averageTradeDurationUs: mean(durations),
    maxTradeDurationUs: best(durations),
    averageMae: mean(excursion('mae')),
    averageMfe: mean(excursion('mfe')),
    worstMae: worst(excursion('mae')),
  }
}

/** Time between two points counts for what was held at its end. */
function activityFigures({ input, fromUs, toUs, years }: Prepared) {
  const { timeUs, value, exposure } = input.equity
  const equity = mean(value)
  const turnover = input.notional === undefined ? null : ratio(ratio(input.notional, equity), years)
  if (!exposure || value.length === 0) return { exposureTime: null, averageExposure: null, turnover }
  let [heldUs, weighted, before] = [0, 0, fromUs]
  for (let i = 0; i < value.length; i++) {
    const spanUs = (timeUs[i] as number) - before
    before = timeUs[i] as number
    const held = Math.abs(exposure[i] as number)
    if (held > 0) heldUs += spanUs
    if ((value[i] as number) > 0) weighted += (held / (value[i] as number)) * spanUs
  }
  return { exposureTime: ratio(heldUs, toUs - fromUs), averageExposure: ratio(weighted, toUs - fromUs), turnover }
}

function benchmarkFigures({ input, returns, benchmark, periods, riskFree }: Prepared) {
  const prices = input.benchmark?.value
  const from = input.benchmark?.from ?? 0
  if (!prices || !benchmark || prices.length <= from)
    return { benchmarkReturn: null, alpha: null, beta: null, informationRatio: null }
  const [first, last] = [prices[from] as number, prices[prices.length - 1] as number]
  return {
    benchmarkReturn: ratio(last - first, first),
    alpha: alpha(returns, benchmark, periods, riskFree),
    beta: beta(returns, benchmark),
    informationRatio: informationRatio(returns, benchmark, periods),
  }
}
