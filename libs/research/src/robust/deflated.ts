import type { RunResult } from '../run/types.ts'
import { dailyEquity, periodsPerYearOf } from '../metrics/daily.ts'
import { returnsOf } from '../metrics/returns.ts'
import { deflatedSharpe, expectedMaxSharpe, probabilisticSharpe } from '../metrics/sharpe-odds.ts'
import { deviation, mean, ratio, variance } from '../metrics/statistics.ts'
import type { Trial } from '../optimise/trial.ts'
import type { RobustnessSection } from '../report/sections.ts'

/** How many runs the chosen one was picked from, itself included, and the variance of their Sharpe ratios per period. */
export type TrialCount = { readonly count: number; readonly variance?: number }

const LIKELY = 0.95

/** From a study: every trial that ran counts, also those that were worse or undefined. `periods`: a year of the Sharpe ratios. */
export function trialCountOf(trials: readonly Trial[], periods: number): TrialCount {
  const sharpes = trials.flatMap((trial) => {
    const value = trial.state === 'done' ? trial.metrics['sharpe'] : undefined
    return typeof value === 'number' ? [value / Math.sqrt(periods)] : []
  })
  const spread = variance(sharpes)
  return { count: Math.max(1, trials.length), ...(spread === null ? {} : { variance: spread }) }
}

export function deflatedSection(result: RunResult, cash: number, trials: TrialCount): RobustnessSection {
  const { timeUs, value } = result.equity
  const periods = periodsPerYearOf(timeUs)
  const returns = returnsOf(dailyEquity(timeUs, value, cash, periods).value)
  const sr = ratio(mean(returns), deviation(returns))
  const expected = expectedMaxSharpe(trials.count, trials.variance ?? 1 / Math.max(1, returns.length - 1))
  const probability = deflatedSharpe(returns, trials.count, trials.variance)
  const yearly = Math.sqrt(periods)
  const ran = trials.count === 1 ? 'one run' : `the best of ${trials.count} runs`
  return {
    kind: 'deflated-sharpe',
    title: 'Deflated Sharpe ratio',
    summary:
      probability === null
        ? 'There are too few daily returns to say how much the Sharpe ratio is worth.'
        : `As ${ran}, the Sharpe ratio is above what luck would give with probability ${probability.toFixed(3)}.`,
    verdict:
      probability === null || returns.length < 30
        ? 'unknown'
        : probability >= LIKELY
          ? 'good'
          : probability >= 0.5
            ? 'doubtful'
            : 'bad',
    figures: [
      {
        label: 'Deflated Sharpe',
        value: probability,
        format: 'probability',
        hint: 'Probability that the true Sharpe ratio is above what the best of so many runs without skill would show.',
      },
      { label: 'Trials really run', value: trials.count, format: 'count' },
      { label: 'Sharpe, a year', value: sr === null ? null : sr * yearly, format: 'ratio' },
      { label: 'Sharpe that luck would give, a year', value: expected * yearly, format: 'ratio' },
      { label: 'Probabilistic Sharpe', value: probabilisticSharpe(returns), format: 'probability' },
      { label: 'Daily returns', value: returns.length, format: 'count' },
    ],
    charts: [],
    tables: [],
  }
}
