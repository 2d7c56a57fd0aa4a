import { refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import type { CandleColumns, MarketColumns, TickColumns } from '@contrail/trading'

/* Bars out of shorter bars or trades, and parts of one series put together. */

type Bars = Omit<CandleColumns, 'kind' | 'venue' | 'instrument' | 'rows' | 'timeframe'>
const COLUMNS = ['openTimeUs', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'trades'] as const

class BarWriter {
  readonly #columns: Bars
  #row = -1

  constructor(rowsMax: number) {
    this.#columns = Object.fromEntries(COLUMNS.map((name) => [name, shared(rowsMax)])) as unknown as Bars
  }

  begins(openUs: number): boolean {
    return this.#row < 0 || this.#columns.openTimeUs[this.#row] !== openUs
  }

  open(openUs: number, price: number): void {
    const row = ++this.#row
    this.#columns.openTimeUs[row] = openUs
    for (const name of ['open', 'high', 'low', 'close'] as const) this.#columns[name][row] = price
  }

  add(high: number, low: number, close: number, volume: number, quote: number, trades: number): void {
    const [columns, row] = [this.#columns, this.#row]
    if (high > (columns.high[row] as number)) columns.high[row] = high
    if (low < (columns.low[row] as number)) columns.low[row] = low
    columns.close[row] = close
    columns.volume[row] = (columns.volume[row] as number) + volume
    columns.quoteVolume[row] = (columns.quoteVolume[row] as number) + quote
    columns.trades[row] = (columns.trades[row] as number) + trades
  }

  end(venue: string, instrument: string, timeframe: Timeframe): CandleColumns {
    const rows = this.#row + 1
    const cut = Object.fromEntries(COLUMNS.map((name) => [name, this.#columns[name].subarray(0, rows)]))
    return { kind: 'candles', venue, instrument, timeframe, rows, ...(cut as unknown as Bars) }
  }
}
const shared = (rows: number): Float64Array => new Float64Array(new SharedArrayBuffer(rows * 8))

/** Bars of whole shorter bars; the last may be partial. A bar without rows is a gap, not a bar. */
export function longerBars(series: CandleColumns, timeframe: Timeframe): CandleColumns {
  const frameUs = TIMEFRAME_US[timeframe]
  const writer = new BarWriter(series.rows)
  for (let row = 0; row < series.rows; row++) {
    const at = series.openTimeUs[row] as number
    if (writer.begins(at - (at % frameUs))) writer.open(at - (at % frameUs), series.open[row] as number)
    const [high, low, close] = [series.high[row] as number, series.low[row] as number, series.close[row] as number]
    const [volume, quote] = [series.volume[row] as number, series.quoteVolume[row] as number]
    writer.add(high, low, close, volume, quote, series.trades[row] as number)
  }
  return writer.end(series.venue, series.instrument, timeframe)
}

/** Bars of trades by the time of the venue. A trade of a bar that is over is left out, as live. */
export function barsOfTrades(series: TickColumns, timeframe: Timeframe): CandleColumns {
  const frameUs = TIMEFRAME_US[timeframe]
  const writer = new BarWriter(series.rows)
  let last = -Infinity
  for (let row = 0; row < series.rows; row++) {
    const at = series.venueTimeUs[row] as number
    const openUs = at - (at % frameUs)
    if (openUs < last) continue
    last = openUs
    const [price, quantity] = [series.price[row] as number, series.quantity[row] as number]
    if (writer.begins(openUs)) writer.open(openUs, price)
    writer.add(price, price, price, quantity, price * quantity, 1)
  }
  return writer.end(series.venue, series.instrument, timeframe)
}

export const timesOfSeries = (series: MarketColumns): Float64Array =>
  series.kind === 'candles' ? series.openTimeUs : series.kind === 'funding' ? series.timeUs : series.receiveTimeUs

const nameOf = (one: MarketColumns): string =>
  `${one.venue} ${one.instrument} ${one.kind}${one.kind === 'candles' ? ` ${one.timeframe}` : ''}`
export { nameOf as seriesName }

/** Series of the same name, from several files, as one. They must follow each other. */
export function joinSeries(all: readonly MarketColumns[]): MarketColumns[] {
  const groups = new Map<string, MarketColumns[]>()
  for (const one of all) groups.set(nameOf(one), [...(groups.get(nameOf(one)) ?? []), one])
  return [...groups.values()].map((group) => {
    const parts = group.toSorted((a, b) => (timesOfSeries(a)[0] ?? 0) - (timesOfSeries(b)[0] ?? 0))
    return parts.reduce((joined, next) => follow(joined, next))
  })
}

function follow(first: MarketColumns, next: MarketColumns): MarketColumns {
  const last = timesOfSeries(first).at(-1) as number
  if ((timesOfSeries(next)[0] as number) < last || (first.kind === 'candles' && timesOfSeries(next)[0] === last))
    throw refuse('overlapping_files', 'data', nameOf(first), 'name each period once: two files hold the same time')
  const joined: Record<string, unknown> = { ...first, rows: first.rows + next.rows }
  for (const [name, column] of Object.entries(first)) {
    if (!ArrayBuffer.isView(column)) continue
    const [a, b] = [column as Float64Array, (next as unknown as Record<string, Float64Array>)[name] as Float64Array]
    const Kind = a.constructor as new (memory: SharedArrayBuffer) => Float64Array
    const whole = new Kind(new SharedArrayBuffer(a.byteLength + b.byteLength))
    whole.set(a)
    whole.set(b, a.length)
    joined[name] = whole
  }
  return joined as unknown as MarketColumns
}
