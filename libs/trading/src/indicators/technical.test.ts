import { describe, expect, test } from 'vitest'
import * as library from 'technicalindicators'
import { syntheticBars } from '../testing/synthetic-bars.ts'
import { Adx } from './adx.ts'
import { Atr } from './atr.ts'
import { Bollinger } from './bollinger.ts'
import { CANDLE_PATTERNS, CandlePattern } from './candle-pattern.ts'
import { Ema } from './ema.ts'
import { run } from './indicator.ts'
import { Macd } from './macd.ts'
import { Rsi } from './rsi.ts'
import { Sma } from './sma.ts'
import { StandardDeviation } from './standard-deviation.ts'
import { Stochastic } from './stochastic.ts'
import { TECHNICAL_NAMES, technicalIndicator } from './technical.ts'
import type { TechnicalName } from './technical.ts'
import { Vwap } from './vwap.ts'
import { Wma } from './wma.ts'

const ROWS = 600
const columns = syntheticBars(ROWS)
const { open, high, low, close, volume } = columns
const from = (values: Float64Array, row: number): number[] => [...values.subarray(row)]
const close12 = (own: number[], theirs: (number | undefined)[], within = 1e-12) => {
  expect(own.length).toBe(theirs.length)
  own.forEach((value, i) => expect(Math.abs(value - theirs[i]!) / Math.max(1, Math.abs(value))).toBeLessThan(within))
}

describe('equal to technicalindicators where that is right', () => {
  test('SMA, EMA, WMA, standard deviation, Bollinger', () => {
    const values = close
    close12(from(run(new Sma(14), { close }).value, 13), library.SMA.calculate({ period: 14, values }))
    close12(from(run(new Ema(14), { close }).value, 13), library.EMA.calculate({ period: 14, values }))
    close12(from(run(new Wma(14), { close }).value, 13), library.WMA.calculate({ period: 14, values }))
    close12(from(run(new StandardDeviation(14), { close }).value, 13), library.SD.calculate({ period: 14, values }))
    const theirs = library.BollingerBands.calculate({ period: 20, stdDev: 2, values })
    const own = run(new Bollinger(20, 2), { close })
    for (const band of ['middle', 'upper', 'lower'] as const)
      close12(
        from(own[band], 19),
        theirs.map((each) => each[band]),
      )
    close12(
      from(own.percentB, 19),
      theirs.map(({ pb }) => pb),
      1e-10,
    )
  })

  test('ATR, VWAP of a session, fast stochastic', () => {
    close12(
      from(run(new Atr(14), { high, low, close }).value, 14),
      library.ATR.calculate({ period: 14, high, low, close }),
    )
    close12(from(run(new Vwap(), columns).value, 0), library.VWAP.calculate(columns))
    const theirs = library.Stochastic.calculate({ period: 14, signalPeriod: 3, high, low, close })
    const own = run(new Stochastic({ period: 14, smooth: 1, signal: 3 }), columns)
    close12(
      from(own.k, 13),
      theirs.map(({ k }) => k),
    )
    close12(
      from(own.d, 15),
      theirs.slice(2).map(({ d }) => d),
    )
  })

  test('ADX under the convention of the book; DI begins where theirs is first told', () => {
    const theirs = library.ADX.calculate({ period: 14, high, low, close })
    const own = run(new Adx(14, { seed: 'wilder' }), columns)
    close12(
      from(own.adx, 27),
      theirs.map(({ adx }) => adx),
      1e-11,
    )
    close12(
      from(own.plusDi, 27),
      theirs.map(({ pdi }) => pdi),
      1e-11,
    )
    close12(
      from(own.minusDi, 27),
      theirs.map(({ mdi }) => mdi),
      1e-11,
    )
  })

  test('ADX of TA-Lib begins otherwise and comes together with it', () => {
    const [talib, wilder] = [run(new Adx(14), columns).adx, run(new Adx(14, { seed: 'wilder' }), columns).adx]
    expect(Math.abs(talib[27]! - wilder[27]!)).toBeGreaterThan(0.01)
    expect(Math.abs(talib[ROWS - 1]! - wilder[ROWS - 1]!)).toBeLessThan(1e-9)
  })
})

describe('where technicalindicators differs', () => {
  test('its RSI is ours, rounded to two digits', () => {
    const own = from(run(new Rsi(14), { close }).value, 14)
    const theirs = library.RSI.calculate({ period: 14, values: close })
    own.forEach((value, i) => expect(Math.abs(value - theirs[i]!)).toBeLessThanOrEqual(0.005 + 1e-9))
    expect(own.some((value, i) => value !== theirs[i])).toBe(true)
  })

  test('its MACD seeds the fast average at its own start; TA-Lib, and we, where the slow one begins', () => {
    const options = { fastPeriod: 12, slowPeriod: 26, signalPeriod: 9 }
    const flags = { SimpleMAOscillator: false, SimpleMASignal: false }
    const theirs = library.MACD.calculate({ values: close, ...options, ...flags })
    const own = run(new Macd(12, 26, 9, { seed: 'own' }), { close })
    close12(
      from(own.macd, 25),
      theirs.map(({ MACD }) => MACD),
    )
    close12(
      from(own.signal, 33),
      theirs.slice(8).map(({ signal }) => signal),
    )
    const aligned = run(new Macd(12, 26, 9), { close })
    expect(Math.abs(aligned.macd[25]! - theirs[0]!.MACD!)).toBeGreaterThan(1e-3)
    expect(Math.abs(aligned.macd[ROWS - 1]! - theirs.at(-1)!.MACD!)).toBeLessThan(1e-9)
    // TA-Lib by hand: the fast average begins with the mean of closes 14 to 25.
    const mean = (start: number, end: number) => close.slice(start, end).reduce((sum, x) => sum + x, 0) / (end - start)
    expect(aligned.macd[25]).toBeCloseTo(mean(14, 26) - mean(0, 26), 10)
  })
})

