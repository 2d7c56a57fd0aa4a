import { usOfMs } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { Clock } from '@contrail/runtime'
import type { RawEvent, Source, SourceSink } from '../port.ts'
import { publicInstrument, SYNTHETIC_INSTRUMENTS, SYNTHETIC_VENUE } from './instruments.ts'
import { STEP_MS, SyntheticMarket } from './market.ts'

export type SyntheticOptions = {
  clock: Clock
  seed: number
  /** Trades per second and instrument. */
  ratePerSecond: number
  /** Last recorded price by instrument, so that a restart goes on where it was. */
  lastPrices?: ReadonlyMap<string, number>
  /** It has been trading since then, whether or not somebody recorded it; absent = it begins now. */
  sinceUs?: number
  /** Which of SYNTHETIC_INSTRUMENTS; all when absent. */
  instruments?: readonly string[]
}

/** A process that slept longer than this does not make up for it: the feed says `gap` and goes on from now. */
const BEHIND_STEPS_MAX = 50

/** Events come when they happen, but not more often than this. ms */
const PACE_MS = 5

/** A seeded market, so that a machine without internet trades too. */
export function createSyntheticSource(options: SyntheticOptions): Source {
  const { clock } = options
  const chosen = SYNTHETIC_INSTRUMENTS.filter((each) => options.instruments?.includes(each.instrument) ?? true)
  const stepUs = usOfMs(STEP_MS)
  let nextStepUs = Math.ceil((options.sinceUs ?? clock.nowUs()) / stepUs) * stepUs
  const markets = chosen.map((instrument) => ({
    name: instrument.instrument as string,
    market: new SyntheticMarket(instrument, {
      seed: options.seed,
      ratePerSecond: options.ratePerSecond,
      startPrice: options.lastPrices?.get(instrument.instrument) ?? instrument.startPrice,
      // Milliseconds of the start: ids of a later life are higher while it trades less than 1,000 times a second.
      firstTradeId: Math.floor(nextStepUs / 1000),
    }),
  }))
  let timer: { cancel(): void } | undefined
  /** Of the step that is under way, by time. */
  const ahead: RawEvent[] = []

  const release = (sink: SourceSink, untilUs: number): void => {
    const due = ahead.findIndex(({ venueTimeUs }) => venueTimeUs > untilUs)
    for (const event of ahead.splice(0, due < 0 ? ahead.length : due)) void sink.event(event)
  }

  const run = (sink: SourceSink): void => {
    const behind = Math.floor((clock.nowUs() - nextStepUs) / stepUs)
    if (behind > BEHIND_STEPS_MAX) {
      const detail = `the process slept ${behind * STEP_MS} ms`
      release(sink, Infinity)
      for (const { name } of markets)
        void sink.event({ kind: 'status', instrument: name, status: 'gap', detail, venueTimeUs: nextStepUs })
      nextStepUs += behind * stepUs
    }
    for (; nextStepUs - stepUs <= clock.nowUs(); nextStepUs += stepUs) {
      const events = markets.flatMap(({ market }) => market.next(nextStepUs))
      ahead.push(...events.sort((a, b) => a.venueTimeUs - b.venueTimeUs))
    }
    release(sink, clock.nowUs())
    const nextUs = ahead[0]?.venueTimeUs ?? nextStepUs - stepUs
    timer = clock.setTimer(Math.max(PACE_MS, Math.ceil((nextUs - clock.nowUs()) / 1000)), () => run(sink))
  }

  return {
    venue: SYNTHETIC_VENUE,
    time: 'wall',
    sequentialIds: true,
    ended: new Promise<void>(() => undefined),
    instruments: async (): Promise<readonly Instrument[]> => chosen.map(publicInstrument),
    past: () => {
      const events: RawEvent[] = []
      for (; nextStepUs <= clock.nowUs(); nextStepUs += stepUs)
        for (const { market } of markets) events.push(...market.next(nextStepUs))
      return events
    },
    start: async (sink) => run(sink),
    stop: async () => timer?.cancel(),
  }
}
