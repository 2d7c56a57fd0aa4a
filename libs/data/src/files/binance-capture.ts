import type { Level } from './event.ts'
import { bad, numberOf, takerOf } from './format.ts'
import type { Format, ParseContext, Parsed } from './format.ts'
import type { Row } from './open.ts'
import { timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

/** Raw websocket messages of Binance spot as received, one `local_ns {json}` per line, and the REST snapshot. */
export const binanceCaptureFormat: Format = {
  name: 'binance-capture',
  title: 'raw Binance websocket capture: local_ns {json} per line (trade, aggTrade, bookTicker, depth, REST snapshot)',
  rows: 'lines',
  consecutiveIds: true,
  parser(context) {
    const times = timeReader(['ns', 'us', 'ms'], context.timeUnit)
    return { times, parse: (row) => parseRow(row, times, context) }
  },
}

type Fields = Record<string, unknown>

function parseRow(row: Row, times: TimeReader, context: ParseContext): Parsed {
  const space = row.text.indexOf(' ')
  const receiveTimeUs = times.read(row.text.slice(0, Math.max(0, space)))
  if (receiveTimeUs === undefined) return bad(row, 'bad_time')
  let message: Fields
  try {
    message = JSON.parse(row.text.slice(space + 1)) as Fields
  } catch {
    return bad(row, 'bad_row')
  }
  if (typeof message !== 'object' || message === null) return bad(row, 'bad_row')
  const data = (typeof message.data === 'object' && message.data !== null ? message.data : message) as Fields
  const base = { instrument: context.instrument, receiveTimeUs, line: row.line }
  if (data.lastUpdateId !== undefined) return snapshot(row, data, base)
  if (data.e === 'trade' || data.e === 'aggTrade') return trade(row, data, base)
  if (data.e === 'depthUpdate') return diff(row, data, base)
  if (data.u !== undefined && data.b !== undefined && data.B !== undefined) return quote(data, base)
  return undefined
}

type Base = { instrument: string; receiveTimeUs: number; line: number }

function trade(row: Row, data: Fields, base: Base): Parsed {
  const id = data.e === 'trade' ? data.t : data.a
  if (typeof id !== 'number' || typeof data.T !== 'number') return bad(row, 'bad_row')
  return {
    kind: 'trade',
    ...base,
    venueTimeUs: data.T * 1000,
    tradeId: String(id),
    side: takerOf(data.m),
    price: numberOf(textOf(data.p)),
    quantity: numberOf(textOf(data.q)),
  }
}

function quote(data: Fields, base: Base): Parsed {
  return {
    kind: 'quote',
    ...base,
    // Spot bookTicker carries no time of the venue.
    venueTimeUs: typeof data.T === 'number' ? data.T * 1000 : base.receiveTimeUs,
    bid: numberOf(textOf(data.b)),
    bidQuantity: numberOf(textOf(data.B)),
    ask: numberOf(textOf(data.a)),
    askQuantity: numberOf(textOf(data.A)),
    ...(typeof data.u === 'number' ? { updateId: data.u } : {}),
  }
}

function snapshot(row: Row, data: Fields, base: Base): Parsed {
  const [bids, asks] = [levelsOf(data.bids), levelsOf(data.asks)]
  if (!bids || !asks || typeof data.lastUpdateId !== 'number') return bad(row, 'bad_row')
  return { kind: 'snapshot', ...base, venueTimeUs: base.receiveTimeUs, updateId: data.lastUpdateId, bids, asks }
}

function diff(row: Row, data: Fields, base: Base): Parsed {
  const [bids, asks] = [levelsOf(data.b), levelsOf(data.a)]
  if (!bids || !asks || typeof data.U !== 'number' || typeof data.u !== 'number') return bad(row, 'bad_row')
  const venueTimeUs = typeof data.E === 'number' ? data.E * 1000 : base.receiveTimeUs
  return { kind: 'diff', ...base, venueTimeUs, firstUpdateId: data.U, lastUpdateId: data.u, bids, asks }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Undefined when any level is not a pair of numbers: half a book is no book. */
function levelsOf(value: unknown): Level[] | undefined {
  if (!Array.isArray(value)) return undefined
  const levels: Level[] = []
  for (const each of value as unknown[]) {
    const [price, quantity] = Array.isArray(each) ? [Number(each[0]), Number(each[1])] : [Number.NaN, Number.NaN]
    if (!(price > 0) || !(quantity >= 0)) return undefined
    levels.push([price, quantity])
  }
  return levels
}
