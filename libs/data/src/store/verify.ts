import path from 'node:path'
import { isoOfUs, Refusal, TIMEFRAME_US } from '@contrail/contracts'
import { KIND_SPECS, sharedColumns } from '../columns/kinds.ts'
import type { ColumnArray, SeriesKey } from '../columns/kinds.ts'
import type { MarketQuery } from '../port.ts'
import { PeriodFile } from './period.ts'
import type { DataStore } from './store.ts'
import { missingBars } from '../judge/bar-times.ts'

export type StoreGap = { readonly from: string; readonly to: string; readonly missing: number }
/** What is in a stored series and what is wrong with it. */
export type SeriesVerdict = SeriesKey & {
  files: number
  rows: number
  firstTime: string | undefined
  lastTime: string | undefined
  /** Missing bars, or missing ids of trades whose ids count up by one. */
  gaps: { count: number; missing: number; first: StoreGap[] }
  duplicates: number
  disorder: number
  absurd: number
  longestSilenceUs: number
  /** Files that cannot be read, with the reason and the mend. */
  damaged: { file: string; code: string; detail: string; mend: string }[]
}
const GAPS_SHOWN_MAX = 20

/** Reads every byte of the series that match and says what is missing and what is wrong. Changes nothing. */
export async function verifyStore(store: DataStore, query: Partial<MarketQuery> = {}): Promise<SeriesVerdict[]> {
  return store
    .series()
    .filter((key) => matches(key, query))
    .map((key) => new Verifier(key).run(store.files(key)))
}

export const matches = (key: SeriesKey, query: Partial<MarketQuery>): boolean =>
  (['venue', 'instrument', 'kind', 'timeframe'] as const).every(
    (name) => query[name] === undefined || query[name] === key[name],
  )

class Verifier {
  readonly #key: SeriesKey
  readonly #verdict: SeriesVerdict
  #lastUs = Number.NaN
  #lastId = Number.NaN
  #steps = 0
  readonly #idGaps: StoreGap[] = []
  #idMissing = 0

  constructor(key: SeriesKey) {
    this.#key = key
    this.#verdict = {
      ...key,
      files: 0,
      rows: 0,
      firstTime: undefined,
      lastTime: undefined,
      gaps: { count: 0, missing: 0, first: [] },
      duplicates: 0,
      disorder: 0,
      absurd: 0,
      longestSilenceUs: 0,
      damaged: [],
    }
  }

  run(files: readonly string[]): SeriesVerdict {
    for (const file of files) this.#file(file)
    // Only where nearly every id follows the one before does a missing one mean a missing trade.
    if (this.#idGaps.length > 0 && this.#idGaps.length < this.#steps / 20)
      this.#verdict.gaps = {
        count: this.#idGaps.length,
        missing: this.#idMissing,
        first: this.#idGaps.slice(0, GAPS_SHOWN_MAX),
      }
    if (!Number.isNaN(this.#lastUs)) this.#verdict.lastTime = isoOfUs(this.#lastUs)
    return this.#verdict
  }

  #file(file: string): void {
    this.#verdict.files++
    try {
      const period = new PeriodFile(file)
      const columns = sharedColumns(this.#key.kind, period.rows, this.#key.depth)
      period.readInto(columns, 0)
      this.#verdict.rows += period.rows
      this.#times(columns[KIND_SPECS[this.#key.kind].time] as Float64Array)
      this.#content(columns, period.rows)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { code, value, mend } = error
      this.#verdict.damaged.push({ file: path.basename(file), code, detail: value, mend })
    }
  }

  #times(times: Float64Array): void {
    const verdict = this.#verdict
    const frameUs = this.#key.timeframe ? TIMEFRAME_US[this.#key.timeframe] : 0
    const single = frameUs > 0 || this.#key.kind === 'funding'
    for (const us of times) {
      const apart = us - this.#lastUs
      if (apart < 0) verdict.disorder++
      else if (apart === 0 && single) verdict.duplicates++
      if (apart > verdict.longestSilenceUs) verdict.longestSilenceUs = apart
      const missing = frameUs > 0 ? missingBars(us, this.#lastUs, frameUs) : 0
      if (missing > 0) this.#gap(verdict.gaps.first, us, missing)
      verdict.firstTime ??= isoOfUs(us)
      this.#lastUs = us
    }
  }

  #gap(first: StoreGap[], us: number, missing: number): void {
    this.#verdict.gaps.count++
    this.#verdict.gaps.missing += missing
    if (first.length < GAPS_SHOWN_MAX) first.push({ from: isoOfUs(this.#lastUs), to: isoOfUs(us), missing })
  }

  #content(columns: Readonly<Record<string, ColumnArray>>, rows: number): void {
    const at = (name: string, row: number): number => columns[name]![row]!
    for (let row = 0; row < rows; row++) {
      switch (this.#key.kind) {
        case 'candles': {
          const [open, high, low, close] = [at('open', row), at('high', row), at('low', row), at('close', row)]
          if (!(low > 0 && high >= open && high >= close && low <= open && low <= close && at('volume', row) >= 0))
            this.#verdict.absurd++
          break
        }
        case 'ticks':
          if (!(at('price', row) > 0 && at('quantity', row) > 0)) this.#verdict.absurd++
          this.#id(at('tradeId', row), at('receiveTimeUs', row))
          break
        case 'quotes':
          if (!(at('bid', row) > 0 && at('ask', row) > at('bid', row))) this.#verdict.absurd++
          break
        case 'funding':
          if (!(Math.abs(at('rate', row)) <= 0.1)) this.#verdict.absurd++
          break
        case 'book':
          if (!(at('updateId', row) >= 0)) this.#verdict.absurd++
      }
    }
  }

  #id(id: number, us: number): void {
    const missing = id - this.#lastId - 1
    if (id === this.#lastId) this.#verdict.duplicates++
    if (missing >= 0) this.#steps++
    if (missing > 0) {
      this.#idMissing += missing
      this.#idGaps.push({ from: isoOfUs(us), to: isoOfUs(us), missing })
    }
    this.#lastId = id
  }
}
