import path from 'node:path'
import { TIMEFRAME_US } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import { candleOf } from './candle-row.ts'
import { bad, numberOf } from './format.ts'
import type { Format, ParseContext, Parsed } from './format.ts'
import type { Row } from './open.ts'
import { instrumentOfSymbol } from './symbol.ts'

/*
 * LEAN's data folders (crypto, cryptofuture): venue, resolution, symbol and day are in the path. Bars of minutes and
 * seconds count milliseconds since midnight UTC, hours and days are written `20141201 00:00`. A quote row is two bars,
 * of bid and of ask; what is kept of it are its last bid and ask at its end.
 */
type Place = {
  venue: string
  symbol: string
  what: 'trade' | 'quote' | 'margin_interest'
  timeframe: Timeframe | undefined
  dayUs: number | undefined
  perp: boolean
}
const TIMEFRAME_OF: Readonly<Record<string, Timeframe>> = { second: '1s', minute: '1m', hour: '1h', daily: '1d' }
const INTRADAY = /([^/]+)\/(second|minute)\/([a-z0-9]+)\/(\d{8})_(trade|quote)\.(?:zip|csv)$/i
const WIDE = /([^/]+)\/(hour|daily)\/([a-z0-9]+)_(trade|quote)\.(?:zip|csv)$/i
const FUNDING = /([^/]+)\/margin_interest\/([a-z0-9]+)\.csv$/i

export function leanPlace(file: string): Place | undefined {
  const name = path.resolve(file).split(path.sep).join('/')
  const perp = /crypto-?future/i.test(name)
  const funding = FUNDING.exec(name)
  if (funding) {
    const [, venue = '', symbol = ''] = funding
    return { venue, symbol, what: 'margin_interest', timeframe: undefined, dayUs: undefined, perp: true }
  }
  const [intraday, wide] = [INTRADAY.exec(name), WIDE.exec(name)]
  const match = intraday ?? wide
  if (!match) return undefined
  const what = (intraday ? intraday[5] : wide?.[4]) as 'trade' | 'quote'
  const dayUs = intraday ? dateUs(intraday[4] ?? '') : undefined
  return { venue: match[1] ?? '', symbol: match[3] ?? '', what, timeframe: TIMEFRAME_OF[match[2] ?? ''], dayUs, perp }
}

const dateUs = (text: string): number | undefined => {
  const ms = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6, 8)))
  return Number.isNaN(ms) ? undefined : ms * 1000
}
const DATED = /^(\d{8}) (\d{2}):(\d{2})(?::(\d{2}))?$/

/** `BTC-USDT`, of futures `BTC-USDT-PERP`. */
export function leanInstrument(file: string): string | undefined {
  const place = leanPlace(file)
  const spot = place && instrumentOfSymbol(place.symbol)
  return spot && `${spot}${place.perp ? '-PERP' : ''}`
}
export const leanTimeframe = (file: string): Timeframe | undefined => leanPlace(file)?.timeframe

export const leanFormat: Format = {
  name: 'lean',
  title:
    "LEAN's crypto data: .../<venue>/<resolution>/<symbol>/<day>_trade.zip, _quote.zip, margin_interest/<symbol>.csv",
  rows: 'lines',
  consecutiveIds: false,
  venueOf: (file) => leanPlace(file)?.venue,
  parser(context) {
    const place = leanPlace(context.file)
    const read = (text: string): number | undefined => timeOf(text, place?.dayUs)
    return {
      times: { read, unit: () => (place?.dayUs === undefined ? 'iso' : 'ms') },
      parse: (row) => (place ? parseRow(row, place, read, context) : bad(row, 'not_a_lean_path')),
    }
  },
}

function timeOf(text: string, dayUs: number | undefined): number | undefined {
  const dated = DATED.exec(text)
  if (dated) {
    const [, day = '', hours, minutes, seconds = '0'] = dated
    const startUs = dateUs(day)
    return startUs && startUs + (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000
  }
  const ms = text === '' ? Number.NaN : Number(text)
  return dayUs !== undefined && ms >= 0 && ms < 86_400_000 ? dayUs + ms * 1000 : undefined
}

function parseRow(row: Row, place: Place, read: (text: string) => number | undefined, context: ParseContext): Parsed {
  const cells = row.text.split(',')
  const timeUs = read(cells[0] ?? '')
  if (timeUs === undefined) return bad(row, 'bad_time')
  const base = { instrument: context.instrument, line: row.line }
  if (place.what === 'margin_interest')
    return { kind: 'funding', ...base, venueTimeUs: timeUs, receiveTimeUs: timeUs, rate: numberOf(cells[1]) }
  if (place.what === 'trade') {
    const [, open, high, low, close, volume] = cells.map(numberOf)
    const numbers = { open, high, low, close, volume } as Record<'open' | 'high' | 'low' | 'close' | 'volume', number>
    return cells.length < 6 ? bad(row, 'bad_row') : candleOf(row, context, timeUs, numbers)
  }
  if (cells.length < 11) return bad(row, 'bad_row')
  const endUs = timeUs + TIMEFRAME_US[place.timeframe ?? '1m']
  const [bid, bidQuantity, ask, askQuantity] = [cells[4], cells[5], cells[9], cells[10]].map(numberOf)
  if (Number.isNaN(bid) !== Number.isNaN(ask)) return bad(row, 'one_sided_quote')
  return {
    kind: 'quote',
    ...base,
    venueTimeUs: endUs,
    receiveTimeUs: endUs,
    bid: bid ?? Number.NaN,
    bidQuantity: bidQuantity ?? Number.NaN,
    ask: ask ?? Number.NaN,
    askQuantity: askQuantity ?? Number.NaN,
  }
}
