import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Adx } from './adx.ts'
import { Atr } from './atr.ts'
import { Dema, Hma, T3, Tema, Trix } from './averages.ts'
import { Bollinger } from './bollinger.ts'
import { Cci } from './cci.ts'
import { Ichimoku, Keltner } from './channels.ts'
import { Donchian } from './donchian.ts'
import { Ema } from './ema.ts'
import { Indicator, run } from './indicator.ts'
import type { Column, RunnableIndicator } from './indicator.ts'
import { HeikinAshi } from './heikin-ashi.ts'
import { Kama } from './kama.ts'
import { LinearRegression } from './linear-regression.ts'
import { Macd, Ppo } from './macd.ts'
import { Cmo, StochasticRsi, Tsi, WilliamsR } from './momentum.ts'
import { Roc } from './roc.ts'
import { PivotPoints } from './pivot-points.ts'
import { Rsi } from './rsi.ts'
import { Sma } from './sma.ts'
import { StandardDeviation } from './standard-deviation.ts'
import { Stochastic } from './stochastic.ts'
import { Aroon, Psar, SuperTrend, Vortex } from './trend.ts'
import { UlcerIndex } from './ulcer.ts'
import { UltimateOscillator } from './ultimate.ts'
import { AccumulationDistribution, Cmf, Mfi, Obv } from './volume.ts'
import { Vwap } from './vwap.ts'
import { Wma } from './wma.ts'

type Own = Indicator & RunnableIndicator
const MAKERS: [string, (n: number) => Own][] = [
  ['sma', (n) => new Sma(n)],
  ['ema', (n) => new Ema(n)],
  ['ema first', (n) => new Ema(n, { seed: 'first' })],
  ['wma', (n) => new Wma(n)],
  ['rsi', (n) => new Rsi(n)],
  ['rsi simple', (n) => new Rsi(n, { smoothing: 'simple', flatValue: 50 })],
  ['rsi first', (n) => new Rsi(n, { seed: 'first' })],
  ['macd', (n) => new Macd(n, 2 * n, n + 1)],
  ['macd own', (n) => new Macd(n, 2 * n, n + 1, { seed: 'own' })],
  ['macd first', (n) => new Macd(n, 2 * n, n + 1, { seed: 'first' })],
  ['stdev', (n) => new StandardDeviation(n + 1, { sample: true })],
  ['bollinger', (n) => new Bollinger(n + 1)],
  ['atr', (n) => new Atr(n)],
  ['atr simple', (n) => new Atr(n, { smoothing: 'simple', firstBar: 'range' })],
  ['vwap session', () => new Vwap()],
  ['vwap window', (n) => new Vwap({ period: n })],
  ['donchian', (n) => new Donchian(n)],
  ['stochastic', (n) => new Stochastic({ period: n, smooth: 2, signal: 3 })],
  ['adx', (n) => new Adx(n + 1)],
  ['adx wilder', (n) => new Adx(n + 1, { seed: 'wilder' })],
  ['dema', (n) => new Dema(n)],
  ['tema', (n) => new Tema(n)],
  ['t3', (n) => new T3(n)],
  ['trix', (n) => new Trix(n)],
  ['trix first', (n) => new Trix(n, { seed: 'first' })],
  ['hma', (n) => new Hma(n + 1)],
  ['kama', (n) => new Kama(n)],
  ['ppo', (n) => new Ppo(n, 2 * n, n + 1)],
  ['roc', (n) => new Roc(n)],
  ['cmo', (n) => new Cmo(n)],
  ['cmo simple', (n) => new Cmo(n, { smoothing: 'simple' })],
  ['williams', (n) => new WilliamsR(n)],
  ['stochastic rsi', (n) => new StochasticRsi({ rsi: n, period: n + 1, smooth: 2 })],
  ['tsi', (n) => new Tsi(2 * n, n, 3)],
  ['cci', (n) => new Cci(n)],
  ['mfi', (n) => new Mfi(n)],
  ['obv', () => new Obv()],
  ['obv zero', () => new Obv({ start: 'zero' })],
  ['accumulation', () => new AccumulationDistribution()],
  ['cmf', (n) => new Cmf(n)],
  ['keltner', (n) => new Keltner({ period: n, atrPeriod: n + 2 })],
  ['keltner sma', (n) => new Keltner({ period: n, average: 'sma', price: 'typical', atr: { smoothing: 'simple' } })],
  ['ichimoku', (n) => new Ichimoku({ conversion: n, base: 2 * n, span: 3 * n, displacement: n })],
  ['ichimoku now', (n) => new Ichimoku({ conversion: 3 * n, base: 2 * n, span: n, displacement: 0 })],
  ['super trend', (n) => new SuperTrend(n, 2)],
  ['psar', (n) => new Psar(0.02 * n, 0.2)],
  ['aroon', (n) => new Aroon(n)],
  ['vortex', (n) => new Vortex(n)],
  ['ultimate', (n) => new UltimateOscillator(n, n + 1, 2 * n + 1)],
  ['ulcer', (n) => new UlcerIndex(n)],
  ['heikin ashi', () => new HeikinAshi()],
  ['pivots', () => new PivotPoints()],
  ['pivots camarilla', () => new PivotPoints('camarilla')],
  ['regression', (n) => new LinearRegression(n + 1)],
]

