import type { Instrument } from '@contrail/contracts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import type { MarketColumns } from './columns.ts'
import type { Stock } from './stock.ts'
import { Rare } from './rare.ts'
import { Table } from './table.ts'
import type { TradeRecord } from './types.ts'

export const EXIT_REASONS = ['signal', 'stop', 'take_profit', 'trailing_stop', 'limit', 'liquidation', 'end'] as const
export type ExitReason = TradeRecord['exitReason']

/** What a trade belongs to, and what its rows are rows of. */
type Place = { readonly instrument: Instrument; readonly series: MarketColumns | undefined }
const COLUMNS = 12

/** Closings of a position, or of a part of it. */
export class TradeLog {
  readonly #table = new Table(COLUMNS)
  readonly #entryTags = new Rare<string>()
  readonly #exitTags = new Rare<string>()
  readonly #bests = new Rare<number>()

  /** `lots` with the sign of what was held, the entry as a price in quote, money in quote. */
  add(
    stock: Stock,
    lots: number,
    exitTimeUs: number,
    entryPrice: number,
    exitTicks: number,
    pnl: number,
    fees: number,
    funding: number,
    reason: ExitReason,
    exitTag: string | undefined,
    best: number | undefined,
  ): void {
    const at = this.#table.add()
    const { cells } = this.#table
    cells[at] = stock.index
    cells[at + 1] = lots
    cells[at + 2] = stock.openedUs
    cells[at + 3] = exitTimeUs
    cells[at + 4] = stock.openedRow
    cells[at + 5] = stock.row
    cells[at + 6] = entryPrice
    cells[at + 7] = exitTicks
    cells[at + 8] = pnl
    cells[at + 9] = fees
    cells[at + 10] = funding
    cells[at + 11] = reason === 'signal' ? 0 : EXIT_REASONS.indexOf(reason)
    const row = this.#table.rows - 1
    this.#entryTags.add(row, stock.openTag)
    this.#exitTags.add(row, exitTag)
    this.#bests.add(row, best)
  }

  get count(): number {
    return this.#table.rows
  }

  record(row: number, places: readonly Place[]): TradeRecord {
    const cell = (column: number) => this.#table.at(row, column)
    const { instrument, series } = places[cell(0)]!
    const { tick, lot } = stepsOfInstrument(instrument)
    const lots = cell(1)
    const [entryPrice, pnl] = [cell(6), cell(8)]
    const quantity = numberOfSteps(Math.abs(lots), lot)
    const exitPrice = numberOfSteps(cell(7), tick)
    const [low, high] = rangeOf(series, cell(4), cell(5), entryPrice, exitPrice, this.#bests.at(row) ?? exitPrice)
    const worst = lots > 0 ? low - entryPrice : entryPrice - high
    const best = lots > 0 ? high - entryPrice : entryPrice - low
    return {
      venue: instrument.venue,
      instrument: instrument.instrument,
      side: lots > 0 ? 'long' : 'short',
      quantity,
      entryTimeUs: cell(2),
      exitTimeUs: cell(3),
      entryRow: cell(4),
      exitRow: cell(5),
      entryPrice,
      exitPrice,
      pnl,
      fees: cell(9),
      funding: cell(10),
      returnRatio: pnl / (entryPrice * quantity),
      mae: Math.min(0, worst * quantity),
      mfe: Math.max(0, best * quantity),
      entryTag: this.#entryTags.at(row),
      exitTag: this.#exitTags.at(row),
      exitReason: EXIT_REASONS[cell(11)]!,
    }
  }
}

/**
 * Lowest and highest price from the row of the entry to before that of the exit, and the exit itself; of its own bar only the
 * best price that is known to have come before.
 */
function rangeOf(
  series: MarketColumns | undefined,
  entryRow: number,
  exitRow: number,
  entryPrice: number,
  exitPrice: number,
  best: number,
): [number, number] {
  let low = Math.min(entryPrice, exitPrice, best)
  let high = Math.max(entryPrice, exitPrice, best)
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
