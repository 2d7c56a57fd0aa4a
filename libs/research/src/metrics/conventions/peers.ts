import { DAY_US } from '@contrail/contracts'
import type { Metrics } from '../catalogue.ts'
import { dayOf } from '../daily.ts'
import type { Prepared } from '../prepared.ts'
import { cagr, maxDrawdown, negativeSum, positiveSum, returnsOf, sharpe, sortino } from '../returns.ts'
import { covariance, deviation, finite, mean, ratio, sum } from '../statistics.ts'
import { profitFactor, winRate } from '../trades.ts'

/* What the peers compute differently. Where they return 0, -100, 10 or infinity for what is undefined, here it is null. */

type Override = (prepared: Prepared) => Partial<Metrics>

const absolute = (value: number | null): number | null => (value === null ? null : Math.abs(value))
/** Whole days between the first and the last point, as the peers count a period; at least 1. */
const wholeDays = ({ fromUs, toUs }: Prepared): number => Math.max(1, Math.floor((toUs - fromUs) / DAY_US))
const cagr365 = (prepared: Prepared): number | null =>
  cagr(prepared.input.cash, prepared.finalEquity, wholeDays(prepared) / 365)

/** Balance of the account after each closed trade; unrealised profit does not count. */
function balancesOf({ input }: Prepared): number[] {
  let balance = input.cash
  return [balance, ...input.trades.map((trade) => (balance += trade.pnl))]
}

/**
 * NautilusTrader: 252 periods; daily returns of the balance, which ends with its last event, so that days after the last
 * closed trade do not count; years = count of returns / 252; profit factor over daily returns.
 */
export const nautilus: Override = (prepared) => {
  const { input, day } = prepared
  if (input.trades.length === 0) return { sharpe: null, sortino: null, calmar: null, cagr: null, profitFactor: null }
  const start = day[0] as number
  const balances: number[] = [input.cash]
  for (const { exitTimeUs, pnl } of input.trades) {
    const index = Math.max(0, dayOf(exitTimeUs) - start)
    while (balances.length <= index) balances.push(balances.at(-1) as number)
    balances[index] = (balances[index] as number) + pnl
  }
  const returns = returnsOf(balances)
  const growth = cagr(input.cash, balances.at(-1) as number, returns.length / 252)
  return {
    sharpe: sharpe(returns, 252),
    sortino: sortino(returns, 252),
    maxDrawdown: maxDrawdown(balances),
    cagr: growth,
    calmar: ratio(growth, absolute(maxDrawdown(balances))),
    profitFactor: ratio(positiveSum(returns), Math.abs(negativeSum(returns))),
    winRate: winRate(prepared.profits),
    expectancy: mean(prepared.profits),
  }
}

/** Jesse: 365 periods; Sortino divides by the rows of the daily balance, which are one more than the returns. */
export const jesse: Override = (prepared) => {
  const { daily, returns } = prepared
  const growth = cagr365(prepared)
  const depth = maxDrawdown(daily)
  return {
    sharpe: sharpe(returns, 365),
    sortino: sortino(returns, 365, 0, returns.length + 1),
    maxDrawdown: depth,
    cagr: growth,
    calmar: ratio(growth, absolute(depth)),
    winRate: winRate(prepared.profits),
    expectancy: mean(prepared.profits),
  }
}

/**
 * LEAN: the first daily return is dropped (the first two samples); annual performance = (1 + mean)^N - 1, over the sample
 * deviation, of losing days alone for Sortino; expectancy = win rate x (mean win / mean loss) - loss rate, each trade as a
 * share of the capital at that time; trades at 0 are losses.
 */
export const lean: Override = (prepared) => {
  const { periods, input } = prepared
  const returns = prepared.returns.slice(1)
  const annual = (values: Float64Array): number | null => {
    const average = mean(values)
    return average === null ? null : finite((1 + average) ** periods - 1)
  }
  const yearly = (values: Float64Array): number | null => {
    const found = deviation(values)
    return found === null ? null : found * Math.sqrt(periods)
  }
  const performance = annual(returns)
  let capital = input.cash
  const shares = input.trades.map(({ pnl }) => {
    const share = pnl / capital
    capital += pnl
    return share
  })
  const wins = shares.filter((one) => one > 0)
  const losses = shares.filter((one) => one <= 0)
  const payoff = ratio(mean(wins), absolute(mean(losses)))
  const won = ratio(wins.length, shares.length)
  const other = prepared.benchmark?.slice(1)
  const slope = other ? ratio(covariance(returns, other), covariance(other, other)) : null
  const market = other ? annual(other) : null
  return {
    sharpe: ratio(performance, yearly(returns)),
    sortino: ratio(performance, yearly(returns.filter((one) => one < 0))),
    volatility: yearly(returns),
    cagr: cagr365(prepared),
    maxDrawdown: maxDrawdown(prepared.daily),
    profitFactor: profitFactor(prepared.profits),
    winRate: won,
    expectancy: payoff === null || won === null ? null : won * payoff - (1 - won),
    beta: slope,
    alpha: performance === null || slope === null || market === null ? null : performance - slope * market,
  }
}

/**
 * freqtrade: per trade, as a share of the starting balance; mean = sum / whole days of the period; population deviation;
 * sqrt(365). Its Calmar is that mean in percent over the drawdown of closed trades, x sqrt(365).
 */
export const freqtrade: Override = (prepared) => {
  const { input, profits } = prepared
  const shares = profits.map((profit) => profit / input.cash)
  const average = sum(shares) / wholeDays(prepared)
  const depth = maxDrawdown(balancesOf(prepared))
  const annual = (value: number | null): number | null => (value === null ? null : value * Math.sqrt(365))
  const none = shares.length === 0
  return {
    sharpe: none ? null : annual(ratio(average, deviation(shares, 0))),
    sortino: none
      ? null
      : annual(
          ratio(
            average,
            deviation(
              shares.filter((one) => one < 0),
              0,
            ),
          ),
        ),
    calmar: none ? null : annual(ratio(average * 100, absolute(depth))),
    maxDrawdown: depth,
    cagr: cagr365(prepared),
    profitFactor: profitFactor(profits),
    winRate: winRate(profits),
    expectancy: mean(profits),
  }
}
