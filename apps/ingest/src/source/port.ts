import type { Candle, FeedStatus, Instrument } from '@contrail/contracts'

/** A price level as the venue says it: quantity 0 removes it. */
export type Level = readonly [price: number, quantity: number]

/** What a venue said, not judged yet: the filter of the pipeline decides what goes on the bus. */
export type RawEvent = {
  readonly instrument: string
  /** The venue's own clock. */
  readonly venueTimeUs: number
  /** When it reached us: of the file in replay; a live source leaves it out and the pipeline stamps it. */
  readonly receiveTimeUs?: number | undefined
  /** Line or row of the file it came from, for reports. */
  readonly line?: number
} & (
  | { readonly kind: 'trade'; tradeId: string; side: 'buy' | 'sell' | 'unknown'; price: number; quantity: number }
  | { readonly kind: 'quote'; bid: number; bidQuantity: number; ask: number; askQuantity: number; updateId?: number }
  | { readonly kind: 'snapshot'; updateId: number; bids: readonly Level[]; asks: readonly Level[] }
  | {
      readonly kind: 'diff'
      firstUpdateId: number
      lastUpdateId: number
      bids: readonly Level[]
      asks: readonly Level[]
    }
  | { readonly kind: 'candle'; candle: Omit<Candle, 'schema' | 'receiveTimeUs'> }
  | { readonly kind: 'status'; status: FeedStatus['status']; detail: string }
  /** Nothing happened up to this time: closes bars and rings the clock in replay. */
  | { readonly kind: 'time' }
)
export type RawKind = RawEvent['kind']

/** A row that is not even an event: it cannot reach the filter. */
export type BadRow = { readonly kind: 'bad'; readonly reason: string; readonly line: number; readonly text: string }

export interface SourceSink {
  /** In order. A promise = the source must wait for it (a file does; a live feed cannot and need not). */
  event(event: RawEvent): void | Promise<void>
  bad(row: BadRow, instrument: string): void
}

/** One feed of one venue. `wall`: its time is ours; `event`: its time is in its events (replay). */
export interface Source {
  readonly venue: string
  readonly time: 'wall' | 'event'
  /** Trade ids count up by one: a missing one is a gap. */
  readonly sequentialIds: boolean
  instruments(): Promise<readonly Instrument[]>
  /** What it traded before this start and nobody recorded, oldest first; asked for once, before `start`. */
  past?(): readonly RawEvent[]
  /** Resolves when it runs. */
  start(sink: SourceSink): Promise<void>
  stop(): Promise<void>
  /** Resolves at the end of a file, rejects when the source failed for good. A live source never ends. */
  readonly ended: Promise<void>
}
