import type { Instrument, Timeframe } from '@contrail/contracts'
import type { FileJudgement, MarketDataPort, MarketFileOptions } from '@contrail/data'
import type { Assumptions, BacktestResult, MarketColumns } from '@contrail/trading'
import type { Metrics } from '../metrics/catalogue.ts'
import type { MetricsBasis } from '../metrics/metrics.ts'
import type { Convention } from '../metrics/types.ts'
import type { RobustnessSection } from '../report/sections.ts'

export type DataRequest =
  | { readonly kind: 'files'; readonly files: readonly string[]; readonly options?: MarketFileOptions }
  /** The inputs of the strategy are asked of the store or the database. */
  | {
      readonly kind: 'port'
      readonly port: MarketDataPort
      readonly label: string
      readonly venue?: string
      readonly instrument?: string
      readonly timeframe?: Timeframe
    }
  | {
      readonly kind: 'columns'
      readonly label: string
      readonly series: readonly MarketColumns[]
      readonly instruments: readonly Instrument[]
    }

export type RunRequest = {
  /** A strategy file, or the name of a built-in one. */
  readonly strategy: string
  /** Already bundled; `strategy` is then only its name. */
  readonly code?: string
  /** Venue, instrument and timeframe that are not given here are those of the data. */
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly data: DataRequest
  readonly fromUs?: number
  readonly toUs?: number
  readonly cash: number
  readonly assumptions?: Partial<Assumptions>
  readonly convention?: Convention
  readonly riskFree?: number
  readonly periods?: 252 | 365
  /** What this run was chosen from. */
  readonly trials?: { readonly count: number; readonly variance?: number }
  /** Monte Carlo, significance and deflated Sharpe; default true. */
  readonly robustness?: boolean
}

export type RunOptions = {
  /** Where the folder of the run is made; undefined: nothing is written. */
  readonly directory?: string
  /** Keeps what is made of source files for the next run. A folder that is nobody else's: what is in it is run. */
  readonly cache?: string
  /** Default true. */
  readonly report?: boolean
  readonly onProgress?: (progress: RunProgress) => void
  /** Stops the run: what was done by then is a complete folder that says `complete: false`. */
  readonly signal?: AbortSignal
  /** A handler of the strategy that runs longer than this is ended and named, ms; default 10,000. */
  readonly handlerMsMax?: number
  /** MB that the strategy and its run may hold. */
  readonly memoryMbMax?: number
  /** How the caller asks for more of either, for what is said of a strategy that was ended; absent where it cannot. */
  readonly more?: { readonly time: string; readonly memory: string }
  /** What the strategy prints while it runs. */
  readonly onOutput?: (text: string) => void
}
export type RunProgress = {
  readonly phase: 'loading' | 'running' | 'judging' | 'writing'
  readonly done: number
  readonly total: number
  readonly elapsedMs: number
  /** Events a second since the run began. */
  readonly rate: number
  readonly leftMs: number | undefined
}

export const RUN_SCHEMA = 'contrail.run/1'

export type SeriesRecord = {
  readonly venue: string
  readonly instrument: string
  readonly kind: MarketColumns['kind']
  readonly timeframe?: Timeframe
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
}

/** run.json. Fields are only ever added; a change of meaning makes a new schema number. Undefined figures are null. */
export type RunRecord = {
  readonly schema: typeof RUN_SCHEMA
  readonly id: string
  readonly createdAt: string
  /** False: stopped before the end; everything here is about the part that was run. */
  readonly complete: boolean
  readonly strategy: {
    readonly name: string
    readonly description: string
    readonly source: string
    /** Of the bundle, all imports included. */
    readonly codeSha256: string
    readonly parameters: Readonly<Record<string, unknown>>
    /** Parameters that nobody gave and that were taken from the data. */
    readonly fromData: readonly string[]
    readonly lookback: number
  }
  readonly data: {
    readonly label: string
    /** Of the rows of all series, in order. */
    readonly sha256: string
    readonly series: readonly SeriesRecord[]
    readonly instruments: readonly Instrument[]
    readonly files: readonly { readonly name: string; readonly sha256: string; readonly judgement: FileJudgement }[]
    /** What was done to the data so that the strategy could read it, in words. */
    readonly notes: readonly string[]
  }
  readonly period: { readonly fromUs: number; readonly toUs: number; readonly firstUs: number; readonly lastUs: number }
  readonly cash: number
  readonly currency: string
  readonly assumptions: Assumptions
  readonly basis: MetricsBasis
  readonly metrics: Metrics
  readonly asPrinted: Readonly<Record<string, number | string | null>> | null
  readonly counts: {
    readonly events: number
    readonly decisions: number
    readonly orders: number
    readonly fills: number
    readonly trades: number
    readonly gaps: number
    readonly liquidations: number
  }
  /** How the orders ended: filled, expired, cancelled, ... */
  readonly orderStatuses: Readonly<Record<string, number>>
  /** Why the venue rejected orders, by reason. */
  readonly rejected: Readonly<Record<string, number>>
  readonly refused: BacktestResult['refused']
  readonly costs: BacktestResult['costs']
  readonly gaps: BacktestResult['gaps']
  readonly positions: BacktestResult['positions']
  readonly finalEquity: number
  readonly finalCash: number
  /** Of decisions.jsonl: equal for equal code, data, parameters and seed. */
  readonly decisionsSha256: string
  readonly residual: string
  /** Of the machine that ran it; not part of what is compared. */
  readonly timing: { readonly ms: number; readonly eventsPerSecond: number }
}

/** Without its long lists: they are files of the run. */
export type RunResult = Omit<BacktestResult, 'decisions' | 'orders' | 'fills' | 'each'>
/** What is said of those lists. */
export type RunTotals = {
  readonly orders: number
  readonly fills: number
  readonly orderStatuses: RunRecord['orderStatuses']
  readonly rejected: RunRecord['rejected']
  /** Sum of price x quantity of the fills. */
  readonly notional: number
  /** `venue instrument` of each that was filled. */
  readonly traded: readonly string[]
}

/** All of a run in memory. */
export type RunOutcome = {
  readonly record: RunRecord
  readonly result: RunResult
  readonly series: readonly MarketColumns[]
  readonly sections: readonly RobustnessSection[]
  /** Folder of the run; undefined when nothing was written. */
  readonly folder: string | undefined
}
