/**
 * Nanoseconds per update of each streaming indicator, against `nextValue` of technicalindicators, in one run. Only the
 * ratios mean anything: the machine's speed drifts, so a calibration loop stands beside them.
 *
 *   npm run bench -- indicators        or        node sim/src/bench/indicators.ts [updates]
 */
import * as library from 'technicalindicators'
import {
  Adx,
  Atr,
  Bollinger,
  Donchian,
  Ema,
  Macd,
  Rsi,
  Sma,
  StandardDeviation,
  Stochastic,
  Vwap,
  Wma,
} from '@contrail/trading'

type Bar = { open: number; high: number; low: number; close: number; volume: number }
type Result = { name: string; ownNs: number; libraryNs: number | undefined; ratio: number | undefined }
type Next = { nextValue(input: never): unknown }

const ROUNDS = 7
/** The library keeps what it has seen; fewer updates are enough for its median, and fit in memory. */
const LIBRARY_PART = 10

export function benchIndicators(updates: number): { calibrationNs: number; results: Result[]; geometricMean: number } {
  const columns = market(updates)
  const { high, low, close, volume } = columns
  const none = { open: [], high: [], low: [], close: [], volume: [], values: [] }
  const bars: Bar[] = Array.from({ length: Math.floor(updates / LIBRARY_PART) }, (_, i) => ({
    open: close[i]!,
    high: high[i]!,
    low: low[i]!,
    close: close[i]!,
    volume: volume[i]!,
  }))
  const byClose = (make: () => { update(x: number): number }) => () => {
    const indicator = make()
    for (let i = 0; i < updates; i++) indicator.update(close[i]!)
    return updates
  }
  const byBar = (make: () => { update(high: number, low: number, close: number): number }) => () => {
    const indicator = make()
    for (let i = 0; i < updates; i++) indicator.update(high[i]!, low[i]!, close[i]!)
    return updates
  }
  const theirs = (make: () => Next, input: 'close' | 'bar') => () => {
    const indicator = make() as { nextValue(input: unknown): unknown }
    for (const bar of bars) indicator.nextValue(input === 'bar' ? bar : bar.close)
    return bars.length
  }
  const macd = { fastPeriod: 12, slowPeriod: 26, signalPeriod: 9, SimpleMAOscillator: false, SimpleMASignal: false }
  const cases: [string, () => number, (() => number)?][] = [
    ['SMA(20)', byClose(() => new Sma(20)), theirs(() => new library.SMA({ ...none, period: 20 }), 'close')],
    ['EMA(50)', byClose(() => new Ema(50)), theirs(() => new library.EMA({ ...none, period: 50 }), 'close')],
    ['WMA(20)', byClose(() => new Wma(20)), theirs(() => new library.WMA({ ...none, period: 20 }), 'close')],
    ['RSI(14)', byClose(() => new Rsi(14)), theirs(() => new library.RSI({ ...none, period: 14 }), 'close')],
    ['MACD(12,26,9)', byClose(() => new Macd()), theirs(() => new library.MACD({ ...none, ...macd }), 'close')],
    [
      'Bollinger(20)',
      byClose(() => new Bollinger(20)),
      theirs(() => new library.BollingerBands({ ...none, period: 20, stdDev: 2 }), 'close'),
    ],
    [
      'StDev(20)',
      byClose(() => new StandardDeviation(20)),
      theirs(() => new library.SD({ ...none, period: 20 }), 'close'),
    ],
    ['ATR(14)', byBar(() => new Atr(14)), theirs(() => new library.ATR({ ...none, period: 14 }), 'bar')],
    ['ADX(14)', byBar(() => new Adx(14)), theirs(() => new library.ADX({ ...none, period: 14 }), 'bar')],
    [
      'Stochastic(14,3)',
      byBar(() => new Stochastic({ period: 14 })),
      theirs(() => new library.Stochastic({ ...none, period: 14, signalPeriod: 3 }), 'bar'),
    ],
    ['Donchian(20)', byBar(() => new Donchian(20))],
    [
      'VWAP',
      () => {
        const indicator = new Vwap()
        for (let i = 0; i < updates; i++) indicator.update(high[i]!, low[i]!, close[i]!, volume[i]!)
        return updates
      },
      theirs(() => new library.VWAP(none), 'bar'),
    ],
  ]
  const results = cases.map(([name, own, other]) => {
    const ownNs = median(own)
    const libraryNs = other && median(other)
    return { name, ownNs, libraryNs, ratio: libraryNs && libraryNs / ownNs }
  })
  const ratios = results.flatMap(({ ratio }) => ratio ?? [])
  const geometricMean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  return { calibrationNs: median(() => calibrate(close)), results, geometricMean }
}

/** Nanoseconds per update: the median of some rounds after one to warm up. */
function median(round: () => number): number {
  round()
  const times = Array.from({ length: ROUNDS }, () => {
    const began = process.hrtime.bigint()
    const count = round()
    return Number(process.hrtime.bigint() - began) / count
  })
  return times.sort((a, b) => a - b)[ROUNDS >> 1]!
}

/** A bare loop over a column: what this machine does just now. */
function calibrate(close: Float64Array): number {
  let sum = 0
  for (let i = 0; i < close.length; i++) sum = sum * 0.9 + close[i]! * 0.1
  if (Number.isNaN(sum)) throw new Error('the column holds no numbers')
  return close.length
}

function market(rows: number): Record<'high' | 'low' | 'close' | 'volume', Float64Array> {
  const column = () => new Float64Array(rows)
  const columns = { high: column(), low: column(), close: column(), volume: column() }
  let bits = 42
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  let price = 30_000
  for (let i = 0; i < rows; i++) {
    price *= Math.exp((next() - 0.5) * 0.002)
    columns.close[i] = price
    columns.high[i] = price * (1 + next() * 0.001)
    columns.low[i] = price * (1 - next() * 0.001)
    columns.volume[i] = next() * 10
  }
  return columns
}

if (import.meta.main) {
  const { calibrationNs, results, geometricMean } = benchIndicators(Number(process.argv[2] ?? 1_000_000))
  console.log(`calibration loop ${calibrationNs.toFixed(2)} ns per value; Node ${process.version}`)
  for (const { name, ownNs, libraryNs, ratio } of results)
    console.log(
      `${name.padEnd(18)} ${ownNs.toFixed(1).padStart(7)} ns` +
        (ratio ? `   technicalindicators ${libraryNs!.toFixed(0).padStart(6)} ns   ${ratio.toFixed(1)}x` : ''),
    )
  console.log(`geometric mean of the ratios: ${geometricMean.toFixed(1)}x`)
}
