import { deviation, mean, momentRatios, normalCdf, normalInverse, ratio } from './statistics.ts'
import type { Numbers } from './statistics.ts'

/* How much a Sharpe ratio is worth (Bailey and Lopez de Prado, 2012 and 2014). All Sharpe ratios here are per period. */

const EULER = 0.5772156649015329

/**
 * Probability that the true Sharpe ratio is above `threshold`, by length, skew and tails of the sample:
 * cdf((sr - threshold) x sqrt(n - 1) / sqrt(1 - skew x sr + (kurtosis - 1) / 4 x sr^2)).
 */
export function probabilisticSharpe(returns: Numbers, threshold = 0): number | null {
  const sr = ratio(mean(returns), deviation(returns))
  const moments = momentRatios(returns)
  if (sr === null || moments === null || returns.length < 3) return null
  const spread = 1 - moments.skew * sr + ((moments.kurtosis - 1) / 4) * sr * sr
  if (!(spread > 0)) return null
  return normalCdf(((sr - threshold) * Math.sqrt(returns.length - 1)) / Math.sqrt(spread))
}

/**
 * The best Sharpe ratio to expect of `trials` strategies without any skill, when their Sharpe ratios have the variance
 * `variance`: sd x ((1 - g) x z(1 - 1/n) + g x z(1 - 1/(n e))), g = Euler's constant. 0 for one trial.
 */
export function expectedMaxSharpe(trials: number, variance: number): number {
  if (trials <= 1) return 0
  const high = (1 - EULER) * normalInverse(1 - 1 / trials)
  return Math.sqrt(variance) * (high + EULER * normalInverse(1 - 1 / (trials * Math.E)))
}

/**
 * Probabilistic Sharpe against what luck gives the best of the trials that were really run. Without their variance it is
 * that of a Sharpe ratio of 0 over n periods: 1 / (n - 1).
 */
export function deflatedSharpe(returns: Numbers, trials: number, variance?: number): number | null {
  if (returns.length < 3) return null
  return probabilisticSharpe(returns, expectedMaxSharpe(trials, variance ?? 1 / (returns.length - 1)))
}
