import { candleOf } from './candle-row.ts'
import type { CandleNumbers } from './candle-row.ts'
import { plainNumber, timeOf } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import { bad, idOfRow, numberOf, sideOf, takerOf } from './format.ts'
import type { Format, ParseContext, Parsed, RowParser } from './format.ts'
import type { Row } from './open.ts'
import { rolesOf, WITHOUT } from './roles.ts'
import type { Column, ColumnIndex, Shape } from './roles.ts'
import { separatorOf, splitRow } from './split.ts'
import { isoUs, TIME_UNITS, timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

type Layout = { separator: string; index: ColumnIndex; shape: Shape; hasHeader: boolean }

export const csvFormat: Format = {
  name: 'csv',
  title:
    'CSV with a header: time,price,quantity[,id,side] or time,open,high,low,close[,volume]; the second also without',
  rows: 'lines',
  consecutiveIds: false,
  parser(context) {
    const times = timeReader(TIME_UNITS, context.timeUnit)
    let layout: Layout | undefined
    return {
      times,
      parse(row) {
        if (layout) return parseRow(row, layout, times, context)
        layout = layoutOf(row, context.dialect)
        return layout.hasHeader ? undefined : parseRow(row, layout, times, context)
      },
    }
  },
}

export function layoutOf(row: Row, dialect?: Dialect): Layout {
  const separator = separatorOf(row.text)
  const cells = splitRow(row.text.replace(/^\uFEFF/, ''), separator)
  const bare = dialect ? bareOf(cells, dialect) : bareBars(cells)
  if (bare) return { separator, index: bare, shape: 'candles', hasHeader: false }
  return { separator, ...rolesOf(cells, row.text), hasHeader: true }
}

/** As `bareBars`, of cells that are written otherwise. */
export function bareOf(cells: readonly string[], dialect: Dialect): ColumnIndex | undefined {
  const clocks = dialect.clock === undefined ? 0 : 1
  const rest = cells.slice(1 + clocks).map((cell) => plainNumber(dialect, cell))
  const found = bareBars([timeOf(dialect, cells), ...rest])
  if (!found) return undefined
  const moved = Object.entries(found).map(([column, at]) => [column, at === 0 ? 0 : at + clocks])
  return Object.fromEntries(moved) as ColumnIndex
}

/** No time of ours in seconds is a smaller number. */
const TIME_LEAST = 1e8

/** Columns of a first row that is a bar already: time, open, high, low, close, and volume where there are more. */
export function bareBars(cells: readonly string[]): ColumnIndex | undefined {
  const [time = '', ...rest] = cells.map((cell) => cell.trim())
  const [open, high, low, close] = rest.slice(0, 4).map(numberOf) as [number, number, number, number]
  const isTime = Number(time) >= TIME_LEAST || isoUs(time) !== undefined
  if (rest.length < 4 || !isTime || !(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close)))
    return undefined
  const index: ColumnIndex = { time: 0, open: 1, high: 2, low: 3, close: 4 }
  return Number.isFinite(numberOf(rest[4])) ? { ...index, volume: 5 } : index
}

function parseRow(row: Row, { separator, index, shape }: Layout, times: TimeReader, context: ParseContext): Parsed {
  const cells = splitRow(row.text, separator)
  const cell = (column: Column): string | undefined => {
    const at = index[column]
    const text = at === undefined ? WITHOUT[column] : cells[at]
    return context.dialect && text !== undefined ? spoken(context.dialect, column, text, cells) : text
  }
  if (shape === 'ticks' && cells.length < 3 && times.read(cell('time')?.trim() ?? '') !== undefined)
    return bad(row, 'bad_row')
  return eventOf(row, shape, cell, times, context)
}

const TEXTS: readonly Column[] = ['id', 'side', 'buyerIsMaker']
function spoken(dialect: Dialect, column: Column, text: string, cells: readonly string[]): string {
  if (column === 'time') return timeOf(dialect, cells)
  return TEXTS.includes(column) ? text : plainNumber(dialect, text)
}

/** A row of named cells as an event: of a CSV file, of a JSON object. */
export function eventOf(
  row: Row,
  shape: Shape,
  cell: (column: Column) => string | undefined,
  times: TimeReader,
  context: ParseContext,
): Parsed {
  const timeUs = times.read(cell('time')?.trim() ?? '')
  if (timeUs === undefined) return bad(row, 'bad_time')
  const venueUs = numberOf(cell('venueTime'))
  const venueTimeUs = venueUs >= 0 ? venueUs : timeUs
  const base = { instrument: context.instrument, venueTimeUs, receiveTimeUs: timeUs, line: row.line }
  switch (shape) {
    case 'candles':
      return candleOf(row, context, timeUs, numbersOf(cell))
    case 'ticks':
      return {
        kind: 'trade',
        ...base,
        tradeId: cell('id')?.trim() || idOfRow(row),
        side: cell('buyerIsMaker') === undefined ? sideOf(cell('side')) : takerOf(cell('buyerIsMaker')),
        price: numberOf(cell('price')),
        quantity: numberOf(cell('quantity')),
      }
    case 'quotes':
      return {
        kind: 'quote',
        ...base,
        bid: numberOf(cell('bid')),
        bidQuantity: numberOf(cell('bidQuantity') ?? '0'),
        ask: numberOf(cell('ask')),
        askQuantity: numberOf(cell('askQuantity') ?? '0'),
      }
    case 'funding':
      return { kind: 'funding', ...base, rate: numberOf(cell('fundingRate')) }
  }
}

function numbersOf(cell: (column: Column) => string | undefined): CandleNumbers {
  const quoteVolume = numberOf(cell('quoteVolume'))
  const trades = numberOf(cell('trades'))
  return {
    open: numberOf(cell('open')),
    high: numberOf(cell('high')),
    low: numberOf(cell('low')),
    close: numberOf(cell('close')),
    volume: numberOf(cell('volume')),
    ...(quoteVolume >= 0 ? { quoteVolume } : {}),
    ...(Number.isInteger(trades) && trades >= 0 ? { trades } : {}),
  }
}

export const krakenCsvFormat: Format = {
  name: 'kraken-csv',
  title: "Kraken's trade dumps: time in seconds,price,volume; no header, no ids",
  rows: 'lines',
  consecutiveIds: false,
  parser(context): RowParser {
    const times = timeReader(['s'], context.timeUnit)
    return {
      times,
      parse(row) {
        const [time = '', price, quantity, ...more] = row.text.split(',')
        if (quantity === undefined || more.length > 0) return bad(row, 'bad_row')
        const timeUs = times.read(time)
        if (timeUs === undefined) return bad(row, 'bad_time')
        return {
          kind: 'trade',
          instrument: context.instrument,
          venueTimeUs: timeUs,
          receiveTimeUs: timeUs,
          line: row.line,
          tradeId: idOfRow(row),
          side: 'unknown',
          price: numberOf(price),
          quantity: numberOf(quantity),
        }
      },
    }
  },
}
