import { candleQuery, check, instrumentField, refuse, venueField } from '@contrail/contracts'
import type { CandleView, Instrument, Tick } from '@contrail/contracts'
import type { Hono } from 'hono'
import { z } from 'zod'
import type { Archive } from '../archive/archive.ts'
import type { FeedView } from '../pipeline/pipeline.ts'
import { mergeBars } from '../pipeline/recent.ts'
import type { Recent } from '../pipeline/recent.ts'

export type RouteParts = {
  recent: Recent
  archive: Archive | undefined
  instruments: () => Promise<readonly Instrument[]>
  feeds: () => readonly FeedView[]
}

const instrumentsQuery = z.strictObject({ venue: venueField.optional(), ...listFields() })
const ticksQuery = z.strictObject({
  venue: venueField,
  instrument: instrumentField,
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

function listFields() {
  return { limit: z.coerce.number().int().min(1).max(500).default(500), cursor: z.string().max(100).optional() }
}

export function addRoutes(app: Hono, parts: RouteParts): void {
  app.get('/instruments', async (c) => {
    const query = check(instrumentsQuery, c.req.query(), 'query')
    const all = (await parts.instruments()).filter((each) => query.venue === undefined || each.venue === query.venue)
    const from = Number(query.cursor ?? 0)
    if (!Number.isInteger(from) || from < 0)
      throw refuse('invalid', 'query.cursor', query.cursor, 'give the "next" of the page before')
    const items = all.slice(from, from + query.limit)
    return c.json({ items, ...(from + items.length < all.length ? { next: String(from + items.length) } : {}) })
  })
  app.get('/candles', async (c) => c.json({ items: await candles(parts, c.req.query()) }))
  app.get('/ticks', async (c) => c.json({ items: await ticks(parts, c.req.query()) }))
  app.get('/feeds', (c) => c.json({ items: parts.feeds() }))
}

async function candles(parts: RouteParts, raw: Record<string, string>): Promise<CandleView[]> {
  const query = check(candleQuery, raw, 'query')
  const { venue, instrument, timeframe, fromUs, toUs = Number.MAX_SAFE_INTEGER, limit } = query
  if (fromUs !== undefined && fromUs >= toUs)
    throw refuse('invalid', 'query.fromUs', fromUs, 'give a time before toUs, in microseconds')
  const recorded = (await parts.archive?.candles(query)) ?? []
  const recent = parts.recent
    .candles(venue, instrument, timeframe)
    .filter((bar) => bar.openTimeUs >= (fromUs ?? 0) && bar.openTimeUs < toUs)
  const merged = mergeBars(recorded, recent)
  return fromUs === undefined ? merged.slice(-limit) : merged.slice(0, limit)
}

async function ticks(parts: RouteParts, raw: Record<string, string>): Promise<Tick[]> {
  const { venue, instrument, limit } = check(ticksQuery, raw, 'query')
  const recent = parts.recent.ticks(venue, instrument).slice(-limit)
  const [first] = recent
  if (!parts.archive || recent.length >= limit) return recent
  const recorded = await parts.archive.ticks(venue, instrument, limit)
  const older = first ? recorded.filter((tick) => tick.receiveTimeUs < first.receiveTimeUs) : recorded
  return [...older, ...recent].slice(-limit)
}
