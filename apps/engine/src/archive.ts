import {
  candleView,
  check,
  encodeCandle,
  encodeTick,
  instrumentSchema,
  subjects,
  TIMEFRAME_US,
  us,
} from '@contrail/contracts'
import type { Candle, CandleView, Instrument, Timeframe } from '@contrail/contracts'
import type { ActorInput, InternalClient } from '@contrail/runtime'
import type { InputSpec } from '@contrail/trading'
import { z } from 'zod'

/** Bars or ticks of history that one input may ask for. */
export const LOOKBACK_MAX = 5_000
const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })

/** What the engine asks ingest: which instruments there are, and history for a warm-up. Never on the tick path. */
export class Archive {
  readonly #client: InternalClient
  #known: { readonly text: string; readonly instruments: Instrument[] } | undefined

  constructor(client: InternalClient) {
    this.#client = client
  }

  /** The same objects as long as the answer is the same: a thousand actors do not keep a thousand copies. */
  async instruments(): Promise<readonly Instrument[]> {
    const answer = await this.#client.get('/instruments?limit=500')
    const text = JSON.stringify(answer)
    if (this.#known?.text !== text)
      this.#known = { text, instruments: check(items(instrumentSchema), answer, 'instruments').items }
    return this.#known.instruments
  }

  /** The last `lookback` of each input before a time, as the mailbox would have brought them, oldest first. */
  async history(inputs: readonly InputSpec[], lookback: number, untilUs: number): Promise<ActorInput[]> {
    const limit = Math.min(LOOKBACK_MAX, Math.ceil(lookback))
    if (limit <= 0) return []
    const parts = await Promise.all(inputs.map((input) => this.#of(input, limit, untilUs)))
    const all = parts.flat().filter((entry) => entry.atUs <= untilUs)
    return all.sort((a, b) => a.atUs - b.atUs).map((entry) => entry.input)
  }

  async #of(input: InputSpec, limit: number, untilUs: number): Promise<Dated[]> {
    const query = { venue: input.venue, instrument: input.instrument, limit: String(limit) }
    if (input.kind === 'candles') {
      const search = new URLSearchParams({ ...query, timeframe: input.timeframe, toUs: String(Math.floor(untilUs)) })
      const { items: candles } = check(items(candleView), await this.#client.get(`/candles?${search}`), 'candles')
      return candles.map((candle) => candleInput(input.venue, input.instrument, input.timeframe, candle))
    }
    // Quotes and books are not kept: their look-back fills from live.
    if (input.kind !== 'ticks') return []
    const answer = await this.#client.get(`/ticks?${new URLSearchParams(query)}`)
    const { items: ticks } = check(items(tickView), answer, 'ticks')
    return ticks.map((tick) => tickInput(input.venue, input.instrument, tick)).sort((a, b) => a.atUs - b.atUs)
  }
}

type Dated = { readonly atUs: number; readonly input: ActorInput }

const tickView = z.object({
  tradeId: z.string(),
  side: z.enum(['buy', 'sell', 'unknown']),
  price: z.coerce.number().positive(),
  quantity: z.coerce.number().positive(),
  venueTimeUs: z.number(),
  receiveTimeUs: z.number(),
})

function tickInput(venue: string, instrument: string, tick: z.infer<typeof tickView>): Dated {
  const data = encodeTick({ ...tick, venueTimeUs: us(tick.venueTimeUs), receiveTimeUs: us(tick.receiveTimeUs) })
  return { atUs: tick.receiveTimeUs, input: inputOf(subjects.tick(venue, instrument), data) }
}

function candleInput(venue: string, instrument: string, timeframe: Timeframe, candle: CandleView): Dated {
  const closeTimeUs = candle.openTimeUs + TIMEFRAME_US[timeframe]
  const typical = (candle.high + candle.low + candle.close) / 3
  const data = encodeCandle({
    schema: 1,
    timeframe,
    ...candle,
    closeTimeUs,
    quoteVolume: candle.volume * typical,
    receiveTimeUs: closeTimeUs,
  } as Candle)
  return { atUs: closeTimeUs, input: inputOf(subjects.candle(venue, instrument, timeframe), data) }
}

/** Sequence 0: it is history, not a message of the stream. */
const inputOf = (subject: string, data: Uint8Array): ActorInput => ({ stream: 'MD', sequence: 0, subject, data })