type Bar = Record<Column, number>
const bar = fc
  .record({
    open: fc.double({ min: 0, max: 1, noNaN: true }),
    close: fc.double({ min: 0, max: 1, noNaN: true }),
    low: fc.double({ min: 1, max: 1e5, noNaN: true }),
    range: fc.double({ min: 0, max: 100, noNaN: true }),
    volume: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e4, noNaN: true })),
  })
  .map(({ open, close, low, range, volume }): Bar => {
    const high = low + range
    return { open: low + open * range, high, low, close: low + close * range, volume }
  })
const bars = fc.array(bar, { minLength: 1, maxLength: 80 })
const feed = (indicator: Own, each: Bar) => indicator.update(...indicator.inputs.map((input) => each[input]))
const outputs = (indicator: Own) => indicator.outputs.map((name) => (indicator as unknown as Bar)[name as Column])

describe.each(MAKERS)('%s', (_, make) => {
  test('restored from a snapshot, it goes on to the same bit', () => {
    fc.assert(
      fc.property(bars, fc.nat(80), fc.integer({ min: 1, max: 12 }), (all, cut, n) => {
        const whole = make(n)
        const first = make(n)
        all.forEach((each, i) => (feed(whole, each), i < cut && feed(first, each)))
        const second = make(n)
        second.restore(JSON.parse(JSON.stringify(first.snapshot())))
        expect(outputs(second)).toEqual(outputs(first))
        all.slice(cut).forEach((each) => feed(second, each))
        expect(outputs(second)).toEqual(outputs(whole))
        expect(second.snapshot()).toEqual(whole.snapshot())
      }),
      { numRuns: 60 },
    )
  })

  test('batch equals streaming; ready means that every output is there; values stay finite', () => {
    fc.assert(
      fc.property(bars, fc.integer({ min: 1, max: 12 }), (all, n) => {
        const streaming = make(n)
        const columns = Object.fromEntries(
          streaming.inputs.map((input) => [input, Float64Array.from(all, (each) => each[input])]),
        )
        const batch = run(make(n), columns) as Record<string, Float64Array>
        all.forEach((each, row) => {
          const returned = feed(streaming, each)
          expect(streaming.outputs.map((name) => batch[name]![row])).toEqual(outputs(streaming))
          expect([returned]).toEqual([streaming.value])
          if (streaming.ready) for (const value of outputs(streaming)) expect(value).toSatisfy(Number.isFinite)
        })
      }),
      { numRuns: 40 },
    )
  })

  test.each([NaN, Infinity, -Infinity])('%d is refused by name and changes nothing', (bad) => {
    const indicator = make(3)
    for (let i = 0; i < 20; i++) feed(indicator, { open: 5, high: 9 + i, low: 4, close: 6 + (i % 3), volume: 1 })
    const before = JSON.stringify(indicator.snapshot())
    for (const input of indicator.inputs) {
      const call = () => feed(indicator, { open: 5, high: 9, low: 4, close: 6, volume: 1, [input]: bad })
      expect(call).toThrow(expect.objectContaining({ code: 'not_finite', field: `${indicator.name}.${input}` }))
    }
    expect(JSON.stringify(indicator.snapshot())).toBe(before)
  })

  test('a snapshot of another one is refused', () => {
    const other = { ...(make(3).snapshot() as object), indicator: 'other' }
    expect(() => make(3).restore(other)).toThrow(/restore a snapshot of/)
    expect(() => make(3).restore({ ...make(3).snapshot(), cells: [1] })).toThrow(/damaged_snapshot/)
  })
})

