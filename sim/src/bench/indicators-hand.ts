import type { Market } from './indicators.ts'

/*
 * The smallest loops by hand for what a plain loop can do: all they remember is in local variables, nobody can stop in between
 * or ask, and how they begin is left out where it is forgotten in time. Inputs are checked as ours are, each value is stored.
 * No streaming indicator can be faster: it must at least load and store what it remembers.
 */
export type HandLoop = (market: Market, out: Float64Array) => void

const alphaOf = (period: number): number => 2 / (period + 1)
const [A9, A12, A20, A26, A50] = [9, 12, 20, 26, 50].map(alphaOf) as [number, number, number, number, number]
const MACD_SIGNAL = alphaOf(9)

function refuse(): never {
  throw new Error('no finite number')
}

export const HAND: Readonly<Record<string, HandLoop>> = {
  'SMA(20)': ({ close }, out) => {
    const window = new Float64Array(20)
    let sum = 0
    let anew = 0
    let at = 0
    for (let i = 0; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      anew += x
      sum += x - window[at]!
      window[at] = x
      if (++at === 20) {
        sum = anew
        anew = 0
        at = 0
      }
      out[0] = sum / 20
    }
  },
  'EMA(50)': ({ close }, out) => {
    let average = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      average += (x - average) * A50
      out[0] = average
    }
  },
  'RSI(14)': ({ close }, out) => {
    let gain = 0
    let loss = 0
    let before = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      const half = (x - before) / 2
      before = x
      gain = (gain * 13 + (Math.abs(half) + half)) / 14
      loss = (loss * 13 + (Math.abs(half) - half)) / 14
      out[0] = gain + loss === 0 ? 0 : (100 * gain) / (gain + loss)
    }
  },
  'MACD(12,26,9)': ({ close }, out) => {
    let fast = close[0]!
    let slow = close[0]!
    let signal = 0
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      fast += (x - fast) * A12
      slow += (x - slow) * A26
      signal += (fast - slow - signal) * MACD_SIGNAL
      out[0] = fast - slow
      out[1] = signal
    }
  },
  'ATR(14)': ({ high, low, close }, out) => {
    let average = 0
    let before = close[0]!
    for (let i = 1; i < close.length; i++) {
      const top = high[i]!
      const bottom = low[i]!
      const x = close[i]!
      if (top - top + (bottom - bottom) + (x - x) !== 0) refuse()
      average = (average * 13 + (Math.max(top, before) - Math.min(bottom, before))) / 14
      before = x
      out[0] = average
    }
  },
  VWAP: ({ high, low, close, volume }, out) => {
    let money = 0
    let traded = 0
    for (let i = 0; i < close.length; i++) {
      const top = high[i]!
      const bottom = low[i]!
      const x = close[i]!
      const v = volume[i]!
      if (top - top + (bottom - bottom) + (x - x) + (v - v) !== 0 || v < 0) refuse()
      money += ((top + bottom + x) / 3) * v
      traded += v
      out[0] = traded > 0 ? money / traded : NaN
    }
  },
  'TRIX(9)': ({ close }, out) => {
    let first = close[0]!
    let second = close[0]!
    let third = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      const before = third
      first += (x - first) * A9
      second += (first - second) * A9
      third += (second - third) * A9
      out[0] = before === 0 ? 0 : (100 * (third - before)) / before
    }
  },
  'ROC(12)': ({ close }, out) => {
    const past = new Float64Array(12)
    let at = 0
    for (let i = 0; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      const before = past[at]!
      past[at] = x
      at = at + 1 === 12 ? 0 : at + 1
      out[0] = before === 0 ? 0 : (100 * (x - before)) / before
    }
  },
  OBV: ({ close, volume }, out) => {
    let sum = volume[0]!
    let lost = 0
    let before = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      const v = volume[i]!
      if (x - x + (v - v) !== 0 || v < 0) refuse()
      const change = (Number(x > before) - Number(x < before)) * v
      before = x
      const next = sum + change
      lost += Math.abs(sum) >= Math.abs(change) ? sum - next + change : change - next + sum
      sum = next
      out[0] = sum + lost
    }
  },
  'A/D': ({ high, low, close, volume }, out) => {
    let sum = 0
    let lost = 0
    for (let i = 0; i < close.length; i++) {
      const top = high[i]!
      const bottom = low[i]!
      const x = close[i]!
      const v = volume[i]!
      if (top - top + (bottom - bottom) + (x - x) + (v - v) !== 0 || v < 0) refuse()
      const flow = (top === bottom ? 0 : (x - bottom - (top - x)) / (top - bottom)) * v
      const next = sum + flow
      lost += Math.abs(sum) >= Math.abs(flow) ? sum - next + flow : flow - next + sum
      sum = next
      out[0] = sum + lost
    }
  },
  'Heikin-Ashi': ({ open, high, low, close }, out) => {
    let began = open[0]!
    let ended = close[0]!
    for (let i = 0; i < close.length; i++) {
      const first = open[i]!
      const top = high[i]!
      const bottom = low[i]!
      const x = close[i]!
      if (first - first + (top - top) + (bottom - bottom) + (x - x) !== 0) refuse()
      began = (began + ended) / 2
      ended = (first + top + bottom + x) / 4
      out[0] = ended
      out[1] = began
      out[2] = Math.max(top, began, ended)
      out[3] = Math.min(bottom, began, ended)
    }
  },
  'DEMA(20)': ({ close }, out) => {
    let first = close[0]!
    let second = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      first += (x - first) * A20
      second += (first - second) * A20
      out[0] = 2 * first - second
    }
  },
  'TEMA(20)': ({ close }, out) => {
    let first = close[0]!
    let second = close[0]!
    let third = close[0]!
    for (let i = 1; i < close.length; i++) {
      const x = close[i]!
      if (x - x !== 0) refuse()
      first += (x - first) * A20
      second += (first - second) * A20
      third += (second - third) * A20
      out[0] = 3 * first - 3 * second + third
    }
  },
}
