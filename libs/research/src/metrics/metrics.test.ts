import { DAY_US, HOUR_US } from '@contrail/contracts'
import { describe, expect, test } from 'vitest'
import { METRIC_NAMES, METRICS } from './catalogue.ts'
import { drawdownSpans } from './conventions/backtesting-py.ts'
import { dailyEquity, periodsPerYearOf } from './daily.ts'
import { drawdownFigures, drawdownsOf } from './drawdowns.ts'
import { computeMetrics, reportMetrics } from './metrics.ts'
import { cagr, maxDrawdown } from './returns.ts'
import { deflatedSharpe, expectedMaxSharpe, probabilisticSharpe } from './sharpe-odds.ts'
import { excessKurtosis, normalCdf, normalInverse, quantile, skewness } from './statistics.ts'
import { expectancyR, kelly, profitFactor, streaks, winRate } from './trades.ts'
import { CONVENTIONS } from './types.ts'
import type { MetricsInput } from './types.ts'

const MONDAY_US = Date.UTC(2024, 0, 1) * 1000
const equityOf = (values: readonly number[], stepUs = DAY_US): MetricsInput => ({
  equity: { timeUs: values.map((_, i) => MONDAY_US + (i + 1) * stepUs), value: values },
  trades: [],
  cash: 100,
  fromUs: MONDAY_US,
})

describe('statistics', () => {
  test('the normal distribution and its inverse, against printed tables', () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 15)
    expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14)
    expect(normalCdf(-6)).toBeCloseTo(9.865876450376981e-10, 20)
    expect(normalInverse(0.99)).toBeCloseTo(2.3263478740408408, 12)
  })
  test('skew and kurtosis, corrected for bias', () => {
    const values = [1, 2, 3, 4, 100]
    expect(skewness(values)).toBeCloseTo(2.232395911636458, 12)
    expect(excessKurtosis(values)).toBeCloseTo(4.986865957200655, 12)
    expect(skewness([1, 2])).toBeNull()
    expect(excessKurtosis([1, 1, 1, 1])).toBeNull()
  })
  test('a quantile lies between its two neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
    expect(quantile([], 0.5)).toBeNull()
  })
})

describe('days', () => {
  test('a day without a point is a zero where the venue never closes, and no sample where it does', () => {
    const timeUs = [MONDAY_US + DAY_US, MONDAY_US + 4 * DAY_US]
    expect(Array.from(dailyEquity(timeUs, [110, 99], 100, 365).value)).toEqual([100, 110, 110, 110, 99])
    expect(Array.from(dailyEquity(timeUs, [110, 99], 100, 252).value)).toEqual([100, 110, 99])
  })
  test('00:00 sharp still belongs to the day that it ends', () => {
    const hours = Array.from({ length: 24 }, (_, i) => MONDAY_US + (i + 1) * HOUR_US)
    const values = hours.map((_, i) => 101 + i)
    expect(Array.from(dailyEquity(hours, values, 100, 365).value)).toEqual([100, 124])
  })
  test('a market that never trades on a weekend has 252 periods', () => {
    const weekdays = Array.from({ length: 30 }, (_, i) => i).filter((i) => i % 7 < 5)
    expect(periodsPerYearOf(weekdays.map((day) => MONDAY_US + (day + 1) * DAY_US))).toBe(252)
    const inTokyo = weekdays.map((day) => MONDAY_US + (day + 1) * DAY_US - 9 * 3600e6)
    expect(periodsPerYearOf(inTokyo)).toBe(252)
    const inNewYork = weekdays.map((day) => MONDAY_US + (day + 1) * DAY_US + 5 * 3600e6)
    expect(periodsPerYearOf(inNewYork)).toBe(252)
    expect(periodsPerYearOf([MONDAY_US + 6 * DAY_US])).toBe(365)
    expect(periodsPerYearOf([MONDAY_US + DAY_US])).toBe(365)
  })
})

describe('drawdowns', () => {
  test('from peak to recovery, and the last one open', () => {
    const timeUs = [0, 1, 2, 3, 4, 5]
    const [first, second] = drawdownsOf(timeUs, [100, 80, 100, 120, 90, 95])
    expect(first).toEqual({ depth: 80 / 100 - 1, peakUs: 0, troughUs: 1, recoveredUs: 2, durationUs: 2 })
    expect(second).toMatchObject({ depth: 90 / 120 - 1, recoveredUs: null, durationUs: 2 })
    const figures = drawdownFigures(timeUs, [100, 80, 100, 120, 90, 95])
    expect(figures).toMatchObject({ longestUs: 2, averageUs: 2, recoveryUs: null, underWater: 4 / 5 })
  })
  test('the bars of a drawdown as backtesting.py counts them', () => {
    expect(drawdownSpans([0, 1, 7, 0, 4, 0, 0])).toEqual([
      { from: 0, to: 3, peak: 7 },
      { from: 3, to: 5, peak: 4 },
    ])
  })
  test('a curve that never falls has a drawdown of 0, no curve has none', () => {
    expect(maxDrawdown([1, 2, 3])).toBe(0)
    expect(maxDrawdown([])).toBeNull()
  })
})

