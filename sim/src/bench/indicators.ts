/**
 * Nanoseconds per update of each streaming indicator, against `nextValue` of technicalindicators, in one run. Only the
 * ratios mean anything: the machine's speed drifts, so a calibration loop stands beside them.
 *
 *   node sim/src/bench/indicators.ts
 */
import * as library from 'technicalindicators'
import {
  AccumulationDistribution,
  Adx,
  Aroon,
  Atr,
  Bollinger,
  Cci,
  Cmf,
  Cmo,
  Dema,
  Donchian,
  Ema,
  HeikinAshi,
  Hma,
  Ichimoku,
  Kama,
  Keltner,
  LinearRegression,
  Macd,
  Mfi,
  Obv,
  PivotPoints,
  Ppo,
  Psar,
  Roc,
  Rsi,
  Sma,
  StandardDeviation,
  Stochastic,
  StochasticRsi,
  SuperTrend,
  T3,
  Tema,
  Trix,
  Tsi,
  UlcerIndex,
  UltimateOscillator,
  Vortex,
  Vwap,
  WilliamsR,
  Wma,
} from '@contrail/trading'
import { HAND } from './indicators-hand.ts'
import { median } from './stats.ts'

type Result = {
  name: string
  ownNs: number
  libraryNs: number | undefined
  ratio: number | undefined
  /** Of a library that computes a whole column at once, per value. */
  batchNs: number | undefined
  /** Of the smallest loop by hand, where there is one. */
  handNs: number | undefined
}
export type Part = () => void
type BenchOptions = {
  updates?: number
  parts?: number
  batch?: (name: string, market: Market) => Part | undefined
}
type Case = { name: string; own: Part; library?: Part }
type MakeCase = (name: string, own: { readonly inputs: readonly string[] }, theirs?: object) => Case
type Columns = Record<Exclude<keyof Market, 'bars'> | 'values', number[]>

/** Updates timed at once, and how often: one indicator goes on through all parts, as in a strategy. */
const UPDATES = 100_000
const PARTS = 9
/** Before a loop by hand is timed. */
const HAND_CALLS = 1_000
const HAND_ROWS = 200

export function benchIndicators({ updates = UPDATES, parts = PARTS, batch }: BenchOptions = {}): {
  calibrationNs: number
  results: Result[]
  geometricMean: number
} {
  const columns = market(updates)
  const few = market(HAND_ROWS)
  const values = new Float64Array(4)
  const results = casesOf(columns).map(({ name, own, library: theirs }) => {
    const whole = batch?.(name, columns)
    const hand = HAND[name]
    const nothing = (): void => undefined
    const byHand = hand ? () => hand(columns, values) : nothing
    // Called often enough to be compiled whole: one that is replaced while it runs stays slower.
    for (let i = 0; i < HAND_CALLS; i++) hand?.(few, values)
    const took = quiet(updates, parts, [own, theirs ?? nothing, whole ?? nothing, byHand])
    const [ownNs, libraryNs, batchNs, handNs] = took as [number, number, number, number]
    return {
      name,
      ownNs,
      libraryNs: theirs && libraryNs,
      ratio: theirs && libraryNs / ownNs,
      batchNs: whole && batchNs,
      handNs: hand && handNs,
    }
  })
  const ratios = results.flatMap(({ ratio }) => ratio ?? [])
  const geometricMean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  return { calibrationNs: quiet(updates, parts, [() => calibrate(columns.close)])[0]!, results, geometricMean }
}

function casesOf(columns: Market): Case[] {
  const none = { open: [], high: [], low: [], close: [], volume: [], values: [] }
  const period = (n: number) => ({ ...none, period: n })
  const macd = { fastPeriod: 12, slowPeriod: 26, signalPeriod: 9, SimpleMAOscillator: false, SimpleMASignal: false }
  const close: MakeCase = (name, own, theirs) => ({
    name,
    own: loopOf(own, 'update(close[i])', columns),
    ...(theirs && { library: loopOf(theirs, 'nextValue(close[i])', columns) }),
  })
  const bar: MakeCase = (name, own, theirs) => ({
    name,
    own: loopOf(own, `update(${own.inputs.map((input) => `${input}[i]`).join(', ')})`, columns),
    ...(theirs && { library: loopOf(theirs, 'nextValue(bars[i])', columns) }),
  })
  return [
    close('SMA(20)', new Sma(20), new library.SMA(period(20))),
    close('EMA(50)', new Ema(50), new library.EMA(period(50))),
    close('WMA(20)', new Wma(20), new library.WMA(period(20))),
    close('RSI(14)', new Rsi(14), new library.RSI(period(14))),
    close('MACD(12,26,9)', new Macd(), new library.MACD({ ...none, ...macd })),
    close('Bollinger(20,2)', new Bollinger(20), new library.BollingerBands({ ...period(20), stdDev: 2 })),
    close('StDev(20)', new StandardDeviation(20), new library.SD(period(20))),
    bar('ATR(14)', new Atr(14), new library.ATR(period(14))),
    bar('ADX(14)', new Adx(14), new library.ADX(period(14))),
    bar('Stochastic(14,3)', new Stochastic({ period: 14 }), new library.Stochastic({ ...period(14), signalPeriod: 3 })),
    bar('Donchian(20)', new Donchian(20)),
    bar('VWAP', new Vwap(), new library.VWAP(none)),
    ...widerCases(close, bar, none),
  ]
}

