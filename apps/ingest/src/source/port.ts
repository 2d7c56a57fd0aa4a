import type { FeedStatus, Instrument } from '@contrail/contracts'
import type { BadRow, FileEvent } from '@contrail/data'

export type { BadRow, Level } from '@contrail/data'

/** What a venue said, not judged yet: the filter of the pipeline decides what goes on the bus. A live source leaves the
 * receive time out and the pipeline stamps it. */
export type RawEvent =
  | Exclude<FileEvent, { kind: 'funding' }>
  | (Pick<FileEvent, 'instrument' | 'venueTimeUs' | 'receiveTimeUs' | 'line'> &
      (
        | { readonly kind: 'status'; status: FeedStatus['status']; detail: string }
        /** Nothing happened up to this time: closes bars and rings the clock in replay. */
        | { readonly kind: 'time' }
      ))
export type RawKind = RawEvent['kind']

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
