import type { Timeframe } from '@contrail/contracts'
import type { Dialect } from './dialect.ts'
import type { BadRow, FileEvent } from './event.ts'
import type { Row } from './open.ts'
import type { TimeReader, TimeUnit } from './time.ts'

export type ParseContext = {
  /** Path of the file: some formats keep the day or the timeframe in it. */
  readonly file: string
  readonly instrument: string
  readonly timeUnit: TimeUnit | undefined
  /** Of candle files; found from the distance of their rows when not given. */
  readonly timeframe: Timeframe | undefined
  /** What the volume column of a candle file counts. */
  readonly volumeIn: 'base' | 'quote'
  /** Of a table whose cells are not written as usual. */
  readonly dialect?: Dialect | undefined
}

/** `undefined` = a header or a message that says nothing of the market. */
export type Parsed = FileEvent | BadRow | undefined
export type RowParser = { readonly parse: (row: Row) => Parsed; readonly times: TimeReader }

export type Format = {
  readonly name: string
  readonly title: string
  readonly rows: 'lines' | 'json'
  /** Trade ids count up by one in the whole file, so that a missing one is seen. */
  readonly consecutiveIds: boolean
  /** Under which venue the rows are kept when the caller does not say; `file` otherwise. */
  readonly venueOf?: (file: string) => string | undefined
  parser(context: ParseContext): RowParser
}

/** Longest piece of a bad row that is quoted in a report. */
const SHOWN_CHARACTERS_MAX = 120

export const bad = (row: Row, reason: string): BadRow => ({
  kind: 'bad',
  reason,
  line: row.line,
  text: row.text.slice(0, SHOWN_CHARACTERS_MAX),
})

/** Numbers as people and dumps write them; everything else is NaN, which the filter refuses and counts. */
export const numberOf = (text: string | undefined): number =>
  text === undefined || text.trim() === '' ? Number.NaN : Number(text)

export function sideOf(text: string | undefined): 'buy' | 'sell' | 'unknown' {
  const lower = text?.trim().toLowerCase()
  if (lower === 'buy' || lower === 'b' || lower === 'bid') return 'buy'
  if (lower === 'sell' || lower === 's' || lower === 'ask') return 'sell'
  return 'unknown'
}

/** Side of the taker, from "was the buyer the maker". */
export function takerOf(buyerIsMaker: unknown): 'buy' | 'sell' | 'unknown' {
  const text = String(buyerIsMaker).toLowerCase()
  return text === 'true' || text === '1' ? 'sell' : text === 'false' || text === '0' ? 'buy' : 'unknown'
}

/** A file without ids: the line makes it unique and the content makes a changed row another trade. */
export function idOfRow(row: Row): string {
  let hash = 2_166_136_261
  for (let i = 0; i < row.text.length; i++) hash = Math.imul(hash ^ row.text.charCodeAt(i), 16_777_619) >>> 0
  return `L${row.line}-${hash.toString(16).padStart(8, '0')}`
}
