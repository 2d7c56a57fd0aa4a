/**
 * Nanoseconds per update of each streaming indicator, against `nextValue` of technicalindicators, in one run. Only the
 * ratios mean anything: the machine's speed drifts, so a calibration loop stands beside them.
 *
 *   node sim/src/bench/indicators.ts
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

type Result = { name: string; ownNs: number; libraryNs: number | undefined; ratio: number | undefined }
type Part = () => void
type Case = { name: string; own: Part; library?: Part }

/** Updates timed at once, and how often: one indicator goes on through all parts, as in a strategy. */
const UPDATES = 10_000
const PARTS = 100

export function benchIndicators(): { calibrationNs: number; results: Result[]; geometricMean: number } {
  const columns = market(UPDATES)
  const results = casesOf(columns).map(({ name, own, library: theirs }) => {
    const [ownNs, libraryNs] = theirs ? quiet(own, theirs) : quiet(own)
    return { name, ownNs: ownNs!, libraryNs, ratio: libraryNs === undefined ? undefined : libraryNs / ownNs! }
  })
  const ratios = results.flatMap(({ ratio }) => ratio ?? [])
  const geometricMean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  return { calibrationNs: quiet(() => calibrate(columns.close))[0]!, results, geometricMean }
}

function casesOf(columns: Market): Case[] {
  const none = { open: [], high: [], low: [], close: [], volume: [], values: [] }
  const period = (n: number) => ({ ...none, period: n })
  const macd = { fastPeriod: 12, slowPeriod: 26, signalPeriod: 9, SimpleMAOscillator: false, SimpleMASignal: false }
  const close = (name: string, own: object, theirs?: object): Case => ({
    name,
    own: loopOf(own, 'update(close[i])', columns),
    ...(theirs && { library: loopOf(theirs, 'nextValue(close[i])', columns) }),
  })
  const bar = (name: string, own: object, theirs?: object): Case => ({
    name,
    own: loopOf(own, own instanceof Vwap ? 'update(high[i], low[i], close[i], volume[i])' : OWN_BAR, columns),
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
  ]
}

const OWN_BAR = 'update(high[i], low[i], close[i])'

/** A loop of its own for each case, as in a strategy: one shared by all would pay for calling many kinds. */
function loopOf(indicator: object, call: string, { high, low, close, volume, bars }: Market): Part {
  const body = `for (let i = 0; i < ${UPDATES}; i++) indicator.${call}`
  // oxlint-disable-next-line no-implied-eval -- call sites of its own cannot be had otherwise
  const loop = new Function('indicator', 'high', 'low', 'close', 'volume', 'bars', body) as (
    ...given: unknown[]
  ) => void
  return () => loop(indicator, high, low, close, volume, bars)
}

/**
 * Nanoseconds per update of each. Taken by turns in short parts, and the lower quintile of them: on a machine that others
 * use too, a part that was interrupted says nothing about the code.
 */
function quiet(...parts: Part[]): number[] {
  const taken = parts.map((): number[] => [])
  for (let i = 0; i < PARTS; i++)
    parts.forEach((part, each) => {
      const began = process.hrtime.bigint()
      part()
      taken[each]!.push(Number(process.hrtime.bigint() - began) / UPDATES)
    })
  return taken.map((times) => times.sort((a, b) => a - b)[Math.floor(PARTS / 5)]!)
}

/** A bare loop over a column: what this machine does just now. */
function calibrate(close: Float64Array): void {
  let sum = 0
  for (let i = 0; i < close.length; i++) sum = sum * 0.9 + close[i]! * 0.1
  if (Number.isNaN(sum)) throw new Error('the column holds no numbers')
}

type Bar = { open: number; high: number; low: number; close: number; volume: number }
type Market = Record<'high' | 'low' | 'close' | 'volume', Float64Array> & { bars: Bar[] }

function market(rows: number): Market {
  const column = () => new Float64Array(rows)
  const columns: Market = { high: column(), low: column(), close: column(), volume: column(), bars: [] }
  let bits = 42
  const next = () => (bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0) / 4_294_967_296
  let price = 30_000
  for (let i = 0; i < rows; i++) {
    const open = price
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
  for (const { name, ownNs, libraryNs, ratio } of results)
    console.log(
      `${name.padEnd(18)} ${ownNs.toFixed(1).padStart(7)} ns` +
        (ratio ? `   technicalindicators ${libraryNs!.toFixed(0).padStart(6)} ns   ${ratio.toFixed(1)}x` : ''),
    )
  console.log(`geometric mean of the ratios: ${geometricMean.toFixed(1)}x`)
}
