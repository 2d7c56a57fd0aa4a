/** A column of a columnar file, as far as market data needs it. */
export type TableColumn = {
  readonly name: string
  /** The values are microseconds: the file's type said that they are times. */
  readonly isTime: boolean
  number(row: number): number
  text(row: number): string
}
/** Some rows of a columnar file. */
export type TableBatch = { readonly rows: number; readonly columns: readonly TableColumn[] }

const MICROSECONDS_PER_MS = 1000

/** A column of plain values: numbers, bigints, booleans, texts, dates; whatever is none of them is NaN or ''. */
export function valueColumn(name: string, values: ArrayLike<unknown>, isTime = false): TableColumn {
  return {
    name,
    isTime: isTime || values[0] instanceof Date,
    number: (row) => numberOf(values[row]),
    text: (row) => textOf(values[row]),
  }
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return value.getTime() * MICROSECONDS_PER_MS
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return ''
}
