import { describe, expect, test } from 'vitest'
import { syntheticBars } from '../testing/synthetic-bars.ts'
import { Dema, Hma, T3, Tema, Trix } from './averages.ts'
import { Cci } from './cci.ts'
import { Ichimoku, Keltner } from './channels.ts'
import { HeikinAshi } from './heikin-ashi.ts'
import { run } from './indicator.ts'
import type { Column, RunnableIndicator } from './indicator.ts'
import { Kama } from './kama.ts'
import { LinearRegression } from './linear-regression.ts'
import { Ppo } from './macd.ts'
import { Cmo, StochasticRsi, Tsi, WilliamsR } from './momentum.ts'
import { Roc } from './roc.ts'
import { PivotPoints } from './pivot-points.ts'
import { Rsi } from './rsi.ts'
import { Aroon, Psar, SuperTrend, Vortex } from './trend.ts'
import { UlcerIndex } from './ulcer.ts'
import { UltimateOscillator } from './ultimate.ts'
import { AccumulationDistribution, Cmf, Mfi, Obv } from './volume.ts'

type Outputs<T> = Record<string, T>
type Row = {
  make: () => RunnableIndicator
  /** Row, counted from 0, of the first value of each output. */
  first: Outputs<number>
  /** What it says once nothing has moved and nothing was traded for as long as it remembers: here, at a price of 7. */
  flat: Outputs<number>
  /** Bars that it remembers at most; after more of them its past no longer shows. None: it never forgets. */
  window?: number
}

/** With the periods of the books; conventions are stated at each indicator. */
const TABLE: Row[] = [
  { make: () => new Dema(5), first: { value: 8 }, flat: { value: 7 } },
  { make: () => new Tema(5), first: { value: 12 }, flat: { value: 7 } },
  { make: () => new T3(5), first: { value: 24 }, flat: { value: 7 } },
  { make: () => new Trix(5), first: { value: 13 }, flat: { value: 0 } },
  { make: () => new Hma(16), first: { value: 18 }, flat: { value: 7 }, window: 19 },
  { make: () => new Kama(10), first: { value: 10 }, flat: { value: 7 } },
  { make: () => new Ppo(), first: { ppo: 25, signal: 33, histogram: 33 }, flat: { ppo: 0, signal: 0, histogram: 0 } },
  { make: () => new Roc(12), first: { value: 12 }, flat: { value: 0 }, window: 13 },
  { make: () => new Cmo(14, { smoothing: 'simple' }), first: { value: 14 }, flat: { value: 0 }, window: 15 },
  {
    make: () => new Rsi(14, { smoothing: 'simple', flatValue: 50 }),
    first: { value: 14 },
    flat: { value: 50 },
    window: 15,
  },
  { make: () => new WilliamsR(), first: { value: 13 }, flat: { value: 0 }, window: 14 },
  { make: () => new StochasticRsi(), first: { k: 29, d: 31 }, flat: { k: 0, d: 0 } },
  { make: () => new Tsi(), first: { tsi: 37, signal: 49 }, flat: { tsi: 0, signal: 0 } },
  { make: () => new Cci(), first: { value: 19 }, flat: { value: 0 }, window: 20 },
  { make: () => new Mfi(), first: { value: 14 }, flat: { value: 0 }, window: 15 },
  { make: () => new Mfi(14, { flatValue: 50 }), first: { value: 14 }, flat: { value: 50 }, window: 15 },
  { make: () => new Obv(), first: { value: 0 }, flat: { value: 0 } },
  { make: () => new AccumulationDistribution(), first: { value: 0 }, flat: { value: 0 } },
  { make: () => new Cmf(), first: { value: 19 }, flat: { value: 0 }, window: 20 },
  {
    make: () => new Keltner(),
    first: { middle: 19, upper: 19, lower: 19 },
    flat: { middle: 7, upper: 7, lower: 7 },
  },
  {
    make: () => new Ichimoku(),
    first: { conversion: 8, base: 25, spanA: 51, spanB: 77 },
    flat: { conversion: 7, base: 7, spanA: 7, spanB: 7 },
    window: 78,
  },
  { make: () => new SuperTrend(), first: { value: 10, direction: 10 }, flat: { value: 7, direction: -1 } },
  { make: () => new Psar(), first: { value: 1, direction: 1 }, flat: { value: 7 } },
  {
    make: () => new Aroon(),
    first: { oscillator: 25, up: 25, down: 25 },
    flat: { oscillator: 0, up: 100, down: 100 },
    window: 26,
  },
  { make: () => new Vortex(), first: { plus: 14, minus: 14 }, flat: { plus: 0, minus: 0 }, window: 15 },
  { make: () => new UltimateOscillator(), first: { value: 28 }, flat: { value: 0 }, window: 29 },
  { make: () => new UlcerIndex(), first: { value: 13 }, flat: { value: 0 }, window: 27 },
  {
    make: () => new HeikinAshi(),
    first: { open: 0, high: 0, low: 0, close: 0 },
    flat: { open: 7, high: 7, low: 7, close: 7 },
  },
  {
    make: () => new PivotPoints(),
    first: { pivot: 0, r1: 0, s1: 0, r2: 0, s2: 0, r3: 0, s3: 0 },
    flat: { pivot: 7, r1: 7, s1: 7, r2: 7, s2: 7, r3: 7, s3: 7 },
    window: 1,
  },
  {
    make: () => new LinearRegression(),
    first: { value: 13, slope: 13, intercept: 13, r2: 13 },
    flat: { value: 7, slope: 0, intercept: 7, r2: 0 },
    window: 14,
  },
]

