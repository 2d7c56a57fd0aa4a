import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { MarketColumns } from '@contrail/trading'
import { cellsOf, KIND_SPECS, keyOf, rowsOf } from '../columns/kinds.ts'
import type { ColumnArray } from '../columns/kinds.ts'
import { loadArrow } from './arrow.ts'

export const EXPORT_FORMATS = ['csv', 'json', 'parquet', 'arrow'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Rows whose text is made at once: some MB. */
const CHUNK_ROWS = 20_000

type Flat = { readonly name: string; readonly cells: ColumnArray }

/** Book levels become columns of their own: bidPrice0, bidPrice1, ... */
function flatten(series: MarketColumns): Flat[] {
  const { columns, rows } = rowsOf(series)
  const { depth = 0 } = keyOf(series)
  return KIND_SPECS[series.kind].columns.flatMap((spec): Flat[] => {
    const cells = columns[spec.name]!
    if (!spec.perLevel) return [{ name: spec.name, cells: cells.subarray(0, rows) }]
    return Array.from({ length: cellsOf(spec, 1, depth) }, (_, level) => ({
      name: `${spec.name}${level}`,
      cells: Float64Array.from({ length: rows }, (_cell, row) => cells[row * depth + level]!),
    }))
  })
}

/** Writes the file beside its place and renames it when it is whole. */
export async function exportSeries(series: MarketColumns, format: ExportFormat, file: string): Promise<void> {
  const aside = `${file}.${process.pid}.part`
  try {
    if (format === 'parquet') await writeParquet(series, aside)
    else {
      const fd = openSync(aside, 'w')
      try {
        if (format === 'arrow') writeSync(fd, await arrowBytes(series))
        else for (const text of texts(series, format)) writeSync(fd, text)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    }
    renameSync(aside, file)
  } finally {
    rmSync(aside, { force: true })
  }
}

/** CSV, or a JSON array of objects with a row a line, in pieces. Undefined numbers are empty in CSV and null in JSON. */
export function* texts(series: MarketColumns, format: 'csv' | 'json'): Generator<string> {
  const flat = flatten(series)
  if (format === 'csv') yield `${flat.map(({ name }) => name).join(',')}\n`
  else yield '[\n'
  for (let from = 0; from < series.rows; from += CHUNK_ROWS) {
    const lines: string[] = []
    for (let row = from; row < Math.min(series.rows, from + CHUNK_ROWS); row++)
      lines.push(format === 'csv' ? csvRow(flat, row) : jsonRow(flat, row))
    const more = from + CHUNK_ROWS < series.rows
    yield format === 'csv' ? `${lines.join('\n')}\n` : lines.join(',\n') + (more ? ',\n' : '\n')
  }
  if (format === 'json') yield ']\n'
}

const SIDES = ['sell', 'unknown', 'buy'] as const
const cellOf = ({ cells }: Flat, row: number): string | number | null => {
  const value = cells[row]!
  if (cells instanceof Int8Array) return SIDES[value + 1] ?? 'unknown'
  return Number.isNaN(value) ? null : value
}
const csvRow = (flat: readonly Flat[], row: number): string => flat.map((each) => cellOf(each, row) ?? '').join(',')

const jsonRow = (flat: readonly Flat[], row: number): string =>
  JSON.stringify(Object.fromEntries(flat.map((each) => [each.name, cellOf(each, row)])))

async function writeParquet(series: MarketColumns, file: string): Promise<void> {
  const { parquetWriteFile } = await import('hyparquet-writer')
  const { time } = KIND_SPECS[series.kind]
  parquetWriteFile({
    filename: file,
    columnData: flatten(series).map(({ name, cells }) =>
      // Times are whole microseconds: 64-bit integers, so that every reader takes them exactly.
      name === time || name === 'venueTimeUs'
        ? { name, data: BigInt64Array.from(cells as Float64Array, BigInt), type: 'INT64', nullable: false }
        : cells instanceof Int8Array
          ? { name, data: Int32Array.from(cells), type: 'INT32', nullable: false }
          : { name, data: cells, type: 'DOUBLE', nullable: false },
    ),
  })
}

async function arrowBytes(series: MarketColumns): Promise<Uint8Array> {
  const arrow = await loadArrow()
  const columns = flatten(series).map(({ name, cells }) => {
    const isTime = name === timeNameOf(series) || name === 'venueTimeUs'
    if (!isTime) return [name, arrow.makeVector(cells.slice())] as const
    const values = BigInt64Array.from(cells as Float64Array, BigInt)
    return [
      name,
      arrow.makeVector(arrow.makeData({ type: new arrow.TimestampMicrosecond('UTC'), data: values })),
    ] as const
  })
  const table = new arrow.Table(Object.fromEntries(columns))
  return arrow.tableToIPC(table, 'file', arrow.CompressionType.ZSTD)
}
const timeNameOf = (series: MarketColumns): string => KIND_SPECS[series.kind].time
