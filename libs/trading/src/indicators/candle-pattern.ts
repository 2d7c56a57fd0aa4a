import { refuse } from '@contrail/contracts'
import * as library from 'technicalindicators'
import type { Restorable } from '../strategy/api.ts'
import { mustBeFinite } from './indicator.ts'

/** Candlestick patterns of `technicalindicators`. Each looks at the last bars only, five at most. */
export const CANDLE_PATTERNS = [
  'abandonedbaby',
  'bearish',
  'bearishengulfingpattern',
  'bearishhammerstick',
  'bearishharami',
  'bearishharamicross',
  'bearishinvertedhammerstick',
  'bearishmarubozu',
  'bearishspinningtop',
  'bullish',
  'bullishengulfingpattern',
  'bullishhammerstick',
  'bullishharami',
  'bullishharamicross',
  'bullishinvertedhammerstick',
  'bullishmarubozu',
  'bullishspinningtop',
  'darkcloudcover',
  'doji',
  'downsidetasukigap',
  'dragonflydoji',
  'eveningdojistar',
  'eveningstar',
  'gravestonedoji',
  'hammerpattern',
  'hammerpatternunconfirmed',
  'hangingman',
  'hangingmanunconfirmed',
  'morningdojistar',
  'morningstar',
  'piercingline',
  'shootingstar',
  'shootingstarunconfirmed',
  'threeblackcrows',
  'threewhitesoldiers',
  'tweezerbottom',
  'tweezertop',
] as const
export type CandlePatternName = (typeof CANDLE_PATTERNS)[number]

const BARS = 5
type Bars = { open: number[]; high: number[]; low: number[]; close: number[] }
type Finder = (bars: Bars) => boolean

/** Whether the bar just given completes a pattern. */
export class CandlePattern implements Restorable {
  readonly name: CandlePatternName
  readonly inputs = ['open', 'high', 'low', 'close'] as const
  readonly #find: Finder
  #bars: Bars = { open: [], high: [], low: [], close: [] }
  #value = false

  constructor(name: CandlePatternName) {
    if (!CANDLE_PATTERNS.includes(name))
      throw refuse('unknown_pattern', 'name', name, `choose one of ${CANDLE_PATTERNS.join(', ')}`)
    this.name = name
    this.#find = (library as unknown as Record<string, Finder>)[name] as Finder
  }

  update(open: number, high: number, low: number, close: number): boolean {
    const bar = { open, high, low, close }
    for (const input of this.inputs) mustBeFinite(this.name, input, bar[input])
    for (const input of this.inputs) {
      this.#bars[input].push(bar[input])
      if (this.#bars[input].length > BARS) this.#bars[input].shift()
    }
    return (this.#value = this.ready && this.#find(this.#bars))
  }

  /** False until five bars are there. */
  get value(): boolean {
    return this.#value
  }

  get ready(): boolean {
    return this.#bars.close.length === BARS
  }

  snapshot(): unknown {
    return { pattern: this.name, bars: structuredClone(this.#bars), value: this.#value }
  }

  restore(state: unknown): void {
    const saved = state as { pattern: string; bars: Bars; value: boolean }
    if (saved.pattern !== this.name)
      throw refuse('other_pattern', 'pattern', saved.pattern, `restore a snapshot of ${this.name}`)
    this.#bars = structuredClone(saved.bars)
    this.#value = saved.value
  }
}
