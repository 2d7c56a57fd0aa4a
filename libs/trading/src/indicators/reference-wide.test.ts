import { compareSheets } from '../testing/sheet-cases.ts'
import type { Sheet, SheetCase } from '../testing/sheet-cases.ts'
import { Dema, Hma, Tema, Trix } from './averages.ts'
import { Cci } from './cci.ts'
import { Ichimoku, Keltner } from './channels.ts'
import { HeikinAshi } from './heikin-ashi.ts'
import type { Columns } from './indicator.ts'
import { Kama } from './kama.ts'
import { Ppo } from './macd.ts'
import { Cmo, StochasticRsi, Tsi, WilliamsR } from './momentum.ts'
import { Roc } from './roc.ts'
import { Aroon, Psar, Vortex } from './trend.ts'
import { UlcerIndex } from './ulcer.ts'
import { UltimateOscillator } from './ultimate.ts'
import { AccumulationDistribution, Cmf, Mfi, Obv } from './volume.ts'

const lean = 'indicators/lean/'
const charts = 'indicators/stockcharts/'
/** One line per sheet: its convention, the indicator that follows it, its column by output, and half its last digit. */
const one = (
  convention: string,
  make: SheetCase['make'],
  columns: Record<string, string>,
  within: number,
  more: Partial<SheetCase> = {},
): SheetCase[] => [{ convention, make, columns, within, ...more }]

/** A sheet without closes before its first value. */
const lowForClose = (sheet: Sheet): Columns => {
  const [high, low, close] = ['High', 'Low', 'Close'].map(sheet.column) as [number[], number[], number[]]
  return { high, low, close: close.map((value, row) => (Number.isNaN(value) ? low[row]! : value)) }
}

