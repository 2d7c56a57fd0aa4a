import { bad, idOfRow, sideOf } from './format.ts'
import type { Format, ParseContext, Parsed } from './format.ts'
import type { Row } from './open.ts'
import { timeReader } from './time.ts'
import type { TimeReader } from './time.ts'

export const freqtradeFormat: Format = {
  name: 'freqtrade-trades',
  title: 'freqtrade trades JSON: [[timestamp, id, type, side, price, amount, cost], ...]',
  rows: 'json',
  consecutiveIds: true,
  parser(context) {
    const times = timeReader(['ms'], context.timeUnit)
    return { times, parse: (row) => parseRow(row, times, context) }
  },
}

function parseRow(row: Row, times: TimeReader, context: ParseContext): Parsed {
  let cells: unknown
  try {
    cells = JSON.parse(row.text)
  } catch {
    return bad(row, 'bad_row')
  }
  if (!Array.isArray(cells) || cells.length < 6) return bad(row, 'bad_row')
  const [time, id, , side, price, amount] = cells as unknown[]
  const timeUs = times.read(String(time))
  if (timeUs === undefined) return bad(row, 'bad_time')
  return {
    kind: 'trade',
    instrument: context.instrument,
    venueTimeUs: timeUs,
    receiveTimeUs: timeUs,
    line: row.line,
    tradeId: typeof id === 'string' || typeof id === 'number' ? String(id) : idOfRow(row),
    side: sideOf(typeof side === 'string' ? side : undefined),
    price: typeof price === 'number' ? price : Number.NaN,
    quantity: typeof amount === 'number' ? amount : Number.NaN,
  }
}
