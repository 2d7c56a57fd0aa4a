import {
  AccumulationDistribution,
  Atr,
  Dema,
  Ema,
  HeikinAshi,
  Macd,
  Obv,
  Roc,
  Rsi,
  Sma,
  Tema,
  Trix,
  Vwap,
} from '@contrail/trading'
import { expect, test } from 'vitest'
import { HAND } from './indicators-hand.ts'
import { market } from './indicators.ts'

type Own = {
  readonly inputs: readonly ('open' | 'high' | 'low' | 'close' | 'volume')[]
  readonly value: number
  update(...values: number[]): number
}
const OWN: Record<string, Own> = {
  'SMA(20)': new Sma(20),
  'EMA(50)': new Ema(50),
  'RSI(14)': new Rsi(14),
  'MACD(12,26,9)': new Macd(),
  'ATR(14)': new Atr(14),
  VWAP: new Vwap(),
  'TRIX(9)': new Trix(9),
  'ROC(12)': new Roc(12),
  OBV: new Obv(),
  'A/D': new AccumulationDistribution(),
  'Heikin-Ashi': new HeikinAshi(),
  'DEMA(20)': new Dema(20),
  'TEMA(20)': new Tema(20),
}

test('a loop by hand ends where the indicator ends', () => {
  const columns = market(3_000)
  expect(Object.keys(OWN)).toEqual(Object.keys(HAND))
  for (const [name, own] of Object.entries(OWN)) {
    const out = new Float64Array(4)
    HAND[name]!(columns, out)
    for (let i = 0; i < 3_000; i++) own.update(...own.inputs.map((input) => columns[input][i]!))
    expect(Math.abs(out[0]! - own.value), name).toBeLessThan(1e-9 * Math.max(1, Math.abs(own.value)))
  }
})
