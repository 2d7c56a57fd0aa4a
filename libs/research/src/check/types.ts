import type { Instrument } from '@contrail/contracts'

/* What a check of a strategy is given and what it says. */

export type CheckStatus = 'passed' | 'failed' | 'warning' | 'skipped'
export type CheckName =
  | 'loads'
  | 'types'
  | 'inputs-alone'
  | 'runs'
  | 'look-ahead'
  | 'determinism'
  | 'restart'
  | 'rows'
  | 'numbers'
  | 'warm-up'
  | 'cost'
export type CheckLine = { readonly check: CheckName; readonly status: CheckStatus; readonly detail: string }
export type CheckReport = {
  readonly strategy: string
  readonly codeSha256: string
  readonly passed: boolean
  readonly lines: readonly CheckLine[]
  readonly events: number
  readonly decisions: number
  /** Measured on the events of the check; for comparison between strategies, not a benchmark. */
  readonly cost: { readonly nsPerEvent: number | null; readonly bytesPerEvent: number | null }
}

/** One input of the check's market, as the test kit of strategies takes it. */
export type Step =
  | {
      readonly kind: 'candle'
      readonly venue: string
      readonly instrument: string
      readonly timeframe: string
      /** Of data; the check's own market goes on bar by bar. */
      readonly openTimeUs?: number
      readonly bar: Bar
    }
  | {
      readonly kind: 'tick'
      readonly venue: string
      readonly instrument: string
      readonly price: number
      readonly quantity: number
      readonly side: 'buy' | 'sell'
      /** After the step before it, or the time that the data has. */
      readonly seconds: number
      readonly atUs?: number
    }
  | {
      readonly kind: 'quote'
      readonly venue: string
      readonly instrument: string
      readonly bid: number
      readonly ask: number
      readonly seconds: number
      readonly atUs?: number
    }
  | { readonly kind: 'timer' }
export type Bar = {
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}
export type SpokenInput = {
  readonly kind: string
  readonly venue: string
  readonly instrument: string
  readonly timeframe?: string
}

/** What the thread or process that holds the author's code is asked. */
export type Question = {
  /** Files of the bundle: what strategies share, and the author's part. */
  readonly shared: string
  readonly author: string
  readonly parameters: Record<string, unknown>
  readonly steps: readonly Step[]
  readonly series: readonly SeriesOfBars[]
  /** Of data: its steps of price and quantity. */
  readonly instruments?: readonly Instrument[]
  /** Steps before which the state is taken, or from which one goes on. */
  readonly cuts: readonly number[]
  readonly world: World
  /** Of the first world, for the second. */
  readonly saved?: readonly { readonly at: number; readonly state: unknown }[]
}
export type World = { readonly name: 'first' | 'second'; readonly clockOffsetMs: number; readonly whole: boolean }
export type SeriesOfBars = {
  readonly venue: string
  readonly instrument: string
  readonly timeframe: string
  readonly openTimeUs: readonly number[]
  readonly bars: readonly Bar[]
}

/** `log[i]`: what was decided and noted on a step, where there was something; `end`: the whole state. */
export type Course = { readonly log: readonly (readonly [step: number, said: string])[]; readonly end: string }
export type Answer = {
  readonly whole?: Course
  readonly saved: readonly { readonly at: number; readonly state: unknown }[]
  /** Different courses where there should have been one: what was tried, and the first difference. */
  readonly differences: readonly { readonly tried: Tried; readonly detail: string }[]
  /** What the code used that is not its input: by name and line. */
  readonly used: readonly string[]
  /** Numbers that are none. */
  readonly notFinite: readonly string[]
  readonly failure?: string
  readonly rowsSkipped?: string
  readonly decisions: number
  readonly drift: number | null
  readonly nsPerEvent: number | null
  readonly bytesPerEvent: number | null
}
export type Tried = 'again' | 'truncated' | 'breathing' | 'restored' | 'plain rows' | 'truncated rows'
