import { LIVE_TIMEFRAMES } from '@contrail/contracts'
import type { Tick, Us } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { CandleSet } from '@contrail/trading'
import { noteProgress, sourceOf } from '../../archive/archive.ts'
import { emptyBatch, insertBatch, Room } from '../../archive/rows.ts'
import type { RawEvent } from '../port.ts'

/** Ticks kept of each instrument's past: enough for a look-back. Its bars are kept whole. */
const TICKS_KEPT = 500

/**
 * The synthetic market went on while nobody recorded it: what it traded before this start goes into the archive, so that
 * a first visitor sees a chart and strategies are warm at once. It never goes on the bus: it is the past.
 */
export async function recordPast(sql: Sql, venue: string, past: readonly RawEvent[], nowUs: number): Promise<number> {
  const trades = past.filter((event) => event.kind === 'trade')
  const [first] = trades
  if (!first) return 0
  const name = `synthetic ${venue} ${first.venueTimeUs}`
  const { sourceId } = await sourceOf(sql, { kind: 'file', name, detail: 'synthetic past', createdUs: nowUs })
  const batch = emptyBatch()
  const bars = new Map<string, CandleSet>()
  let sequence = 0
  for (const { instrument, tradeId, side, price, quantity, venueTimeUs } of trades) {
    const atUs = venueTimeUs as Us
    const tick: Tick = { tradeId, side, price, quantity, venueTimeUs: atUs, receiveTimeUs: atUs }
    const set = bars.get(instrument) ?? new CandleSet(LIVE_TIMEFRAMES)
    bars.set(instrument, set)
    for (const candle of set.trade(tick))
      batch.candles.push({ sourceId, sequence: ++sequence, venue, instrument, candle })
    batch.ticks.push({ sourceId, sequence: ++sequence, venue, instrument, tick })
  }
  for (const [instrument, set] of bars)
    for (const candle of set.advance(nowUs, nowUs))
      batch.candles.push({ sourceId, sequence: ++sequence, venue, instrument, candle })
  batch.ticks = [...bars.keys()].flatMap((name) =>
    batch.ticks.filter(({ instrument }) => instrument === name).slice(-TICKS_KEPT),
  )
  await new Room(sql).forBatch(batch)
  await insertBatch(sql, batch)
  await noteProgress(sql, sourceId, sequence)
  return batch.candles.length
}
