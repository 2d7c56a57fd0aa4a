import fc from 'fast-check'
import { expect, test } from 'vitest'
import { syntheticBars } from '../testing/synthetic-bars.ts'
import { T3 } from './averages.ts'
import { run } from './indicator.ts'
import { LinearRegression } from './linear-regression.ts'
import { Cmo } from './momentum.ts'
import { PIVOT_KINDS, PivotPoints } from './pivot-points.ts'
import { Aroon, SuperTrend } from './trend.ts'

/* Those without a sheet or a library to compare with: each against its definition, written down without any cleverness. */
const { high, low, close } = syntheticBars(300, 11)

test('Aroon: the latest highest high and lowest low of the last bars, ties and all', () => {
  const prices = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), { minLength: 20 })
  fc.assert(
    fc.property(prices, fc.integer({ min: 1, max: 9 }), (bars, period) => {
      const highs = bars.map(([a, b]) => Math.max(a, b))
      const lows = bars.map(([a, b]) => Math.min(a, b))
      const { up, down } = run(new Aroon(period), { high: highs, low: lows })
      for (let row = period; row < bars.length; row++) {
        const [above, below] = [highs, lows].map((all) => all.slice(row - period, row + 1)) as [number[], number[]]
        const sinceHigh = period - above.lastIndexOf(Math.max(...above))
        const sinceLow = period - below.lastIndexOf(Math.min(...below))
        expect(up[row]).toBe((100 * (period - sinceHigh)) / period)
        expect(down[row]).toBe((100 * (period - sinceLow)) / period)
      }
    }),
  )
})

test('linear regression: value, slope, intercept and r2 of each window', () => {
  const period = 10
  const results = run(new LinearRegression(period), { close })
  for (let row = period - 1; row < close.length; row++) {
    const ys = close.slice(row - period + 1, row + 1)
    const [meanX, meanY] = [(period - 1) / 2, ys.reduce((sum, y) => sum + y, 0) / period]
    const sxy = ys.reduce((sum, y, x) => sum + (x - meanX) * (y - meanY), 0)
    const sxx = ys.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0)
    const syy = ys.reduce((sum, y) => sum + (y - meanY) ** 2, 0)
    const slope = sxy / sxx
    expect(results.slope[row]).toBeCloseTo(slope, 11)
    expect(results.intercept[row]).toBeCloseTo(meanY - slope * meanX, 10)
    expect(results.value[row]).toBeCloseTo(meanY + slope * (period - 1 - meanX), 10)
    expect(results.r2[row]).toBeCloseTo((sxy * sxy) / (sxx * syy), 10)
  }
})

test('a straight line has its slope, and nothing is left unexplained', () => {
  const line = new LinearRegression(5)
  for (let i = 0; i < 40; i++) line.update(3 + 0.5 * i)
  expect(line.value).toBeCloseTo(22.5, 12)
  expect([line.slope, line.r2]).toEqual([expect.closeTo(0.5, 12), expect.closeTo(1, 12)])
})

/** Mean of the first values, then a part of each new one: on a whole column that may begin with NaN. */
function emaOf(values: number[], period: number): number[] {
  const begin = values.findIndex((each) => !Number.isNaN(each))
  let average = values.slice(begin, begin + period).reduce((sum, each) => sum + each, 0) / period
  return values.map((each, row) => {
    if (begin < 0 || row < begin + period - 1) return NaN
    if (row > begin + period - 1) average += (2 / (period + 1)) * (each - average)
    return average
  })
}

test('T3: three generalised double averages, one after the other', () => {
  const [period, factor] = [4, 0.7]
  const generalised = (values: number[]) => {
    const once = emaOf(values, period)
    const twice = emaOf(once, period)
    return once.map((each, row) => each * (1 + factor) - twice[row]! * factor)
  }
  // Its six averages begin later each: compared where all have forgotten how.
  const expected = generalised(generalised(generalised(close)))
  const own = run(new T3(period), { close }).value
  expect(own.findIndex((each) => !Number.isNaN(each))).toBe(6 * (period - 1))
  for (let row = 150; row < close.length; row++) expect(own[row]).toBeCloseTo(expected[row]!, 9)
})

test('Cmo simple: gains less losses of the window, over both', () => {
  const own = run(new Cmo(9, { smoothing: 'simple' }), { close }).value
  for (let row = 9; row < close.length; row++) {
    const changes = close.slice(row - 8, row + 1).map((each, i) => each - close[row - 9 + i]!)
    const net = changes.reduce((sum, each) => sum + each, 0)
    const path = changes.reduce((sum, each) => sum + Math.abs(each), 0)
    expect(own[row]).toBeCloseTo((100 * net) / path, 9)
  }
})

test('SuperTrend: bands by their definition', () => {
  const [period, width] = [7, 2]
  const own = run(new SuperTrend(period, width), { high, low, close })
  const ranges = close.map((_, row) =>
    row === 0 ? 0 : Math.max(high[row]!, close[row - 1]!) - Math.min(low[row]!, close[row - 1]!),
  )
  let atr = ranges.slice(1, period + 1).reduce((sum, each) => sum + each, 0) / period
  let [upper, lower, up] = [Infinity, -Infinity, false]
  let turns = 0
  for (let row = period; row < close.length; row++) {
    if (row > period) atr = (atr * (period - 1) + ranges[row]!) / period
    const [basicUpper, basicLower] = [1, -1].map((sign) => (high[row]! + low[row]!) / 2 + sign * width * atr)
    upper = basicUpper! < upper || close[row - 1]! > upper ? basicUpper! : upper
    lower = basicLower! > lower || close[row - 1]! < lower ? basicLower! : lower
    const before = up
    if (row > period) up = up ? close[row]! >= lower : close[row]! > upper
    if (up !== before) turns++
    expect(own.direction[row]).toBe(up ? 1 : -1)
    expect(own.value[row]).toBeCloseTo(up ? lower : upper, 9)
  }
  expect(turns).toBeGreaterThan(4)
})

test('pivot points of a bar from 100 to 110 that closed at 108', () => {
  const levels = (kind: (typeof PIVOT_KINDS)[number]) => {
    const points = new PivotPoints(kind)
    points.update(110, 100, 108)
    return [points.s3, points.s2, points.s1, points.pivot, points.r1, points.r2, points.r3].map(
      (level) => Math.round(level * 1e4) / 1e4,
    )
  }
  expect(PIVOT_KINDS.map(levels)).toEqual([
    [92, 96, 102, 106, 112, 116, 122],
    [96, 99.82, 102.18, 106, 109.82, 112.18, 116],
    [105.25, 106.1667, 107.0833, 106, 108.9167, 109.8333, 110.75],
    [93, 96.5, 103, 106.5, 113, 116.5, 123],
  ])
})
