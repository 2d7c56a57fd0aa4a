import path from 'node:path'
import { check, decimalOf, instrumentId, instrumentSchema, refuse, TIMEFRAME_US, TIMEFRAMES } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import { dialectOf } from './dialect.ts'
import type { BadRow, FileEvent } from './event.ts'
import type { Format, ParseContext, RowParser } from './format.ts'
import { formatNamed, guessFormat } from './formats.ts'
import { wrappersOf } from './json.ts'
import { leanInstrument, leanTimeframe } from './lean.ts'
import { jsonRowsOf, linesOf, textOf } from './open.ts'
import type { Row } from './open.ts'
import { separatorOf } from './split.ts'
import { instrumentOfFile } from './symbol.ts'
import type { TimeUnit } from './time.ts'
import { decimalsMax, stepOfDecimals } from '../judge/steps.ts'
import { leastApartUs } from '../judge/bar-times.ts'

export type FileOptions = {
  file: string
  /** One of FORMAT_NAMES; guessed where the file leaves no doubt. */
  format?: string | undefined
  /** `BASE-QUOTE`; taken from the rows or the file's name where they say it. */
  instrument?: string | undefined
  venue?: string | undefined
  timeUnit?: TimeUnit | undefined
  timeframe?: Timeframe | undefined
  volumeIn?: 'base' | 'quote' | undefined
  tickSize?: string | undefined
  lotSize?: string | undefined
}

/** A file that was looked at: what it holds and how to read it. */
export type FileFeed = {
  readonly file: string
  readonly name: string
  readonly format: Format
  readonly context: ParseContext
  readonly instrument: Instrument
  readonly holds: 'trades' | 'candles' | 'quotes' | 'funding'
  readonly firstRow: Row
  readonly firstTimeUs: number
  readonly timeUnit: string
  /** The newest row comes first: it is read from its end. */
  readonly newestFirst: boolean
}

/** Rows that are looked at to find decimals, time unit and timeframe. */
const LOOK_ROWS = 1000

export async function inspectFile(options: FileOptions): Promise<FileFeed> {
  const name = path.basename(options.file)
  const format = options.format ? formatNamed(options.format) : await guessed(options.file)
  const rows = await firstRows(options.file, format)
  const named =
    options.instrument ??
    leanInstrument(options.file) ??
    instrumentOfFile(name, rows.map(({ text }) => text).slice(0, 50))
  if (!named)
    throw refuse('no_instrument', 'instrument', name, 'the file does not name it; give it as BASE-QUOTE, e.g. BTC-USDT')
  const context: ParseContext = {
    file: options.file,
    instrument: instrumentId(named),
    timeUnit: options.timeUnit,
    timeframe: options.timeframe ?? '1s',
    volumeIn: options.volumeIn ?? 'base',
    dialect: format.name === 'csv' && rows[0] ? dialectOf(rows, separatorOf(rows[0].text)) : undefined,
  }
  const { parse, times } = format.parser(context)
  const { events, badRows } = look(rows, parse)
  const newestFirst = runsBack(events)
  if (newestFirst) events.reverse()
  const [first] = events
  if (!first) throw nothingUsable(name, format, badRows)
  const holds = HOLDS[first.kind as keyof typeof HOLDS] ?? 'trades'
  const known = options.timeframe ?? leanTimeframe(options.file)
  const timeframe = holds === 'candles' ? (known ?? timeframeOf(events, name)) : undefined
  return {
    file: options.file,
    name,
    format,
    context: { ...context, timeframe },
    instrument: instrumentOf(options, format, context.instrument, events),
    // A capture begins with whatever came first; it is known for its trades.
    holds: holds === 'quotes' && format.consecutiveIds ? 'trades' : holds,
    firstRow: rows[0]!,
    firstTimeUs: first.receiveTimeUs ?? first.venueTimeUs,
    timeUnit: times.unit() ?? 'unknown',
    newestFirst,
  }
}

/** Every row of the file, in its order: an event or why it is none. */
export async function* eventsOf(feed: FileFeed): AsyncGenerator<FileEvent | BadRow> {
  const { parse } = feed.format.parser(feed.context)
  if (feed.newestFirst) return yield* backwards(rowsOf(feed.file, feed.format), parse)
  for await (const row of rowsOf(feed.file, feed.format)) {
    const parsed = parse(row)
    if (parsed) yield parsed
  }
}

const rowsOf = (file: string, format: Format): AsyncGenerator<Row> =>
  format.rows === 'json' ? rowsOfJson(file) : tableRows(linesOf(textOf(file)))

async function* rowsOfJson(file: string): AsyncGenerator<Row> {
  yield* jsonRowsOf(textOf(file), wrappersOf(await startOf(file)))
}

async function startOf(file: string): Promise<string> {
  for await (const chunk of textOf(file)) return chunk.slice(0, START_CHARACTERS).replaceAll(/\s/g, '')
  return ''
}

