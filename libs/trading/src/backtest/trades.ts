import type { Instrument } from '@contrail/contracts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import type { CandleColumns, MarketColumns } from './columns.ts'
import type { ExitReason } from './logs.ts'
import type { TradeRecord } from './types.ts'

/** One closing of a position, or of a part of it. Money in whole units of the holding's scale. */
export type ClosedTrade = {
  readonly instrument: Instrument
  readonly series: MarketColumns | undefined
  /** Signed lots that were held. */
  readonly lots: number
  readonly entryTimeUs: number
  readonly exitTimeUs: number
  readonly entryRow: number
  readonly exitRow: number
  /** In quote per base. */
  readonly entryPrice: number
  readonly exitTicks: number
  readonly pnl: number
  readonly fees: number
  readonly funding: number
  readonly entryTag: string | undefined
  readonly exitTag: string | undefined
  readonly exitReason: ExitReason
}

export function tradeRecord(trade: ClosedTrade): TradeRecord {
  const { instrument, lots, entryPrice, pnl } = trade
  const { tick, lot } = stepsOfInstrument(instrument)
  const quantity = numberOfSteps(Math.abs(lots), lot)
  const exitPrice = numberOfSteps(trade.exitTicks, tick)
  const [low, high] = rangeOf(trade, exitPrice)
  const worst = lots > 0 ? low - entryPrice : entryPrice - high
  const best = lots > 0 ? high - entryPrice : entryPrice - low
  return {
    venue: instrument.venue,
    instrument: instrument.instrument,
    side: lots > 0 ? 'long' : 'short',
    quantity,
    entryTimeUs: trade.entryTimeUs,
    exitTimeUs: trade.exitTimeUs,
    entryRow: trade.entryRow,
    exitRow: trade.exitRow,
    entryPrice,
    exitPrice,
    pnl,
    fees: trade.fees,
    funding: trade.funding,
    returnRatio: pnl / (entryPrice * quantity),
    mae: Math.min(0, worst * quantity),
    mfe: Math.max(0, best * quantity),
    entryTag: trade.entryTag,
    exitTag: trade.exitTag,
    exitReason: trade.exitReason,
  }
}

/** Lowest and highest price from the row of the entry to before that of the exit, and the exit itself. */
function rangeOf({ series, entryRow, exitRow, entryPrice }: ClosedTrade, exitPrice: number): [number, number] {
  let low = Math.min(entryPrice, exitPrice)
  let high = Math.max(entryPrice, exitPrice)
  const [lows, highs] = series ? pricesOf(series) : []
  if (lows && highs)
    for (let row = entryRow; row < exitRow; row++) {
      if (lows[row]! < low) low = lows[row]!
      if (highs[row]! > high) high = highs[row]!
    }
  return [low, high]
}

function pricesOf(series: MarketColumns): [Float64Array, Float64Array] | [] {
  switch (series.kind) {
    case 'candles':
      return [series.low, series.high]
    case 'ticks':
      return [series.price, series.price]
    case 'quotes':
      return [series.bid, series.ask]
    default:
      return []
  }
}

export const isCandles = (series: MarketColumns): series is CandleColumns => series.kind === 'candles'
