import { refuse } from '@contrail/contracts'
import { rolesOf } from './roles.ts'
import type { Column, ColumnIndex } from './roles.ts'
import type { Row } from './open.ts'
import { splitRow } from './split.ts'

/*
 * How the cells of a table are written where that is not a number or ISO 8601 for the time and a point for decimals: dates of
 * Europe and America, dates without separators, a time of day in a column of its own, decimal commas, thousands.
 */
export type Dialect = {
  /** Column of the date, and that of the time of day where it has its own. */
  readonly time: number
  readonly clock: number | undefined
  readonly order: DateOrder | undefined
  readonly numbers: Numbers
}
type DateOrder = 'ymd' | 'dmy' | 'mdy'
type Numbers = 'point' | 'comma' | 'thousands'

/** 2024-01-31, 31.1.2024, 1/31/2024, and what may follow it. */
const DATE = /^(\d{1,4})([-./])(\d{1,2})\2(\d{1,4})(?:[ T,]+(.+))?$/
/** 20240131, 20240131 093000, 20240131093000 */
const COMPACT = /^((?:19|20)\d{2})(\d{2})(\d{2})(?: ?(\d{6}))?$/
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?: ?([AaPp])[Mm])?$/
const COMPACT_CLOCK = /^(\d{2})(\d{2})(\d{2})?$/
const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?!.*[AP]M$).*)?$/i
const PRICES: readonly Column[] = ['open', 'high', 'low', 'close', 'price', 'bid', 'ask']

/** `Date` and `Time` with or without brackets: the second only where it is one of day. */
const isNamed = (name: string, wanted: string): boolean => name.trim().replaceAll(/[<>"]/g, '').toLowerCase() === wanted

/** Undefined: nothing out of the ordinary. `rows` are the first ones, with the header where there is one. */
export function dialectOf(rows: readonly Row[], separator: string): Dialect | undefined {
  const [first, ...rest] = rows.map((row) =>
    splitRow(row.text.replace(/^\uFEFF/, ''), separator).map((cell) => cell.trim()),
  )
  if (!first) return undefined
  const isBare = isDate(first[0] ?? '') || Number(first[0]) > 0
  const index = isBare ? undefined : indexOf(first, rows[0]!.text)
  const table = isBare ? [first, ...rest] : rest
  const [sample] = table
  if (!sample || (!isBare && index === undefined)) return undefined
  const dateAt = isBare ? 0 : first.findIndex((name) => isNamed(name, 'date'))
  const clockAt = isBare ? 1 : first.findIndex((name) => isNamed(name, 'time'))
  const clock = sample[clockAt] ?? ''
  // Without a name of the column four digits are a price.
  const hasClock = isDay(sample[dateAt] ?? '') && clockOf(clock) !== undefined && (!isBare || clock.includes(':'))
  const time = hasClock ? dateAt : (index?.time ?? 0)
  const dates = table.map((cells) => cells[time] ?? '')
  const order = hasClock || !isPlain(sample[time] ?? '') ? orderOf(dates) : undefined
  const priced = index
    ? PRICES.flatMap((column) => index[column] ?? [])
    : sample.map((_, at) => at).slice(hasClock ? 2 : 1)
  const numbers = numbersOf(table.flatMap((cells) => priced.map((at) => cells[at] ?? '')))
  if (order === undefined && numbers === 'point') return undefined
  return { time, clock: hasClock ? clockAt : undefined, order, numbers }
}

function indexOf(names: readonly string[], shown: string): ColumnIndex | undefined {
  try {
    return rolesOf(names, shown).index
  } catch {
    return undefined // whoever reads the header says what it lacks
  }
}

const isDate = (text: string): boolean => DATE.test(text) || COMPACT.test(text)
/** A date without a time. */
const isDay = (text: string): boolean => isDate(text) && !/[ T:]/.test(text) && text.length <= 10
/** As every other reader takes it: ISO 8601, or a number since 1970 (which no date without separators is). */
const isPlain = (text: string): boolean => ISO.test(text) || !isDate(text)

/** Which number is the day: told by one that is no month. */
function orderOf(dates: readonly string[]): DateOrder | undefined {
  let shown: string | undefined
  for (const text of dates) {
    if (COMPACT.test(text)) return 'ymd'
    const [, first = '', point, second = ''] = DATE.exec(text) ?? []
    if (first.length === 4) return 'ymd'
    if (point === '.' || Number(first) > 12) return 'dmy'
    if (Number(second) > 12) return 'mdy'
    if (first !== '') shown ??= text
  }
  if (shown === undefined) return undefined
  const mend = `none of the first ${dates.length} rows tells whether the day or the month is first: write 2024-01-31`
  throw refuse('ambiguous_date', 'time', shown, mend)
}

function numbersOf(prices: readonly string[]): Numbers {
  const written = prices.filter((text) => text.includes(','))
  if (written.length === 0) return 'point'
  if (written.some((text) => /^\d{1,3}(,\d{3})+\.\d+$/.test(text) || /,\d{3},/.test(text))) return 'thousands'
  if (written.some((text) => !/,\d{3}$/.test(text)) || written.some((text) => /^0,|^\d{4,},/.test(text))) return 'comma'
  throw refuse('ambiguous_number', 'price', written[0], 'is the comma one of decimals or of thousands? write 1234.5')
}

/** The time of a row as ISO 8601, UTC; what cannot be read stays as it is, and is refused as that. */
export function timeOf({ time, clock, order }: Dialect, cells: readonly string[]): string {
  const text = (cells[time] ?? '').trim()
  if (order === undefined) return text
  const compact = COMPACT.exec(text)
  const [, one = '', , two = '', three = '', tail = ''] = DATE.exec(text) ?? []
  const [year = '', month = '', day = ''] = compact
    ? compact.slice(1, 4)
    : order === 'ymd'
      ? [one, two, three]
      : order === 'dmy'
        ? [three, two, one]
        : [three, one, two]
  const own = clock === undefined ? (compact?.[4] ?? tail) : (cells[clock] ?? '').trim()
  const at = own === '' ? '00:00:00' : clockOf(own)
  if (year.length !== 4 || at === undefined) return text
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}T${at}`
}

/** `9:30`, `09:30:00.5`, `1:30 PM`, `093000` -> `HH:MM:SS[.f]` */
function clockOf(text: string): string | undefined {
  const [, hour = '', minute = '', second = '00', part = '', half = ''] =
    CLOCK.exec(text) ?? COMPACT_CLOCK.exec(text) ?? []
  if (hour === '') return undefined
  const isLate = half.toLowerCase() === 'p'
  const hours = half === '' ? Number(hour) : (Number(hour) % 12) + (isLate ? 12 : 0)
  return `${String(hours).padStart(2, '0')}:${minute}:${second}${part}`
}

const SUFFIXES: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9 }

/** A number as others write it. */
export function plainNumber({ numbers }: Dialect, text: string): string {
  const trimmed = text.trim()
  const plain = numbers === 'comma' ? trimmed.replaceAll('.', '').replace(',', '.') : trimmed.replaceAll(',', '')
  const [, count = '', suffix = ''] = /^([\d.]+)([KMB])$/i.exec(plain) ?? []
  return suffix === '' ? plain : String(Number(count) * (SUFFIXES[suffix.toUpperCase()] ?? 1))
}
