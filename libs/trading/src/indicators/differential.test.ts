import { describe, expect, test } from 'vitest'
import * as library from 'technicalindicators'
import { syntheticBars } from '../testing/synthetic-bars.ts'
import { Trix } from './averages.ts'
import { Cci } from './cci.ts'
import { Ichimoku, Keltner } from './channels.ts'
import { HeikinAshi } from './heikin-ashi.ts'
import { run } from './indicator.ts'
import type { RunnableIndicator } from './indicator.ts'
import { StochasticRsi, WilliamsR } from './momentum.ts'
import { Roc } from './roc.ts'
import { Psar } from './trend.ts'
import { AccumulationDistribution, Mfi, Obv } from './volume.ts'

/*
 * Against technicalindicators, wherever it has the indicator: equal to 12 digits, or the convention by which it differs and
 * by how much at most. Not in it: DEMA, TEMA, T3, KAMA, HMA, PPO, CMO, CMF, SuperTrend, Aroon, Vortex, the ultimate
 * oscillator, TSI, the Ulcer index, pivot points and the linear regression; those have sheets or naive twins.
 */
const columns = syntheticBars(600)
const { open, high, low, close, volume } = columns

type Theirs = Record<string, number[]>
type Difference = {
  own: () => RunnableIndicator
  theirs: () => Theirs
  /** Why it is not equal, and the largest difference that this explains. */
  convention?: string
  within?: number
}
const value = (values: number[]): Theirs => ({ value: values })
const plucked = <K extends string>(rows: object[], names: readonly K[]): Theirs =>
  Object.fromEntries(names.map((name) => [name, rows.map((row) => (row as Record<K, number>)[name])]))

const CASES: Record<string, Difference> = {
  TRIX: { own: () => new Trix(9), theirs: () => value(library.TRIX.calculate({ period: 9, values: close })) },
  ROC: { own: () => new Roc(9), theirs: () => value(library.ROC.calculate({ period: 9, values: close })) },
  WilliamsR: {
    own: () => new WilliamsR(14),
    theirs: () => value(library.WilliamsR.calculate({ period: 14, high, low, close })),
  },
  CCI: {
    own: () => new Cci(20),
    theirs: () => value(library.CCI.calculate({ period: 20, high, low, close })),
    convention: 'its running mean is never made anew',
    within: 1e-9,
  },
  StochasticRSI: {
    own: () => new StochasticRsi(),
    theirs: () =>
      plucked(
        library.StochasticRSI.calculate({ rsiPeriod: 14, stochasticPeriod: 14, kPeriod: 3, dPeriod: 3, values: close }),
        ['k', 'd'],
      ),
    convention: 'it rounds the RSI inside to two digits, and tells nothing before %D',
    within: 0.2,
  },
  MFI: {
    own: () => new Mfi(14),
    theirs: () => value(library.MFI.calculate({ period: 14, high, low, close, volume })),
    convention: 'it rounds to two digits',
    within: 0.00501,
  },
  OBV: { own: () => new Obv({ start: 'zero' }), theirs: () => value(library.OBV.calculate({ close, volume })) },
  ADL: {
    own: () => new AccumulationDistribution(),
    theirs: () => value(library.ADL.calculate({ high, low, close, volume })),
    convention: 'it rounds to whole numbers',
    within: 0.501,
  },
  KeltnerChannels: {
    own: () => new Keltner({ width: 1.5 }),
    theirs: () =>
      plucked(
        library.KeltnerChannels.calculate({
          maPeriod: 20,
          atrPeriod: 10,
          multiplier: 1.5,
          useSMA: false,
          high,
          low,
          close,
        }),
        ['middle', 'upper', 'lower'],
      ),
  },
  IchimokuCloud: {
    own: () => new Ichimoku({ displacement: 0 }),
    convention: 'it does not draw the spans later, and tells nothing before all of them are there',
    theirs: () =>
      plucked(
        library.IchimokuCloud.calculate({
          high,
          low,
          conversionPeriod: 9,
          basePeriod: 26,
          spanPeriod: 52,
          displacement: 26,
        }),
        ['conversion', 'base', 'spanA', 'spanB'],
      ),
  },
  HeikinAshi: {
    own: () => new HeikinAshi(),
    theirs: () => {
      const candles = library.HeikinAshi.calculate({ open, high, low, close, volume }) as unknown as Theirs
      return { open: candles.open!, high: candles.high!, low: candles.low!, close: candles.close! }
    },
  },
}

describe('equal to technicalindicators where that is right', () => {
  test.each(Object.entries(CASES))('%s', (_, { own, theirs, within, convention }) => {
    const indicator = own()
    const results = run(indicator, columns) as Record<string, Float64Array>
    for (const [output, expected] of Object.entries(theirs())) {
      const values = results[output]!
      expect(expected.length).toBeGreaterThan(500)
      const skipped = values.length - expected.length
      for (let i = 0; i < expected.length; i++) {
        const limit = within ?? 1e-12 * Math.max(1, Math.abs(expected[i]!))
        expect(Math.abs(values[skipped + i]! - expected[i]!), `${output} of row ${skipped + i}`).toBeLessThan(limit)
      }
      // Without a convention of its own it begins where theirs begins.
      if (convention === undefined) expect(values.findIndex((each) => !Number.isNaN(each))).toBe(skipped)
    }
  })

  test('PSAR: it always begins with an up trend, and does not keep the first stop after a turn off this bar', () => {
    const theirs = library.PSAR.calculate({ step: 0.02, max: 0.2, high, low })
    const own = run(new Psar(), columns).value
    const unlike = theirs.map((each, row) => Math.abs(each - own[row]!) > 1e-9 * each).filter(Boolean).length
    expect(theirs.length).toBe(own.length)
    expect(unlike).toBeLessThan(theirs.length / 10)
  })
})