test.each([0, -1, 1.5, NaN, 10_001])('a period of %d is refused by name', (period) => {
  for (const make of [() => new Sma(period), () => new Ema(period), () => new Rsi(period), () => new Atr(period)])
    expect(make).toThrow(/period: .* give a whole number/)
})

test('a window equals its naive twin', () => {
  const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 12, maxLength: 60 })
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 12 }), (all, n) => {
      const made = { sma: new Sma(n), wma: new Wma(n), stdev: new StandardDeviation(n), donchian: new Donchian(n) }
      for (const x of all) {
        for (const each of [made.sma, made.wma, made.stdev]) each.update(x)
        made.donchian.update(x, x)
      }
      const window = all.slice(-n)
      const mean = window.reduce((sum, x) => sum + x, 0) / n
      const weights = (n * (n + 1)) / 2
      expect(made.sma.value).toBeCloseTo(mean, 9)
      expect(made.wma.value).toBeCloseTo(window.reduce((sum, x, i) => sum + x * (i + 1), 0) / weights, 9)
      expect(made.stdev.value).toBeCloseTo(Math.sqrt(window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n), 9)
      expect([made.donchian.upper, made.donchian.lower]).toEqual([Math.max(...window) + 0, Math.min(...window) + 0])
    }),
  )
})

/** Exact to a few units of the last digit: the values are whole numbers around a large one. */
function deviationByHand(window: readonly number[]): number {
  const base = window[0]!
  const mean = window.reduce((sum, x) => sum + (x - base), 0) / window.length
  return Math.sqrt(window.reduce((sum, x) => sum + (x - base - mean) ** 2, 0) / window.length)
}

test('after 300,000 values, jumps of eight digits and back, a deviation has lost less than one part in 10^12', () => {
  const deviation = new StandardDeviation(20)
  const average = new Sma(20)
  const window: number[] = []
  let seed = 7
  let worst = 0
  let price = 30_000
  for (let i = 0; i < 300_000; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    price += seed / 4_294_967_296 - 0.5
    const x = i % 5_000 < 3 ? 1e8 + price : price
    window.push(x)
    if (window.length > 20) window.shift()
    deviation.update(x)
    average.update(x)
    if (i < 20 || i % 7 !== 0) continue
    const exact = deviationByHand(window)
    worst = Math.max(worst, Math.abs(deviation.value - exact) / exact)
  }
  expect(worst).toBeLessThan(1e-12)
  expect(average.value).toBeCloseTo(window.reduce((sum, x) => sum + x, 0) / 20, 8)
})

test('flat prices: no deviation at all, and the RSI that was asked for', () => {
  const [deviation, bands, rsi, neutral] = [
    new StandardDeviation(5),
    new Bollinger(5),
    new Rsi(5),
    new Rsi(5, { flatValue: 50 }),
  ]
  for (let i = 0; i < 40; i++) for (const each of [deviation, bands, rsi, neutral]) each.update(0.1 + 0.2)
  expect([deviation.value, bands.upper - bands.lower, bands.percentB, rsi.value, neutral.value]).toEqual([
    0, 0, 0.5, 0, 50,
  ])
})

test('a session of VWAP begins anew with reset, and has no value without volume', () => {
  const vwap = new Vwap()
  vwap.update(10, 10, 10, 5)
  vwap.reset()
  expect(vwap.update(3, 2, 1, 0)).toBeNaN()
  expect(vwap.update(3, 2, 1, 4)).toBe(2)
  expect(() => vwap.update(3, 2, 1, -1)).toThrow(/volume/)
})

test.each(['aligned', 'own', 'first'] as const)('a MACD seeded %s tells nothing before its slow period', (seed) => {
  const macd = new Macd(3, 12, 4, { seed })
  const told = Array.from({ length: 20 }, (_, i) => !Number.isNaN(macd.update(i % 5)))
  expect(told.indexOf(true)).toBe(11)
})