/** Comments and the address of the maker stand before some tables. */
const PREAMBLE = /^\s*(?:#|https?:\/\/)/
async function* tableRows(rows: AsyncGenerator<Row>): AsyncGenerator<Row> {
  let begun = false
  for await (const row of rows) {
    begun ||= !PREAMBLE.test(row.text)
    if (begun) yield row
  }
}

/** All rows that were looked at, from new to old, and not only of one instant. */
function runsBack(events: readonly FileEvent[]): boolean {
  const times = events.map((event) => event.receiveTimeUs ?? event.venueTimeUs)
  return times.length > 1 && times.at(-1)! < times[0]! && times.every((time, i) => i === 0 || time <= times[i - 1]!)
}

/** The first row is parsed first, for it may say what the columns are; then from the last one on. */
async function* backwards(rows: AsyncGenerator<Row>, parse: RowParser['parse']): AsyncGenerator<FileEvent | BadRow> {
  const all: Row[] = []
  for await (const row of rows) {
    if (all.length >= BACKWARDS_ROWS_MAX) throw tooLongBackwards(row.line)
    all.push(row)
  }
  const newest = all[0] && parse(all[0])
  for (let i = all.length - 1; i > 0; i--) {
    const parsed = parse(all[i]!)
    if (parsed) yield parsed
  }
  if (newest) yield newest
}
/** They are held in memory. */
const BACKWARDS_ROWS_MAX = 5_000_000
const tooLongBackwards = (line: number) =>
  refuse('newest_first', 'file', `line ${line}`, 'a file this long must begin with its oldest row: sort it by its time')

const HOLDS = { candle: 'candles', quote: 'quotes', funding: 'funding' } as const

async function guessed(file: string): Promise<Format> {
  for await (const chunk of textOf(file)) {
    const lines = chunk.trimStart().split('\n', PREAMBLE_LINES)
    while (lines.length > 1 && PREAMBLE.test(lines[0]!)) lines.shift()
    const text = lines.join('\n').slice(0, START_CHARACTERS)
    return guessFormat(file, text.split('\n', 1)[0] ?? '', text.replaceAll(/\s/g, ''))
  }
  return guessFormat(file, '', '')
}
const START_CHARACTERS = 500
const PREAMBLE_LINES = 100

async function firstRows(file: string, format: Format): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of rowsOf(file, format)) {
    rows.push(row)
    if (rows.length >= LOOK_ROWS) break
  }
  return rows
}

function look(rows: readonly Row[], parse: RowParser['parse']): { events: FileEvent[]; badRows: BadRow[] } {
  const events: FileEvent[] = []
  const badRows: BadRow[] = []
  for (const row of rows) {
    const parsed = parse(row)
    if (parsed?.kind === 'bad') badRows.push(parsed)
    else if (parsed) events.push(parsed)
  }
  return { events, badRows }
}

function nothingUsable(name: string, format: Format, [first]: readonly BadRow[]) {
  const found = first ? `line ${first.line}: ${first.text} (${first.reason})` : name
  return refuse(
    'no_usable_row',
    'file',
    found,
    `not one row reads as ${format.name} (${format.title}); check the format`,
  )
}

function timeframeOf(events: readonly FileEvent[], name: string): Timeframe {
  let least = Number.POSITIVE_INFINITY
  let before: number | undefined
  for (const event of events) {
    if (event.kind !== 'candle') continue
    const { openTimeUs } = event.candle
    if (before !== undefined && openTimeUs > before) least = Math.min(least, openTimeUs - before)
    before = openTimeUs
  }
  const found = TIMEFRAMES.findLast(
    (timeframe) => least <= TIMEFRAME_US[timeframe] && least >= leastApartUs(TIMEFRAME_US[timeframe]),
  )
  if (!Number.isFinite(least))
    throw refuse('no_timeframe', 'timeframe', `${name}: ${rowsText(events)}`, `give one of ${TIMEFRAMES.join(', ')}`)
  if (!found)
    throw refuse(
      'no_timeframe',
      'timeframe',
      `${name}: rows ${least / 1e6} s apart`,
      `give one of ${TIMEFRAMES.join(', ')}`,
    )
  return found
}

const rowsText = (events: readonly FileEvent[]): string =>
  events.length === 1 ? 'one row does not tell the time between two' : 'no row is later than the one before it'

/** Steps are the finest decimals seen, unless the caller knows them. */
function instrumentOf(
  options: FileOptions,
  format: Format,
  instrument: string,
  events: readonly FileEvent[],
): Instrument {
  const prices: number[] = []
  const quantities: number[] = []
  for (const event of events) {
    if (event.kind === 'trade') {
      prices.push(event.price)
      quantities.push(event.quantity)
    } else if (event.kind === 'quote') prices.push(event.bid, event.ask)
    else if (event.kind === 'candle') {
      prices.push(event.candle.open, event.candle.high, event.candle.low, event.candle.close)
      quantities.push(event.candle.volume)
    }
  }
  const [base = '', quote = '', perp] = instrument.split('-')
  const lotSize = options.lotSize ?? stepOf(quantities)
  const made = {
    venue: options.venue ?? format.venueOf?.(options.file) ?? /^(binance|kraken)-/.exec(format.name)?.[1] ?? 'file',
    instrument,
    kind: perp ? 'perp' : 'spot',
    base,
    quote,
    tickSize: options.tickSize ?? stepOf(prices),
    lotSize,
    minQuantity: lotSize,
    minNotional: '0',
    makerFeeBps: 10,
    takerFeeBps: 10,
  }
  return check(instrumentSchema, made, 'instrument')
}

function stepOf(values: readonly number[]): string {
  let decimals = 0
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    const text = decimalOf(value)
    const point = text.indexOf('.')
    if (point >= 0) decimals = Math.max(decimals, Math.min(decimalsMax(value), text.length - point - 1))
  }
  return stepOfDecimals(decimals)
}
