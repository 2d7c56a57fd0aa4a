import { TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe, Us } from '@contrail/contracts'
import { bad } from './format.ts'
import type { ParseContext, Parsed } from './format.ts'
import type { Row } from './open.ts'
import { isBarTime } from '../judge/bar-times.ts'

export type CandleNumbers = {
  open: number
  high: number
  low: number
  close: number
  volume: number
  quoteVolume?: number
  trades?: number
}

/** A bar of a file as an event at its close. What no bar can be is refused here: the filter judges trades and quotes. */
export function candleOf(row: Row, context: ParseContext, openTimeUs: number, numbers: CandleNumbers): Parsed {
  const { open, high, low, close, volume } = numbers
  const timeframe = context.timeframe as Timeframe
  if (![open, high, low, close].every((price) => Number.isFinite(price) && price > 0)) return bad(row, 'bad_price')
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) return bad(row, 'high_below_low')
  if (!Number.isFinite(volume) || volume < 0) return bad(row, 'bad_quantity')
  if (!isBarTime(openTimeUs, TIMEFRAME_US[timeframe])) return bad(row, 'off_grid_time')
  const inQuote = context.volumeIn === 'quote'
  const closeTimeUs = openTimeUs + TIMEFRAME_US[timeframe]
  return {
    kind: 'candle',
    instrument: context.instrument,
    venueTimeUs: closeTimeUs,
    receiveTimeUs: closeTimeUs,
    line: row.line,
    candle: {
      timeframe,
      openTimeUs: openTimeUs as Us,
      closeTimeUs: closeTimeUs as Us,
      open,
      high,
      low,
      close,
      // Where a file has one of the two volumes, the other is estimated at the close.
      volume: inQuote ? volume / close : volume,
      quoteVolume: numbers.quoteVolume ?? (inQuote ? volume : volume * close),
      trades: numbers.trades ?? 0,
    },
  }
}
