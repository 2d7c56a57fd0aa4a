import { decodeCandle, decodeQuote, decodeTick, parseSubject } from '@contrail/contracts'
import type { Confirm, Instrument } from '@contrail/contracts'
import { confirmSchema, decodeJson, instrumentKey, subjects } from '@contrail/contracts'
import type { Bus, BusMessage } from '@contrail/runtime'
import type { MarketColumns } from '@contrail/trading'

/** A stretch of a stream, both ends included. */
export type Stretch = { readonly from: number; readonly through: number }

/** All messages of some subjects in a stretch, oldest first. */
async function readStretch(
  bus: Bus,
  stream: string,
  filterSubjects: string[],
  stretch: Stretch,
): Promise<BusMessage[]> {
  const found: BusMessage[] = []
  const last = await lastOf(bus, stream, filterSubjects, stretch.through)
  if (last < stretch.from) return found
  const done = Promise.withResolvers<void>()
  const reader = await bus.read({
    stream,
    fromSequence: stretch.from,
    filterSubjects,
    onMessage: (message) => {
      if (message.sequence <= stretch.through) found.push(message)
      if (message.sequence >= last) done.resolve()
    },
    onLost: (reason) => done.reject(new Error(`${stream} can't be read: ${reason}`)),
  })
  await done.promise.finally(() => reader.stop())
  return found
}

/** The last message of the subjects up to `through`, so that the reading has an end even when later ones are of others. */
async function lastOf(bus: Bus, stream: string, filterSubjects: string[], through: number): Promise<number> {
  const newest = await Promise.all(filterSubjects.map((subject) => bus.lastOnSubject(stream, subject)))
  const sequences = newest.map((message) => message?.sequence ?? 0)
  return Math.min(through, Math.max(0, ...sequences))
}

/** Execution reports of a strategy. */
export async function recordedConfirms(bus: Bus, account: string, strategy: string, stretch: Stretch) {
  const messages = await readStretch(bus, 'TRADES', [subjects.confirm(account, strategy)], stretch)
  return messages.map(({ data }): Confirm => decodeJson(confirmSchema, data, 'confirm'))
}

/** The market of some instruments as the strategy's process received it, in columns. */
export async function recordedMarket(
  bus: Bus,
  instruments: readonly Instrument[],
  stretch: Stretch,
): Promise<MarketColumns[]> {
  const filters = instruments.flatMap(({ venue, instrument }) => [
    subjects.tick(venue, instrument),
    subjects.quote(venue, instrument),
    subjects.candle(venue, instrument, '1m').replace(/[^.]+$/, '*'),
  ])
  const messages = await readStretch(bus, 'MD', filters, stretch)
  const groups = Map.groupBy(messages, ({ subject }) => subject)
  return [...groups].flatMap(([subject, all]) => columnsOf(subject, all) ?? [])
}

function columnsOf(subject: string, messages: readonly BusMessage[]): MarketColumns | undefined {
  const parsed = parseSubject(subject)
  switch (parsed.kind) {
    case 'tick': {
      const ticks = messages.map(({ data }) => decodeTick(data))
      return {
        kind: 'ticks',
        venue: parsed.venue,
        instrument: parsed.instrument,
        rows: ticks.length,
        ...columns(ticks, ['receiveTimeUs', 'venueTimeUs', 'price', 'quantity']),
        side: Int8Array.from(ticks, ({ side }) => (side === 'buy' ? 1 : side === 'sell' ? -1 : 0)),
        tradeId: Float64Array.from(ticks, ({ tradeId }) => Number(tradeId)),
      }
    }
    case 'quote': {
      const quotes = messages.map(({ data }) => decodeQuote(data))
      const names = ['receiveTimeUs', 'venueTimeUs', 'bid', 'bidQuantity', 'ask', 'askQuantity'] as const
      const { venue, instrument } = parsed
      return { kind: 'quotes', venue, instrument, rows: quotes.length, ...columns(quotes, names) }
    }
    case 'candle': {
      const candles = messages.map(({ data }) => decodeCandle(data))
      const names = ['openTimeUs', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'trades'] as const
      const { venue, instrument, timeframe } = parsed
      return { kind: 'candles', venue, instrument, timeframe, rows: candles.length, ...columns(candles, names) }
    }
    default:
      return undefined
  }
}

function columns<K extends string>(rows: readonly Record<K, number>[], names: readonly K[]): Record<K, Float64Array> {
  const made = {} as Record<K, Float64Array>
  for (const name of names) made[name] = Float64Array.from(rows, (row) => row[name])
  return made
}

/** Which instruments some series are of. */
export const instrumentsOf = (series: readonly MarketColumns[], all: readonly Instrument[]): Instrument[] => {
  const keys = new Set(series.map(({ venue, instrument }) => instrumentKey(venue, instrument)))
  return all.filter(({ venue, instrument }) => keys.has(instrumentKey(venue, instrument)))
}