const stochasticRsi = { rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3 }
const keltner = { maPeriod: 20, atrPeriod: 10, multiplier: 2, useSMA: false }
const ichimoku = { conversionPeriod: 9, basePeriod: 26, spanPeriod: 52, displacement: 26 }

/** Those of the second round, and those that the library does not have. */
function widerCases(close: MakeCase, bar: MakeCase, none: Columns): Case[] {
  return [
    close('TRIX(9)', new Trix(9), new library.TRIX({ ...none, period: 9 })),
    close('ROC(12)', new Roc(12), new library.ROC({ ...none, period: 12 })),
    close('StochRSI(14)', new StochasticRsi(), new library.StochasticRSI({ ...none, ...stochasticRsi })),
    bar('Williams %R(14)', new WilliamsR(), new library.WilliamsR({ ...none, period: 14 })),
    bar('CCI(20)', new Cci(), new library.CCI({ ...none, period: 20 })),
    bar('MFI(14)', new Mfi(), new library.MFI({ ...none, period: 14 })),
    bar('OBV', new Obv(), new library.OBV(none)),
    bar('A/D', new AccumulationDistribution(), new library.ADL(none)),
    bar('Keltner(20,10)', new Keltner(), new library.KeltnerChannels({ ...none, ...keltner })),
    bar('Ichimoku', new Ichimoku(), new library.IchimokuCloud({ ...none, ...ichimoku })),
    bar('PSAR', new Psar(), new library.PSAR({ ...none, step: 0.02, max: 0.2 })),
    bar('Heikin-Ashi', new HeikinAshi(), new library.HeikinAshi(none)),
    close('DEMA(20)', new Dema(20)),
    close('TEMA(20)', new Tema(20)),
    close('T3(20)', new T3(20)),
    close('KAMA(10)', new Kama(10)),
    close('HMA(16)', new Hma(16)),
    close('PPO(12,26,9)', new Ppo()),
    close('CMO(14)', new Cmo()),
    close('TSI(25,13)', new Tsi()),
    close('Ulcer(14)', new UlcerIndex()),
    close('Regression(14)', new LinearRegression()),
    bar('CMF(20)', new Cmf()),
    bar('SuperTrend(10,3)', new SuperTrend()),
    bar('Aroon(25)', new Aroon()),
    bar('Vortex(14)', new Vortex()),
    bar('Ultimate', new UltimateOscillator()),
    bar('Pivot points', new PivotPoints()),
  ]
}

let loops = 0

/**
 * A loop of its own for each case, as in a strategy: one shared by all would pay for calling many kinds. Numbered, because V8
 * gives functions made of one text the same type feedback, and with it the same compiled code.
 */
function loopOf(indicator: object, call: string, { open, high, low, close, volume, bars }: Market): Part {
  const body = `for (let i = 0; i < close.length; i++) indicator.${call} // ${loops++}`
  // oxlint-disable-next-line no-implied-eval -- call sites of its own cannot be had otherwise
  const loop = new Function('indicator', 'open', 'high', 'low', 'close', 'volume', 'bars', body) as (
    ...given: unknown[]
  ) => void
  return () => loop(indicator, open, high, low, close, volume, bars)
}

/**
 * Nanoseconds per update of each, medians by turns. A part is long enough to hold the garbage that its updates leave: it is a
 * price of theirs.
 */
function quiet(updates: number, count: number, parts: readonly Part[]): number[] {
  const taken = parts.map((): number[] => [])
  for (let i = 0; i < count; i++)
    parts.forEach((part, each) => {
      const began = process.hrtime.bigint()
      part()
      taken[each]!.push(Number(process.hrtime.bigint() - began) / updates)
    })
  return taken.map(median)
}

/** A bare loop over a column: what this machine does just now. */
function calibrate(close: Float64Array): void {
  let sum = 0
  for (let i = 0; i < close.length; i++) sum = sum * 0.9 + close[i]! * 0.1
  if (Number.isNaN(sum)) throw new Error('the column holds no numbers')
}

type Bar = { open: number; high: number; low: number; close: number; volume: number }
export type Market = Record<'open' | 'high' | 'low' | 'close' | 'volume', Float64Array> & { bars: Bar[] }

export function market(rows: number): Market {
  const column = () => new Float64Array(rows)
  const columns: Market = { open: column(), high: column(), low: column(), close: column(), volume: column(), bars: [] }
  let bits = 42
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  let price = 30_000
  for (let i = 0; i < rows; i++) {
    const open = (columns.open[i] = price)
    price *= Math.exp((next() - 0.5) * 0.002)
    const high = (columns.high[i] = Math.max(open, price) * (1 + next() * 0.001))
    const low = (columns.low[i] = Math.min(open, price) * (1 - next() * 0.001))
    const volume = (columns.volume[i] = next() * 10)
    columns.close[i] = price
    columns.bars.push({ open, high, low, close: price, volume })
  }
  return columns
}

if (import.meta.main) {
  const { calibrationNs, results, geometricMean } = benchIndicators()
  console.log(`calibration loop ${calibrationNs.toFixed(2)} ns per value; Node ${process.version}`)
  for (const { name, ownNs, libraryNs, ratio, handNs } of results)
    console.log(
      `${name.padEnd(18)} ${ownNs.toFixed(1).padStart(7)} ns` +
        (ratio ? `   technicalindicators ${libraryNs!.toFixed(0).padStart(6)} ns   ${ratio.toFixed(1)}x` : '') +
        (handNs ? `   by hand ${handNs.toFixed(1)} ns` : ''),
    )
  console.log(`geometric mean of the ratios: ${geometricMean.toFixed(1)}x`)
}