const columns = syntheticBars(400)
const outputsOf = (indicator: RunnableIndicator): Outputs<number> =>
  Object.fromEntries(indicator.outputs.map((name) => [name, (indicator as unknown as Outputs<number>)[name]!]))
const feed = (indicator: RunnableIndicator, bar: Record<Column, number>) =>
  indicator.update(...indicator.inputs.map((input) => bar[input]))
const barAt = (row: number): Record<Column, number> => ({
  open: columns.open[row]!,
  high: columns.high[row]!,
  low: columns.low[row]!,
  close: columns.close[row]!,
  volume: columns.volume[row]!,
})
const FLAT = { open: 7, high: 7, low: 7, close: 7, volume: 0 }
const named = TABLE.map((row) => [row.make().name, row] as const)

describe.each(named)('%s', (_, { make, first, flat }) => {
  test('begins where the table says', () => {
    const results = run(make(), columns) as Outputs<Float64Array>
    const begins = Object.fromEntries(
      Object.keys(results).map((name) => [name, results[name]!.findIndex((value) => !Number.isNaN(value))]),
    )
    expect(begins).toEqual(first)
    // Once begun, it never stops.
    for (const [name, from] of Object.entries(first))
      expect(results[name]!.subarray(from).every((value) => Number.isFinite(value))).toBe(true)
  })

  test('flat prices from the first bar on', () => {
    const indicator = make()
    for (let i = 0; i < 200; i++) feed(indicator, FLAT)
    const values = outputsOf(indicator)
    for (const [name, value] of Object.entries(flat)) expect(values[name], name).toBeCloseTo(value, 12)
  })
})

describe.each(
  named.flatMap(([name, row]) => (row.window === undefined ? [] : [[name, row.make, row.window] as const])),
)('%s', (_, make, window) => {
  test('flat prices after a market that moved: its past is gone to the last bit', () => {
    const [moved, fresh] = [make(), make()]
    for (let row = 0; row < columns.close.length; row++) feed(moved, barAt(row))
    // Sums are made anew once per window: after two of them nothing is left.
    for (let i = 0; i < 2 * window; i++) for (const each of [moved, fresh]) feed(each, FLAT)
    const values = outputsOf(moved)
    for (const [name, value] of Object.entries(outputsOf(fresh))) expect(values[name], name).toBe(value)
  })

  test('100,000 bars, some of them a thousand times larger: no drift', () => {
    const [long, short] = [make(), make()]
    const rows = columns.close.length
    const at = (i: number): Record<Column, number> => {
      const bar = barAt(i % rows)
      if (i % 977 >= 3) return bar
      return { open: bar.open * 1e3, high: bar.high * 1e3, low: bar.low * 1e3, close: bar.close * 1e3, volume: 1e4 }
    }
    const total = 100_000
    for (let i = 0; i < total; i++) {
      feed(long, at(i))
      if (i >= total - 4 * window) feed(short, at(i))
    }
    const values = outputsOf(long)
    for (const [name, value] of Object.entries(outputsOf(short)))
      expect(Math.abs(values[name]! - value) / Math.max(1, Math.abs(value)), name).toBeLessThan(1e-11)
  })
})
