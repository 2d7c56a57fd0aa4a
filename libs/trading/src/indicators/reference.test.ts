import { compareSheets } from '../testing/sheet-cases.ts'
import type { SheetCase } from '../testing/sheet-cases.ts'
import { Adx } from './adx.ts'
import { Atr } from './atr.ts'
import { Bollinger } from './bollinger.ts'
import { Donchian } from './donchian.ts'
import { Ema } from './ema.ts'
import { Macd } from './macd.ts'
import { Rsi } from './rsi.ts'
import { Sma } from './sma.ts'
import { StandardDeviation } from './standard-deviation.ts'
import { Stochastic } from './stochastic.ts'
import { Vwap } from './vwap.ts'
import { Wma } from './wma.ts'

/** Sheets computed in 32-bit floats have seven digits, whatever they print. */
const single = (value: number): number => value * 3e-6
const sum = (...columns: number[][]): number[] =>
  columns[0]!.map((_, row) => columns.reduce((all, each) => all + each[row]!, 0))

const lean = 'indicators/lean/'
const charts = 'indicators/stockcharts/'
const CASES: Record<string, SheetCase[]> = {
  [`${lean}spy_with_indicators.txt`]: [
    { convention: 'mean of the window', make: () => new Sma(14), columns: { value: 'SMA14' }, within: 0.006 },
    { convention: 'seeded with the SMA', make: () => new Ema(14), columns: { value: 'EMA14' }, within: 0.006 },
    { convention: 'Wilder, TA-Lib seed', make: () => new Rsi(14), columns: { value: 'RSI 14 Wilder' }, within: 6e-6 },
    {
      convention: 'simple (Cutler)',
      make: () => new Rsi(14, { smoothing: 'simple' }),
      columns: { value: 'RSI 14' },
      from: { value: 15 },
      within: single(100),
    },
    {
      convention: 'each average with its own seed',
      make: () => new Macd(12, 26, 9, { seed: 'own' }),
      columns: { macd: 'MACD 12 26' },
      within: 2e-4,
    },
  ],
  [`${lean}spy_ema.csv`]: [
    { convention: 'seeded with the SMA', make: () => new Ema(14), columns: { value: 'EMA14' }, within: 1e-11 },
  ],
  [`${lean}spy_with_rma.csv`]: [
    {
      convention: 'mean of the window; the sheet has exchanged the names of 5 and 15',
      make: () => new Sma(15),
      columns: { value: 'SMA5' },
      from: { value: 14 },
      within: 6e-8,
    },
    {
      convention: 'mean of the window; the sheet has exchanged the names of 5 and 15',
      make: () => new Sma(5),
      columns: { value: 'SMA15' },
      from: { value: 4 },
      within: 6e-8,
    },
  ],
  [`${lean}spy_bollinger_bands.txt`]: [
    {
      convention: 'deviation of the population',
      make: () => new Bollinger(20, 2),
      columns: {
        middle: 'Moving Average 20',
        upper: 'Bollinger Bands® 20 2 Top',
        lower: 'Bollinger Bands® 20 2 Bottom',
      },
      within: 7e-5,
    },
    {
      convention: 'deviation of the population',
      make: () => new Bollinger(20, 2),
      columns: { percentB: '%B' },
      within: 7e-5,
    },
  ],
  [`${lean}spy_var.txt`]: [
    {
      convention: 'variance of the population',
      make: () => new StandardDeviation(10),
      columns: { value: 'Var' },
      map: Math.sqrt,
      within: 1e-10,
    },
  ],
  [`${lean}spy_atr_wilder.txt`]: [
    {
      convention: 'Wilder, first bar by its range',
      make: () => new Atr(14, { firstBar: 'range' }),
      columns: { value: 'Average True Range 14' },
      within: 6e-6,
    },
  ],
  [`${lean}spy_atr.txt`]: [
    {
      convention: 'simple mean of true ranges',
      make: () => new Atr(14, { smoothing: 'simple' }),
      columns: { value: 'Average True Range 14' },
      within: 6e-6,
    },
  ],
  [`${lean}spy_with_don50.txt`]: [
    {
      convention: 'this bar included',
      make: () => new Donchian(50),
      columns: {
        upper: 'Donchian Channels 50 Top',
        lower: 'Donchian Channels 50 Bottom',
        middle: 'Donchian Channels 50 Mean',
      },
      from: { upper: 49, lower: 49, middle: 49 },
      within: 1e-9,
    },
  ],
  [`${lean}spy_with_stoch12k3.txt`]: [
    {
      convention: 'slow: %K averaged over 3, %D over 5',
      make: () => new Stochastic({ period: 12, smooth: 3, signal: 5 }),
      columns: { k: 'Stochastics 12 %K 3', d: '%D 5' },
      within: 4e-4,
    },
  ],
  [`${lean}spy_with_vwap.txt`]: [
    {
      convention: 'window of 50, of the mean of open, high, low and close',
      make: () => new Vwap({ period: 50 }),
      columns: { value: 'Moving VWAP 50' },
      inputs: (sheet) => {
        const price = sum(...['Open', 'High', 'Low', 'Close'].map(sheet.column)).map((all) => all / 4)
        return { high: price, low: price, close: price, volume: sheet.column('Volume') }
      },
      within: 6e-5,
    },
  ],
  [`${lean}spy_with_adx.txt`]: [
    {
      convention: "Wilder's book",
      make: () => new Adx(14, { seed: 'wilder' }),
      columns: { adx: 'ADX 14', plusDi: '+DI14', minusDi: '-DI14' },
      within: 6e-5,
    },
  ],
  [`${charts}cs-adx.csv`]: [
    {
      convention: "Wilder's book",
      make: () => new Adx(14, { seed: 'wilder' }),
      columns: { adx: 'ADX', plusDi: '+DI14', minusDi: '-DI14' },
      within: 6e-7,
    },
  ],
  [`${charts}cs-atr.csv`]: [
    {
      convention: 'Wilder, first bar by its range; the sheet has 0 where there is none',
      make: () => new Atr(14, { firstBar: 'range' }),
      columns: { value: 'ATR' },
      map: (value) => (value === 0 ? NaN : value),
      within: 6e-10,
    },
  ],
  [`${charts}cs-rsi.csv`]: [
    {
      convention: 'averages begin at zero with the first bar',
      make: () => new Rsi(14, { seed: 'first' }),
      columns: { value: 'RSI' },
      within: 6e-6,
    },
  ],
  [`${charts}cs-macd.csv`]: [
    {
      convention: 'all averages begin with the first value',
      make: () => new Macd(12, 26, 9, { seed: 'first' }),
      columns: { macd: 'MACD_line', signal: 'MACD_signal', histogram: 'MACD_diff' },
      // Its signal begins at -0.129, from something before the first row: that is forgotten after 100 rows.
      from: { macd: 25, signal: 100, histogram: 100 },
      within: 6e-9,
    },
    {
      convention: 'begins with the first value',
      make: () => new Ema(12, { seed: 'first' }),
      columns: { value: 'short_ema' },
      from: { value: 11 },
      within: 6e-9,
    },
  ],
  [`${charts}cs-bbands.csv`]: [
    {
      convention: 'deviation of the population',
      make: () => new Bollinger(20, 2),
      columns: { middle: 'MiddleBand', upper: 'HighBand', lower: 'LowBand', percentB: 'PercentageBand' },
      within: 6e-7,
    },
    {
      convention: 'deviation of the population',
      make: () => new StandardDeviation(20),
      columns: { value: '20-day Standard Deviation' },
      within: 6e-7,
    },
  ],
  [`${charts}cs-dc.csv`]: [
    {
      convention: 'this bar included',
      make: () => new Donchian(20),
      columns: { upper: 'upper_band', lower: 'lower_band' },
      within: 1e-9,
    },
  ],
  [`${charts}cs-wma.csv`]: [
    {
      convention: 'linear weights',
      make: () => new Wma(9),
      columns: { value: 'WMA' },
      from: { value: 8 },
      within: 6e-5,
    },
  ],
  [`${charts}cs-soo.csv`]: [
    {
      convention: 'fast: %K raw, %D over 3; the sheet has no closes before its first value',
      make: () => new Stochastic({ period: 14, smooth: 1, signal: 3 }),
      columns: { k: 'SO', d: 'SO_SIG' },
      from: { k: 13, d: 16 },
      inputs: (sheet) => {
        const [high, low, close] = ['High', 'Low', 'Close'].map(sheet.column) as [number[], number[], number[]]
        return { high, low, close: close.map((value, row) => (Number.isNaN(value) ? low[row]! : value)) }
      },
      within: 6e-6,
    },
  ],
}

/** Cumulative since the first row. */
CASES[`${charts}cs-vwap.csv`] = [
  {
    convention: 'window of 14, typical price',
    make: () => new Vwap({ period: 14 }),
    columns: { value: 'vwap' },
    from: { value: 13 },
    within: 1e-9,
  },
]

compareSheets(CASES)