compareSheets({
  [`${lean}spy_dema.txt`]: one('seeded with the SMA', () => new Dema(5), { value: 'DEMA_5' }, 1e-11),
  [`${lean}spy_tema.txt`]: one('seeded with the SMA', () => new Tema(5), { value: 'TEMA_5' }, 1e-11),
  [`${lean}spy_trix.txt`]: one('seeded with the SMA', () => new Trix(5), { value: 'TRIX_5' }, 1e-10),
  [`${lean}spy_hma.txt`]: one('half and root rounded down', () => new Hma(16), { value: 'HMA_16' }, 6e-8),
  [`${lean}spy_kama.txt`]: one('TA-Lib', () => new Kama(5), { value: 'KAMA_5' }, 1e-11),
  [`${charts}cs-kama.csv`]: one(
    'the sheet also shows the close it begins with',
    () => new Kama(10),
    { value: 'KAMA' },
    6e-7,
    { from: { value: 10 } },
  ),
  [`${charts}cs-ppo.csv`]: one(
    'averages begin with the first value',
    () => new Ppo(12, 26, 9, { seed: 'first' }),
    { ppo: 'PPO', signal: 'PPO_Signal_Line', histogram: 'PPO_Histogram' },
    6e-9,
    { from: { ppo: 25, signal: 25, histogram: 25 } },
  ),
  [`${lean}spy_with_roc50.txt`]: one(
    'percent; the sheet has differences',
    () => new Roc(50),
    { value: 'Rate of Change 50' },
    1e-5,
    { map: (value, row, sheet) => (100 * value) / sheet.column('Close')[row - 50]! },
  ),
  [`${charts}cs-roc.csv`]: one('percent', () => new Roc(12), { value: 'ROC' }, 6e-9, { atLeast: 8 }),
  [`${lean}spy_cmo.txt`]: one('Wilder, TA-Lib', () => new Cmo(5), { value: 'CMO_5' }, 1e-9),
  [`${lean}spy_with_williamsR14.txt`]: one('percent', () => new WilliamsR(14), { value: 'Williams %R 14' }, 4e-4),
  [`${charts}cs-percentr.csv`]: one('percent', () => new WilliamsR(14), { value: 'Williams_%R' }, 6e-6, {
    from: { value: 13 },
    inputs: lowForClose,
  }),
  [`${lean}spy_with_StochRSI.csv`]: one(
    'Wilder, %K averaged over 3',
    () => new StochasticRsi(),
    { k: 'k', d: 'd' },
    1e-9,
  ),
  [`${charts}cs-stochrsi.csv`]: one(
    'RSI begins at zero with the first bar; raw %K, 0 to 1',
    () => new StochasticRsi({ smooth: 1, seed: 'first' }),
    { k: 'StochRSI(14)' },
    6e-6,
    { map: (value) => value * 100, atLeast: 6 },
  ),
  [`${charts}cs-tsi.csv`]: one(
    'seeded with the SMA; its weights have four digits',
    () => new Tsi(25, 13),
    { tsi: 'TSI' },
    0.02,
    {
      from: { tsi: 59 },
    },
  ),
  [`${lean}spy_with_cci.txt`]: one(
    'mean deviation',
    () => new Cci(14),
    { value: 'Commodity Channel Index (CCI) 14' },
    0.01,
  ),
  [`${charts}cs-cci.csv`]: one('mean deviation', () => new Cci(20), { value: 'CCI' }, 0.06),
  [`${lean}spy_mfi.txt`]: one('typical price', () => new Mfi(20), { value: 'Money Flow Index 20' }, 6e-4),
  [`${charts}cs-mfi.csv`]: one('typical price', () => new Mfi(14), { value: 'MFI' }, 6e-4),
  [`${lean}spy_with_obv.txt`]: one('begins with the first volume', () => new Obv(), { value: 'OBV' }, 1e4, {
    from: { value: 1 },
  }),
  [`${charts}cs-obv.csv`]: one('begins at zero', () => new Obv({ start: 'zero' }), { value: 'OBV' }, 1e-9, {
    // Its first bar has no volume.
    inputs: (sheet) => ({ close: sheet.column('Close'), volume: sheet.column('Volume').map((each) => each || 0) }),
  }),
  [`${lean}spy_ad.txt`]: one('since the first bar', () => new AccumulationDistribution(), { value: 'AD' }, 1e-4),
  [`${charts}cs-accum.csv`]: one('since the first bar', () => new AccumulationDistribution(), { value: 'ADLine' }, 2),
  [`${lean}spy_cmf.txt`]: one('the sheet began 19 bars earlier', () => new Cmf(20), { value: 'CMF_20' }, 1e-12, {
    from: { value: 19 },
    without: 1,
  }),
  [`${lean}spy_with_keltner.csv`]: one(
    'simple averages, of the typical price',
    () =>
      new Keltner({
        atrPeriod: 20,
        width: 1.5,
        average: 'sma',
        price: 'typical',
        atr: { smoothing: 'simple', firstBar: 'range' },
      }),
    { middle: 'Middle Band', upper: 'Keltner Channels 20 Top', lower: 'Keltner Channels 20 Bottom' },
    7e-5,
  ),
  [`${charts}cs-kc.csv`]: one(
    'average of closes from the first on, Wilder range from the first bar on',
    () => new Keltner({ seed: 'first', atr: { firstBar: 'range' } }),
    { middle: 'middle_band', upper: 'upper_band', lower: 'lower_band' },
    1e-9,
    { from: { middle: 19, upper: 19, lower: 19 } },
  ),
  [`${lean}spy_with_ichimoku.csv`]: one(
    'spans drawn 26 bars later',
    () => new Ichimoku(),
    { conversion: 'Tenkan', base: 'Kijun', spanA: 'Senkou A', spanB: 'Senkou B' },
    1e-9,
    { from: { conversion: 8, base: 25, spanA: 51, spanB: 77 } },
  ),
  [`${lean}spy_aroon_oscillator.txt`]: one(
    'the latest of equals',
    () => new Aroon(14),
    { oscillator: 'Aroon Oscillator 14' },
    1e-5,
  ),
  [`${charts}cs-psar.csv`]: [
    {
      convention: 'up trends',
      make: () => new Psar(),
      columns: { value: 'psar_up' },
      from: { value: 8 },
      within: 6e-9,
    },
    {
      convention: 'down trends',
      make: () => new Psar(),
      columns: { value: 'psar_down' },
      atLeast: 9,
      from: { value: 8 },
      within: 6e-9,
    },
  ],
  [`${charts}cs-vortex.csv`]: one('sums of the window', () => new Vortex(14), { plus: '+VI14', minus: '-VI14' }, 6e-7),
  [`${lean}spy_ultosc.txt`]: one('4, 2, 1', () => new UltimateOscillator(), { value: 'ULTOSC_7_14_28' }, 1e-9),
  [`${lean}spy_heikin_ashi.txt`]: one(
    'first open in the middle of its bar',
    () => new HeikinAshi(),
    { open: 'HA_Open', high: 'HA_High', low: 'HA_Low', close: 'HA_Close' },
    6e-8,
  ),
  [`${charts}cs-ui.csv`]: one(
    'highest so far while it begins',
    () => new UlcerIndex(14),
    { value: 'ulcer_index' },
    6e-10,
    { atLeast: 1 },
  ),
})
