import { refuse, SECOND_US, TIMEFRAME_US } from '@contrail/contracts'
import { eventsOf } from '@contrail/data'
import type { FileFeed } from '@contrail/data'
import type { Clock } from '@contrail/runtime'
import type { RawEvent, Source, SourceSink } from '../port.ts'
import { mergeByTime } from './merge.ts'
import type { FileItem } from './merge.ts'

export type ReplayOptions = {
  clock: Clock
  /** 1 = as it was, 10 = ten times faster, `max` = as fast as the bus takes it. */
  speed: number | 'max'
  /** `keep`: the file's own times; `shift`: all times moved by one amount so that the first is now. */
  times: 'keep' | 'shift'
}

/** Longest wait between two words of a paced replay, so that its clock goes on in silence. */
const PACE_STEP_MS = 250

/** Recorded market data as a feed. Its time is the time of its events, so everything after it is reproducible. */
export function createFileSource(feeds: readonly FileFeed[], options: ReplayOptions): Source {
  const [first] = feeds
  if (!first) throw refuse('no_file', 'files', 'none', 'name at least one file to replay')
  const venues = new Set<string>(feeds.map((feed) => feed.instrument.venue))
  if (venues.size > 1) throw refuse('many_venues', 'files', [...venues].join(', '), 'give the files one venue')
  const replay = new Replay(feeds, options)
  return {
    venue: first.instrument.venue,
    time: 'event',
    sequentialIds: feeds.every((feed) => feed.format.consecutiveIds),
    ended: replay.ended,
    instruments: async () => feeds.map((feed) => feed.instrument),
    start: async (sink) => replay.start(sink),
    stop: async () => await replay.stop(),
  }
}

class Replay {
  readonly ended: Promise<void>
  readonly #feeds: readonly FileFeed[]
  readonly #options: ReplayOptions
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void }
  #stopped = false
  #wake: (() => void) | undefined

  constructor(feeds: readonly FileFeed[], options: ReplayOptions) {
    this.#feeds = feeds
    this.#options = options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ended = promise
    this.#settle = { resolve, reject }
    // A failure is told by `ended`; who does not look at it must not crash the process.
    promise.catch(() => undefined)
  }

  start(sink: SourceSink): void {
    this.#run(sink).then(this.#settle.resolve, this.#settle.reject)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake?.()
    await this.ended.catch(() => undefined)
  }

  async #run(sink: SourceSink): Promise<void> {
    const firstUs = Math.min(...this.#feeds.map((feed) => feed.firstTimeUs))
    const startUs = this.#options.clock.nowUs()
    // Whole steps, so that bars of a candle file stay on their grid.
    const stepUs = Math.max(
      1,
      ...this.#feeds.map(({ context }) => (context.timeframe ? TIMEFRAME_US[context.timeframe] : 1)),
    )
    const offsetUs = this.#options.times === 'shift' ? Math.floor((startUs - firstUs) / stepUs) * stepUs : 0
    const pace = this.#pacer(sink, firstUs + offsetUs)
    let lastUs = firstUs + offsetUs
    for await (const { item, instrument } of mergeByTime(this.#feeds.map(itemsOf))) {
      if (this.#stopped) return
      if (item.kind === 'bad') {
        sink.bad(item, instrument)
        continue
      }
      const event = shifted(item, offsetUs)
      const atUs = event.receiveTimeUs ?? event.venueTimeUs
      if (pace) await pace(atUs)
      if (this.#stopped) return
      lastUs = Math.max(lastUs, atUs)
      const full = sink.event(event)
      if (full) await full
    }
    await this.#end(sink, lastUs)
  }

  /** Says that the files are over; the clock first goes past the bars that the last trades opened. */
  async #end(sink: SourceSink, lastUs: number): Promise<void> {
    const afterUs = Math.ceil((lastUs + 1) / SECOND_US) * SECOND_US
    for (const { instrument } of this.#feeds) {
      await sink.event({
        kind: 'time',
        instrument: instrument.instrument,
        venueTimeUs: afterUs,
        receiveTimeUs: afterUs,
      })
      await sink.event({
        kind: 'status',
        instrument: instrument.instrument,
        status: 'ended',
        detail: 'the file is over',
        venueTimeUs: afterUs,
        receiveTimeUs: afterUs,
      })
    }
  }

  #pacer(sink: SourceSink, firstUs: number): ((atUs: number) => Promise<void>) | undefined {
    const { speed, clock } = this.#options
    if (speed === 'max') return undefined
    const instrument = this.#feeds[0]?.instrument.instrument ?? ''
    const startMs = clock.monotonicMs()
    return async (atUs) => {
      for (;;) {
        const nowUs = firstUs + (clock.monotonicMs() - startMs) * 1000 * speed
        const aheadMs = (atUs - nowUs) / 1000 / speed
        if (aheadMs <= 0 || this.#stopped) return
        await this.#sleep(Math.min(PACE_STEP_MS, aheadMs))
        const silentUs = Math.min(atUs, Math.floor(firstUs + (clock.monotonicMs() - startMs) * 1000 * speed))
        await sink.event({ kind: 'time', instrument, venueTimeUs: silentUs, receiveTimeUs: silentUs })
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.setTimer(ms, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

async function* itemsOf(feed: FileFeed): AsyncGenerator<FileItem> {
  for await (const item of eventsOf(feed))
    if (item.kind !== 'funding') yield { item, instrument: feed.instrument.instrument }
}

function shifted(event: RawEvent, offsetUs: number): RawEvent {
  if (offsetUs === 0) return event
  const moved = {
    ...event,
    venueTimeUs: event.venueTimeUs + offsetUs,
    receiveTimeUs: (event.receiveTimeUs ?? event.venueTimeUs) + offsetUs,
  }
  if (moved.kind !== 'candle') return moved
  const { openTimeUs, closeTimeUs } = moved.candle
  const candle = { ...moved.candle, openTimeUs: openTimeUs + offsetUs, closeTimeUs: closeTimeUs + offsetUs }
  return { ...moved, candle: candle as typeof moved.candle }
}
