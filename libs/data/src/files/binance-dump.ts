import { candleOf } from './candle-row.ts'
import { bad, numberOf, takerOf } from './format.ts'
import type { Format, ParseContext, Parsed } from './format.ts'
import type { Row } from './open.ts'
import { timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

/*
 * The layouts of data.binance.vision, as its README states them (github.com/binance/binance-public-data, read
 * 2026-11-22). Spot files have no header, futures files have one. Times are milliseconds, in spot files from 2025-01-01
 * on microseconds.
 */
type Cells = readonly string[]

function dump(
  name: string,
  title: string,
  cellsMin: number,
  timeCell: number,
  consecutiveIds: boolean,
  parse: (row: Row, cells: Cells, timeUs: number, context: ParseContext) => Parsed,
): Format {
  const read = (row: Row, times: TimeReader, context: ParseContext): Parsed => {
    const cells = row.text.split(',')
    if (row.line === 1 && /^"?[a-z_]/i.test(cells[0] ?? '')) return undefined
    if (cells.length < cellsMin) return bad(row, 'bad_row')
    const timeUs = times.read(cells[timeCell] ?? '')
    return timeUs === undefined ? bad(row, 'bad_time') : parse(row, cells, timeUs, context)
  }
  return {
    name,
    title,
    rows: 'lines',
    consecutiveIds,
    parser(context) {
      const times = timeReader(['ms', 'us'], context.timeUnit)
      return { times, parse: (row) => read(row, times, context) }
    },
  }
}

const trade = (row: Row, cells: Cells, timeUs: number, context: ParseContext, maker: number): Parsed => ({
  kind: 'trade',
  instrument: context.instrument,
  venueTimeUs: timeUs,
  receiveTimeUs: timeUs,
  line: row.line,
  tradeId: cells[0] ?? '',
  side: takerOf(cells[maker]),
  price: numberOf(cells[1]),
  quantity: numberOf(cells[2]),
})

export const binanceTradesFormat = dump(
  'binance-trades',
  'Binance public dump, trades: id,price,qty,quoteQty,time,isBuyerMaker[,isBestMatch]',
  6,
  4,
  true,
  (row, cells, timeUs, context) => trade(row, cells, timeUs, context, 5),
)

export const binanceAggTradesFormat = dump(
  'binance-aggtrades',
  'Binance public dump, aggTrades: id,price,quantity,firstId,lastId,time,isBuyerMaker[,isBestMatch]',
  7,
  5,
  true,
  (row, cells, timeUs, context) => trade(row, cells, timeUs, context, 6),
)

export const binanceKlinesFormat = dump(
  'binance-klines',
  'Binance public dump, klines: openTime,open,high,low,close,volume,closeTime,quoteVolume,count,...',
  9,
  0,
  false,
  (row, cells, timeUs, context) =>
    candleOf(row, { ...context, volumeIn: 'base' }, timeUs, {
      open: numberOf(cells[1]),
      high: numberOf(cells[2]),
      low: numberOf(cells[3]),
      close: numberOf(cells[4]),
      volume: numberOf(cells[5]),
      quoteVolume: numberOf(cells[7]),
      trades: numberOf(cells[8]),
    }),
)
