import { refuse } from '@contrail/contracts'
import type { TableBatch } from './table.ts'
import { valueColumn } from './table.ts'

/** Times as microseconds instead of dates, which know milliseconds only. */
const parsers = {
  timestampFromMilliseconds: (millis: bigint) => Number(millis) * 1000,
  timestampFromMicroseconds: Number,
  timestampFromNanoseconds: (nanos: bigint) => Number(nanos / 1000n),
}

/** Row groups of a Parquet file, one at a time. */
export async function* parquetBatches(file: string, name: string): AsyncGenerator<TableBatch> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetSchema } = await import('hyparquet')
  const { DEFAULT_PARSERS } = await import('hyparquet/src/convert.js')
  const { compressors } = await import('hyparquet-compressors')
  try {
    const buffer = await asyncBufferFromFile(file)
    const metadata = await parquetMetadataAsync(buffer)
    const times = new Set(
      parquetSchema(metadata)
        .children.filter(({ element }) => isTime(element))
        .map(({ element }) => element.name),
    )
    let rowStart = 0
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows)
      const values = new Map<string, unknown[]>()
      await parquetRead({
        file: buffer,
        metadata,
        compressors,
        rowStart,
        rowEnd,
        parsers: { ...DEFAULT_PARSERS, ...parsers },
        onChunk: ({ columnName, columnData, rowStart: from }) => {
          const column = values.get(columnName) ?? []
          for (let i = 0; i < columnData.length; i++) column[from - rowStart + i] = columnData[i]
          values.set(columnName, column)
        },
      })
      const columns = [...values].map(([column, cells]) => valueColumn(column, cells, times.has(column)))
      yield { rows: rowEnd - rowStart, columns }
      rowStart = rowEnd
    }
  } catch (error) {
    throw refuse('damaged_file', 'file', `${name}: ${String(error)}`, 'copy it again, or export it anew as Parquet')
  }
}

function isTime(element: { type?: string; converted_type?: string; logical_type?: { type: string } }): boolean {
  const { type, converted_type: converted = '', logical_type: logical } = element
  return type === 'INT96' || converted.startsWith('TIMESTAMP') || logical?.type === 'TIMESTAMP'
}
