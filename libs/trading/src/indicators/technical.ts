import { refuse } from '@contrail/contracts'
import * as library from 'technicalindicators'
import type { Restorable } from '../strategy/api.ts'
import { mustBeFinite, periodOf } from './indicator.ts'
import type { Column } from './indicator.ts'

/*
 * The rest of `technicalindicators` behind the interface of our own indicators. Its state sits in generators that nobody
 * can read and that keep every value they have seen; so an instance is replaced every `window` inputs by a fresh one that
 * is fed the last `window` of them. Its value is then a function of at most twice that many inputs, which are the snapshot:
 * a restored one goes on exactly, and memory is bounded. The price: what never forgets (an EMA deep inside) forgets what
 * is older than `window`. With the default of 500 that is less than 1e-7 of the value for an EMA of 60 or Wilder's
 * average of 30. The library itself rounds MFI, and the RSI inside StochasticRSI, to two digits; that cannot be mended here.
 */
const WINDOW = 500

const BAR: readonly Column[] = ['high', 'low', 'close']
const BARS: readonly Column[] = ['open', 'high', 'low', 'close', 'volume']
const CLOSE: readonly Column[] = ['close']

/**
 * What each one takes. Not here: VWAP (use `Vwap`, which has sessions), and Renko and VolumeProfile, which look at a whole
 * series at once. Candlestick patterns: see `CandlePattern`.
 */
const KINDS = {
  ADL: ['high', 'low', 'close', 'volume'],
  AwesomeOscillator: ['high', 'low'],
  AverageGain: CLOSE,
  AverageLoss: CLOSE,
  CCI: BAR,
  ChandelierExit: BAR,
  ForceIndex: ['close', 'volume'],
  HeikinAshi: BARS,
  Highest: CLOSE,
  IchimokuCloud: ['high', 'low'],
  KeltnerChannels: BAR,
  KST: CLOSE,
  Lowest: CLOSE,
  OBV: ['close', 'volume'],
  MFI: ['high', 'low', 'close', 'volume'],
  PSAR: ['high', 'low'],
  ROC: CLOSE,
  StochasticRSI: CLOSE,
  Sum: CLOSE,
  TRIX: CLOSE,
  TrueRange: BAR,
  WEMA: CLOSE,
  WilliamsR: BAR,
} as const satisfies Record<string, readonly Column[]>
/** Sums since the beginning of time: what a fresh instance does not know is carried along. */
const SUMS: ReadonlySet<string> = new Set(['ADL', 'OBV'])
export type TechnicalName = keyof typeof KINDS
export const TECHNICAL_NAMES = Object.keys(KINDS) as readonly TechnicalName[]

export type TechnicalValue = number | Readonly<Record<string, number | boolean | undefined>>
type Instance = { nextValue(input: unknown): TechnicalValue | undefined }
type Make = new (options: Record<string, unknown>) => Instance
type TechnicalSnapshot = { indicator: string; inputs: number[]; carried: number }

export class TechnicalIndicator implements Restorable {
  readonly name: string
  /** The order of the numbers that `update` takes. */
  readonly inputs: readonly Column[]
  readonly #make: () => Instance
  readonly #window: number
  /** The last inputs, one row after the other: all that the instance has seen. */
  #rows: number[] = []
  #instance: Instance
  readonly #kind: TechnicalName
  #raw: TechnicalValue | undefined
  #carried = 0

  constructor(kind: TechnicalName, options: Record<string, unknown>, window: number) {
    this.#kind = kind
    this.inputs = KINDS[kind]
    this.name = `${kind}(${JSON.stringify(options)},${periodOf('window', window, 2)})`
    const Kind = (library as unknown as Record<string, Make>)[kind] as Make
    const none = Object.fromEntries([...BARS, 'values'].map((column) => [column, []]))
    // Without a format some round to two digits, which flips one decision in ten thousand.
    this.#make = () => new Kind({ ...none, format: (value: number) => value, ...options })
    this.#window = window
    this.#instance = this.#make()
  }

  update(...values: number[]): TechnicalValue | undefined {
    const { inputs } = this
    if (values.length !== inputs.length)
      throw refuse('wrong_inputs', this.name, values.length, `give ${inputs.join(', ')}`)
    for (let i = 0; i < inputs.length; i++) mustBeFinite(this.name, inputs[i]!, values[i]!)
    this.#rows.push(...values)
    if (this.#rows.length < 2 * this.#window * inputs.length) {
      this.#feed(values)
      return this.value
    }
    const before = this.#feed(values)
    this.#rows = this.#rows.slice(-this.#window * inputs.length)
    const after = this.#refresh()
    if (SUMS.has(this.#kind)) this.#carried += Number(before) - Number(after)
    return this.value
  }

  /** A fresh instance that has seen the remembered rows; its own value, without what is carried. */
  #refresh(): TechnicalValue | undefined {
    const width = this.inputs.length
    this.#instance = this.#make()
    this.#raw = undefined
    for (let at = 0; at < this.#rows.length; at += width) this.#feed(this.#rows.slice(at, at + width))
    return this.#raw
  }

  #feed(values: readonly number[]): TechnicalValue | undefined {
    const single = this.inputs.length === 1
    const row = single ? values[0] : Object.fromEntries(this.inputs.map((input, i) => [input, values[i]]))
    return (this.#raw = this.#instance.nextValue(row))
  }

  /** `undefined` until it is there. */
  get value(): TechnicalValue | undefined {
    return typeof this.#raw === 'number' && this.#carried !== 0 ? this.#raw + this.#carried : this.#raw
  }

  get ready(): boolean {
    return this.#raw !== undefined
  }

  snapshot(): TechnicalSnapshot {
    return { indicator: this.name, inputs: [...this.#rows], carried: this.#carried }
  }

  restore(state: unknown): void {
    const saved = state as TechnicalSnapshot
    if (saved.indicator !== this.name)
      throw refuse('other_indicator', 'indicator', saved.indicator, `restore a snapshot of ${this.name}`)
    this.#rows = [...saved.inputs]
    this.#carried = saved.carried
    this.#refresh()
  }
}

/** For example `technicalIndicator('CCI', { period: 20 })`; its `update` takes the numbers that `inputs` names. */
export function technicalIndicator(
  kind: TechnicalName,
  options: Record<string, unknown>,
  limits: { window?: number } = {},
): TechnicalIndicator {
  if (!Object.hasOwn(KINDS, kind))
    throw refuse('unknown_indicator', 'kind', kind, `choose one of ${TECHNICAL_NAMES.join(', ')}`)
  return new TechnicalIndicator(kind, options, limits.window ?? WINDOW)
}