describe('undefined is null', () => {
  test('no trades and no movement', () => {
    for (const convention of CONVENTIONS) {
      const found = computeMetrics(equityOf([100, 100, 100]), convention)
      for (const name of ['sharpe', 'sortino', 'calmar', 'profitFactor', 'expectancy', 'sqn', 'winRate'] as const)
        expect({ convention, name, value: found[name] }).toEqual({ convention, name, value: null })
      for (const name of METRIC_NAMES) expect(found[name] === null || Number.isFinite(found[name])).toBe(true)
    }
  })
  test('nothing at all', () => {
    for (const convention of CONVENTIONS) {
      const found = computeMetrics({ equity: { timeUs: [], value: [] }, trades: [], cash: 100 }, convention)
      expect(found.sharpe).toBeNull()
      expect(found.finalEquity).toBe(100)
      for (const name of METRIC_NAMES) expect(found[name] === null || Number.isFinite(found[name])).toBe(true)
    }
  })
  test('only wins: no profit factor, no R; a loss of everything has no growth rate', () => {
    expect(profitFactor([1, 2])).toBeNull()
    expect(expectancyR([1, 2])).toBeNull()
    expect(kelly([1, 2])).toBeNull()
    expect(winRate([1, 2])).toBe(1)
    expect(cagr(100, 0, 1)).toBe(-1)
    expect(cagr(100, -5, 1)).toBeNull()
  })
})

describe('figures of a run', () => {
  test('the default definitions on a curve done by hand', () => {
    const found = computeMetrics({ ...equityOf([110, 99, 108.9]), periods: 365 })
    const returns = [0.1, -0.1, 0.1]
    const average = 0.1 / 3
    const deviation = Math.sqrt(returns.reduce((sum, one) => sum + (one - average) ** 2, 0) / 2)
    expect(found.sharpe).toBeCloseTo((average / deviation) * Math.sqrt(365), 12)
    expect(found.sortino).toBeCloseTo((average / Math.sqrt(0.01 / 3)) * Math.sqrt(365), 12)
    expect(found.maxDrawdown).toBeCloseTo(-0.1, 12)
    expect(found.totalReturn).toBeCloseTo(0.089, 12)
    expect(found.cagr).toBeCloseTo(1.089 ** (365.25 / 3) - 1, 6)
    expect(found.timeUnderWater).toBeCloseTo(2 / 3, 12)
    expect(found.omega).toBeCloseTo(2, 12)
  })
  test('time in a position is weighed by time, not by points', () => {
    const input = equityOf([100, 100, 100])
    const timeUs = [MONDAY_US + 1, MONDAY_US + 9, MONDAY_US + 10]
    const found = computeMetrics({ ...input, equity: { timeUs, value: [100, 100, 100], exposure: [0, 50, 0] } })
    expect(found.exposureTime).toBeCloseTo(0.8, 12)
    expect(found.averageExposure).toBeCloseTo(0.4, 12)
  })
  test('against itself a run has beta 1 and alpha 0', () => {
    const values = [100, 98, 104, 103, 105]
    const input = equityOf(values)
    const found = computeMetrics({ ...input, benchmark: { ...input.equity, value: values } })
    expect(found.beta).toBeCloseTo(1, 12)
    expect(found.alpha).toBeCloseTo(0, 12)
    expect(found.informationRatio).toBeNull()
    expect(found.benchmarkReturn).toBeCloseTo(0.05, 12)
  })
  test('streaks end at a zero', () => {
    expect(streaks([1, 1, 0, 1, -1, -1, -1, 2])).toEqual({ wins: 2, losses: 3 })
  })
  test('what a convention redefines is said', () => {
    const { basis } = reportMetrics(equityOf([101, 102, 101]), 'jesse')
    expect(basis).toMatchObject({ convention: 'jesse', periodsPerYear: 365, riskFree: 0 })
    expect(basis.redefined).toContain('sortino')
    expect(basis.redefined).not.toContain('omega')
  })
  test('every metric says how it is defined', () => {
    for (const name of METRIC_NAMES) expect(METRICS[name].definition.length).toBeGreaterThan(5)
  })
})

describe('how much a Sharpe ratio is worth', () => {
  const returns = Array.from({ length: 250 }, (_, i) => 0.001 + 0.01 * Math.sin(i * 1.7))
  test('the best of many trials is expected to be better, and so deflates more', () => {
    expect(expectedMaxSharpe(1, 1)).toBe(0)
    // Bailey and Lopez de Prado print 2.51 (rounded) for 100 trials of variance 1.
    expect(expectedMaxSharpe(100, 1)).toBeCloseTo(2.5306, 3)
    const odds = [1, 10, 100, 1000].map((trials) => deflatedSharpe(returns, trials) as number)
    expect(odds[0]).toBe(probabilisticSharpe(returns))
    expect(odds.toSorted((a, b) => b - a)).toEqual(odds)
  })
  test('at its own Sharpe ratio the odds are even', () => {
    const mean = returns.reduce((sum, one) => sum + one, 0) / returns.length
    const deviation = Math.sqrt(returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (returns.length - 1))
    expect(probabilisticSharpe(returns, mean / deviation)).toBeCloseTo(0.5, 12)
  })
})
