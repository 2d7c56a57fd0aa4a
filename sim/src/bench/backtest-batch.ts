import type { Market, Part } from './indicators.ts'

/** What indicatorts computes at once over whole arrays; it has no form that takes one price at a time. */
type Values = readonly number[]
type Period = { period: number }
type OfClose = (close: Values, config: Period) => unknown
type OfBars = (high: Values, low: Values, close: Values, config?: object) => unknown
type OfVolume = (high: Values, low: Values, close: Values, volume: Values, config?: object) => unknown
export type Indicatorts = {
  readonly [name in 'sma' | 'ema' | 'rsi' | 'bb' | 'roc' | 'dema' | 'tema' | 'trix' | 'ui']: OfClose
} & {
  readonly [name in 'atr' | 'cci' | 'stoch' | 'williamsR' | 'vortex' | 'kc' | 'psar']: OfBars
} & { readonly [name in 'mfi' | 'cmf' | 'ad']: OfVolume } & {
  macd(close: Values, config: { fast: number; slow: number; signal: number }): unknown
  obv(close: Values, volume: Values): unknown
  aroon(high: Values, low: Values, config: Period): unknown
}

/** Undefined where it has none. Its ATR is an SMA, the nearest it has; its Ichimoku takes time by the square of the rows and is left out. */
export function batchOf(library: Indicatorts, name: string, market: Market): Part | undefined {
  const [high, low, close, volume] = [market.high, market.low, market.close, market.volume].map((column) =>
    Array.from(column),
  ) as [number[], number[], number[], number[]]
  const parts: Record<string, Part> = {
    'SMA(20)': () => library.sma(close, { period: 20 }),
    'EMA(50)': () => library.ema(close, { period: 50 }),
    'RSI(14)': () => library.rsi(close, { period: 14 }),
    'MACD(12,26,9)': () => library.macd(close, { fast: 12, slow: 26, signal: 9 }),
    'Bollinger(20,2)': () => library.bb(close, { period: 20 }),
    'ATR(14)': () => library.atr(high, low, close, { period: 14 }),
    'Stochastic(14,3)': () => library.stoch(high, low, close, { kPeriod: 14, dPeriod: 3 }),
    'TRIX(9)': () => library.trix(close, { period: 9 }),
    'ROC(12)': () => library.roc(close, { period: 12 }),
    'Williams %R(14)': () => library.williamsR(high, low, close, { period: 14 }),
    'CCI(20)': () => library.cci(high, low, close, { period: 20 }),
    'MFI(14)': () => library.mfi(high, low, close, volume, { period: 14 }),
    OBV: () => library.obv(close, volume),
    'A/D': () => library.ad(high, low, close, volume),
    'Keltner(20,10)': () => library.kc(high, low, close, { period: 20 }),
    PSAR: () => library.psar(high, low, close),
    'DEMA(20)': () => library.dema(close, { period: 20 }),
    'TEMA(20)': () => library.tema(close, { period: 20 }),
    'Ulcer(14)': () => library.ui(close, { period: 14 }),
    'CMF(20)': () => library.cmf(high, low, close, volume, { period: 20 }),
    'Aroon(25)': () => library.aroon(high, low, { period: 25 }),
    'Vortex(14)': () => library.vortex(high, low, close, { period: 14 }),
  }
  return parts[name]
}
