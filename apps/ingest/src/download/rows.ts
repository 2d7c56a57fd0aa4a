import type { Instrument, Timeframe } from '@contrail/contracts'
import type { CandleColumns, TickColumns } from '@contrail/trading'
import type { LiveTrade } from '../source/live/client.ts'

/** Answers of an exchange as columns: ascending, each time once. */
export function barsOf(
  definition: Instrument,
  timeframe: Timeframe,
  bars: readonly (readonly number[])[],
): CandleColumns {
  const byTime = new Map(bars.map((bar) => [bar[0] ?? Number.NaN, bar]))
  const rows = [...byTime.values()].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  const column = (cell: (bar: readonly number[]) => number) => Float64Array.from(rows, cell)
  const at = (index: number) => column((bar) => bar[index] ?? Number.NaN)
  return {
    kind: 'candles',
    venue: definition.venue,
    instrument: definition.instrument,
    timeframe,
    rows: rows.length,
    openTimeUs: column(([ms = 0]) => ms * 1000),
    open: at(1),
    high: at(2),
    low: at(3),
    close: at(4),
    volume: at(5),
    quoteVolume: column((bar) => (bar[5] ?? 0) * (bar[4] ?? 0)),
    trades: new Float64Array(rows.length),
  }
}

/** By time, and by id within a millisecond: ccxt sorts ids as text, where 1000 comes before 999. */
export function compareTrades(a: LiveTrade, b: LiveTrade): number {
  const apart = (a.timestamp ?? 0) - (b.timestamp ?? 0)
  return apart !== 0 ? apart : Number(a.id ?? 0) - Number(b.id ?? 0) || 0
}

const NUMERIC_ID = /^\d{1,15}$/

/** Trades that belong to the asked period only. An exchange tells when it traded, not when we would have heard of it. */
export function ticksOf(
  definition: Instrument,
  span: { readonly fromUs: number; readonly toUs: number },
  trades: readonly LiveTrade[],
): TickColumns {
  const rows = trades
    .filter(({ timestamp = 0 }) => timestamp * 1000 >= span.fromUs && timestamp * 1000 < span.toUs)
    .sort(compareTrades)
    .filter(({ id }, i, all) => id === undefined || id !== all[i - 1]?.id)
  const column = (cell: (trade: LiveTrade) => number) => Float64Array.from(rows, cell)
  return {
    kind: 'ticks',
    venue: definition.venue,
    instrument: definition.instrument,
    rows: rows.length,
    receiveTimeUs: column(({ timestamp = 0 }) => timestamp * 1000),
    venueTimeUs: column(({ timestamp = 0 }) => timestamp * 1000),
    price: column(({ price = Number.NaN }) => price),
    quantity: column(({ amount = Number.NaN }) => amount),
    tradeId: column(({ id = '' }) => (NUMERIC_ID.test(id) ? Number(id) : Number.NaN)),
    side: Int8Array.from(rows, ({ side }) => (side === 'buy' ? 1 : side === 'sell' ? -1 : 0)),
  }
}
