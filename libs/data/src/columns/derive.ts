import { TIMEFRAME_US, TIMEFRAMES } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import type { CandleColumns, TickColumns } from '@contrail/trading'
import { seriesOf, sharedColumns, sliceRows } from './kinds.ts'
import type { ColumnArray } from './kinds.ts'

/** Timeframes whose bars make bars of this one, the longest first: the fewest rows to read. */
export const finerTimeframes = (timeframe: Timeframe): Timeframe[] =>
  TIMEFRAMES.filter(
    (each) => TIMEFRAME_US[each] < TIMEFRAME_US[timeframe] && TIMEFRAME_US[timeframe] % TIMEFRAME_US[each] === 0,
  ).toReversed()

/**
 * Bars of trades, as the recorder makes them live: the venue's time decides the bar, there is no bar where no trade is,
 * and a trade that comes after its bar is left out.
 */
export function barsOfTicks(ticks: TickColumns, timeframe: Timeframe): CandleColumns {
  const bars = new Bars(ticks, timeframe, ticks.rows)
  for (let row = 0; row < ticks.rows; row++) {
    const price = ticks.price[row]!
    const quantity = ticks.quantity[row]!
    bars.add(ticks.venueTimeUs[row]!, price, price, price, price, quantity, price * quantity, 1)
  }
  return bars.done()
}

export function barsOfBars(finer: CandleColumns, timeframe: Timeframe): CandleColumns {
  const bars = new Bars(finer, timeframe, finer.rows)
  // By its last moment: a bar of another grid must not be known before it is over.
  const spanUs = TIMEFRAME_US[finer.timeframe] - 1
  const { openTimeUs, open, high, low, close, volume, quoteVolume, trades } = finer
  for (let row = 0; row < finer.rows; row++)
    bars.add(
      openTimeUs[row]! + spanUs,
      open[row]!,
      high[row]!,
      low[row]!,
      close[row]!,
      volume[row]!,
      quoteVolume[row]!,
      trades[row]!,
    )
  return bars.done()
}

class Bars {
  readonly #columns: Record<string, ColumnArray>
  readonly #frameUs: number
  readonly #of: { readonly venue: string; readonly instrument: string }
  readonly #timeframe: Timeframe
  #row = -1
  #openUs = Number.NEGATIVE_INFINITY

  constructor(of: { readonly venue: string; readonly instrument: string }, timeframe: Timeframe, rowsMax: number) {
    this.#of = of
    this.#timeframe = timeframe
    this.#frameUs = TIMEFRAME_US[timeframe]
    this.#columns = sharedColumns('candles', rowsMax)
  }

  add(
    timeUs: number,
    open: number,
    high: number,
    low: number,
    close: number,
    volume: number,
    quoteVolume: number,
    trades: number,
  ): void {
    const columns = this.#columns
    const openUs = timeUs - (timeUs % this.#frameUs)
    if (openUs < this.#openUs) return
    if (openUs > this.#openUs) {
      const row = ++this.#row
      this.#openUs = openUs
      columns['openTimeUs']![row] = openUs
      columns['open']![row] = open
      columns['high']![row] = high
      columns['low']![row] = low
    }
    const row = this.#row
    if (high > columns['high']![row]!) columns['high']![row] = high
    if (low < columns['low']![row]!) columns['low']![row] = low
    columns['close']![row] = close
    columns['volume']![row]! += volume
    columns['quoteVolume']![row]! += quoteVolume
    columns['trades']![row]! += trades
  }

  done(): CandleColumns {
    const rows = this.#row + 1
    const { venue, instrument } = this.#of
    const key = { venue, instrument, kind: 'candles', timeframe: this.#timeframe } as const
    return seriesOf(key, sliceRows('candles', { rows, columns: this.#columns }, 0, rows)) as CandleColumns
  }
}