const OPTIONS: Record<TechnicalName, Record<string, unknown>> = {
  ADL: {},
  OBV: {},
  HeikinAshi: {},
  TrueRange: {},
  AwesomeOscillator: { fastPeriod: 5, slowPeriod: 34 },
  AverageGain: { period: 14 },
  AverageLoss: { period: 14 },
  CCI: { period: 20 },
  ForceIndex: { period: 13 },
  Highest: { period: 10 },
  Lowest: { period: 10 },
  MFI: { period: 14 },
  ROC: { period: 12 },
  Sum: { period: 5 },
  TRIX: { period: 18 },
  WEMA: { period: 10 },
  WilliamsR: { period: 14 },
  PSAR: { step: 0.02, max: 0.2 },
  ChandelierExit: { period: 22, multiplier: 3 },
  IchimokuCloud: { conversionPeriod: 9, basePeriod: 26, spanPeriod: 52, displacement: 26 },
  KeltnerChannels: { maPeriod: 20, atrPeriod: 10, multiplier: 2, useSMA: false },
  StochasticRSI: { rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3 },
  KST: {
    ROCPer1: 10,
    ROCPer2: 15,
    ROCPer3: 20,
    ROCPer4: 30,
    SMAROCPer1: 10,
    SMAROCPer2: 10,
    SMAROCPer3: 10,
    SMAROCPer4: 15,
    signalPeriod: 9,
  },
}

describe.each(TECHNICAL_NAMES)('technicalIndicator %s', (name) => {
  const make = (window?: number) => technicalIndicator(name, OPTIONS[name], window === undefined ? {} : { window })
  const row = (i: number, inputs: readonly (keyof typeof columns)[]) => inputs.map((input) => columns[input][i]!)

  test('has the values of the library while the window holds all', () => {
    const indicator = make()
    const Kind = (library as unknown as Record<string, new (o: object) => { nextValue(x: unknown): unknown }>)[name]!
    const theirs = new Kind({
      open: [],
      high: [],
      low: [],
      close: [],
      volume: [],
      values: [],
      format: (x: number) => x,
      ...OPTIONS[name],
    })
    for (let i = 0; i < ROWS; i++) {
      const values = row(i, indicator.inputs)
      const named = Object.fromEntries(indicator.inputs.map((input, k) => [input, values[k]]))
      const expected = theirs.nextValue(values.length === 1 ? values[0] : named)
      expect(indicator.update(...values)).toEqual(expected)
    }
    expect(indicator.ready).toBe(true)
  })

  test('restored, it goes on exactly, over several fresh starts, with bounded memory', () => {
    const whole = make(70)
    const first = make(70)
    for (let i = 0; i < 333; i++) {
      whole.update(...row(i, whole.inputs))
      first.update(...row(i, first.inputs))
    }
    const saved = JSON.stringify(first.snapshot())
    expect((JSON.parse(saved) as { inputs: number[] }).inputs.length).toBeLessThanOrEqual(140 * whole.inputs.length)
    const second = make(70)
    second.restore(JSON.parse(saved))
    for (let i = 333; i < ROWS; i++)
      expect(second.update(...row(i, second.inputs))).toEqual(whole.update(...row(i, whole.inputs)))
  })
})

test('sums since the beginning survive a fresh start', () => {
  const [whole, windowed] = [technicalIndicator('OBV', {}), technicalIndicator('OBV', {}, { window: 50 })]
  for (let i = 0; i < ROWS; i++) for (const each of [whole, windowed]) each.update(close[i]!, volume[i]!)
  expect(windowed.value).toBeCloseTo(whole.value as number, 8)
})

test('what is wrong is refused by name', () => {
  expect(() => technicalIndicator('Nope' as never, {})).toThrow(/choose one of ADL/)
  expect(() => technicalIndicator('CCI', { period: 3 }).update(1, 2)).toThrow(/give high, low, close/)
  expect(() => technicalIndicator('CCI', { period: 3 }).update(1, NaN, 2)).toThrow(/low: NaN/)
  expect(() => new CandlePattern('nope' as never)).toThrow(/choose one of/)
})

test.each(CANDLE_PATTERNS)('candle pattern %s is what the library finds, and is restored', (name) => {
  const find = (library as unknown as Record<string, (bars: object) => boolean>)[name]!
  let pattern = new CandlePattern(name)
  for (let i = 0; i < 60; i++) {
    const found = pattern.update(open[i]!, high[i]!, low[i]!, close[i]!)
    const part = (column: number[]) => column.slice(i - 4, i + 1)
    expect(found).toBe(i >= 4 && find({ open: part(open), high: part(high), low: part(low), close: part(close) }))
    const saved: unknown = JSON.parse(JSON.stringify(pattern.snapshot()))
    pattern = new CandlePattern(name)
    pattern.restore(saved)
    expect(pattern.value).toBe(found)
  }
})
