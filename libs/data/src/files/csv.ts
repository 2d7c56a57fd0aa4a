import { refuse } from '@contrail/contracts'
import { candleOf } from './candle-row.ts'
import { bad, idOfRow, numberOf, sideOf, takerOf } from './format.ts'
import type { Format, ParseContext, Parsed, RowParser } from './format.ts'
import type { Row } from './open.ts'
import { TIME_UNITS, timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

/** Names of columns as the world writes them, in lower case without "_", "-" and spaces. */
const COLUMNS = {
  time: ['time', 'timestamp', 'ts', 'date', 'datetime', 'opentime', 'unix', 'unixtime', 'transacttime', 'tsms', ''],
  price: ['price', 'p', 'rate'],
  quantity: ['quantity', 'qty', 'amount', 'size', 'q', 'volume'],
  id: ['id', 'tradeid', 'tid', 't', 'aggtradeid'],
  side: ['side', 'type', 'takerside', 'direction'],
  buyerIsMaker: ['isbuyermaker', 'wasbuyermaker'],
  open: ['open', 'o'],
  high: ['high', 'h'],
  low: ['low', 'l'],
  close: ['close', 'c'],
  volume: ['volume', 'vol', 'v', 'basevolume'],
  quoteVolume: ['quotevolume', 'quoteassetvolume', 'quotevol'],
  trades: ['trades', 'count', 'numberoftrades', 'tradecount'],
} as const
type Column = keyof typeof COLUMNS
type Layout = { separator: string; index: Partial<Record<Column, number>> }

export const csvFormat: Format = {
  name: 'csv',
  title: 'CSV with a header: time,price,quantity[,id,side] or time,open,high,low,close,volume',
  rows: 'lines',
  consecutiveIds: false,
  parser(context) {
    const times = timeReader(TIME_UNITS, context.timeUnit)
    let layout: Layout | undefined
    return {
      times,
      parse(row) {
        if (layout) return parseRow(row, layout, times, context)
        layout = layoutOf(row)
        return undefined
      },
    }
  },
}

export const splitRow = (text: string, separator: string): string[] =>
  text.includes('"') ? splitQuoted(text, separator) : text.split(separator)

function splitQuoted(text: string, separator: string): string[] {
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (const character of text) {
    if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) {
      cells.push(cell)
      cell = ''
    } else cell += character
  }
  return [...cells, cell]
}

function layoutOf(row: Row): Layout {
  const separator = [',', ';', '\t'].find((each) => row.text.includes(each)) ?? ','
  const names = splitRow(row.text.replace(/^\uFEFF/, ''), separator).map((name) =>
    name.trim().toLowerCase().replaceAll(/[ _-]/g, ''),
  )
  const index: Partial<Record<Column, number>> = {}
  for (const column of Object.keys(COLUMNS) as Column[]) {
    const found = names.findIndex((name) => (COLUMNS[column] as readonly string[]).includes(name))
    if (found >= 0) index[column] = found
  }
  const has = (...columns: Column[]) => columns.every((column) => index[column] !== undefined)
  if (!has('time') || !(has('price', 'quantity') || has('open', 'high', 'low', 'close', 'volume')))
    throw refuse(
      'no_header',
      'file',
      row.text,
      'start with a header: time,price,quantity[,id,side] or time,open,high,low,close,volume; ' +
        'or name the format (kraken-csv, binance-trades, binance-aggtrades, binance-klines have none)',
    )
  return { separator, index }
}

function parseRow(row: Row, { separator, index }: Layout, times: TimeReader, context: ParseContext): Parsed {
  const cells = splitRow(row.text, separator)
  const cell = (column: Column): string | undefined => {
    const at = index[column]
    return at === undefined ? undefined : cells[at]
  }
  const timeUs = times.read(cell('time')?.trim() ?? '')
  if (timeUs === undefined) return bad(row, 'bad_time')
  if (index.price === undefined) {
    const quoteVolume = numberOf(cell('quoteVolume'))
    const trades = numberOf(cell('trades'))
    return candleOf(row, context, timeUs, {
      open: numberOf(cell('open')),
      high: numberOf(cell('high')),
      low: numberOf(cell('low')),
      close: numberOf(cell('close')),
      volume: numberOf(cell('volume')),
      ...(quoteVolume >= 0 ? { quoteVolume } : {}),
      ...(Number.isInteger(trades) && trades >= 0 ? { trades } : {}),
    })
  }
  if (cells.length < 3) return bad(row, 'bad_row')
  const side = index.buyerIsMaker === undefined ? sideOf(cell('side')) : takerOf(cell('buyerIsMaker'))
  return {
    kind: 'trade',
    instrument: context.instrument,
    venueTimeUs: timeUs,
    receiveTimeUs: timeUs,
    line: row.line,
    tradeId: cell('id')?.trim() || idOfRow(row),
    side,
    price: numberOf(cell('price')),
    quantity: numberOf(cell('quantity')),
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
