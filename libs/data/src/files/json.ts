import { candleOf } from './candle-row.ts'
import { eventOf } from './csv.ts'
import { bad } from './format.ts'
import type { Format, ParseContext, Parsed, RowParser } from './format.ts'
import type { Row } from './open.ts'
import { rolesOf, WITHOUT } from './roles.ts'
import type { Column, ColumnIndex, Shape } from './roles.ts'
import { TIME_UNITS, timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

type Layout = { readonly keys: readonly string[]; readonly index: ColumnIndex; readonly shape: Shape }

function format(name: string, title: string, rows: Format['rows']): Format {
  return { name, title, rows, consecutiveIds: false, parser: (context) => parser(context) }
}

export const jsonFormat = format(
  'json',
  'JSON array of objects {time, price, quantity, ...} or {time, open, high, low, close, volume}, or of [time,o,h,l,c,v]; or ' +
    'an object with such an array in its data, result, candles, ...',
  'json',
)
export const jsonLinesFormat = format('jsonl', 'JSON objects or arrays as in json, one per line', 'lines')

const FIELDS = 'bars|candles|data|items|klines|list|ohlcv|result|results|rows|trades|values'
const WRAPPED = new RegExp(`^(\\{("\\w+":("[^"]*"|[\\w.+-]+),)*"(?:${FIELDS})":)+(?=\\[[[{])`)

/** How many objects are open around the array of rows; `start` is how the text begins, without white space. */
export const wrappersOf = (start: string): number => WRAPPED.exec(start)?.[0].match(/\{/g)?.length ?? 0

function parser(context: ParseContext): RowParser {
  const times = timeReader(TIME_UNITS, context.timeUnit)
  let layout: Layout | undefined
  const parse = (row: Row): Parsed => {
    let value: unknown
    try {
      value = JSON.parse(row.text)
    } catch {
      return bad(row, 'bad_row')
    }
    if (Array.isArray(value)) return bar(row, value as unknown[], times, context)
    if (typeof value !== 'object' || value === null) return bad(row, 'bad_row')
    const fields = value as Record<string, unknown>
    if (!layout) {
      const keys = Object.keys(fields)
      layout = { keys, ...rolesOf(keys, row.text) }
    }
    const { keys, index, shape } = layout
    const cell = (column: Column): string | undefined => {
      const at = index[column]
      return at === undefined ? WITHOUT[column] : textOf(fields[keys[at] ?? ''])
    }
    return eventOf(row, shape, cell, times, context)
  }
  return { times, parse }
}

/** Of a row of Binance's REST interface. */
const KLINE_CELLS = 12

/** What ccxt and freqtrade keep: [time, open, high, low, close, volume], numbers or texts; and Binance's longer rows. */
function bar(row: Row, cells: readonly unknown[], times: TimeReader, context: ParseContext): Parsed {
  const [time, open, high, low, close, volume] = cells
  if (cells.length < 6) return bad(row, 'bad_row')
  const timeUs = times.read(textOf(time) ?? '')
  if (timeUs === undefined) return bad(row, 'bad_time')
  return candleOf(row, context, timeUs, {
    open: Number(open),
    high: Number(high),
    low: Number(low),
    close: Number(close),
    volume: Number(volume),
    ...(cells.length === KLINE_CELLS ? { quoteVolume: Number(cells[7]), trades: Number(cells[8]) } : {}),
  })
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined
