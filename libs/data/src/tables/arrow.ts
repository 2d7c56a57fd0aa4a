import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Refusal, refuse } from '@contrail/contracts'
import type { Vector } from 'apache-arrow'
import type { TableBatch, TableColumn } from './table.ts'

type Arrow = typeof import('apache-arrow')
type Lz4 = Record<'compress' | 'decompress', (data: Uint8Array) => ArrayLike<number>>
let loading: Promise<Arrow> | undefined

/** Arrow with the two codecs that feather files use; loaded when the first such file is met. */
export async function loadArrow(): Promise<Arrow> {
  loading ??= (async () => {
    const arrow = await import('apache-arrow')
    // It has neither types nor an ES face.
    const lz4 = createRequire(import.meta.url)('lz4js') as Lz4
    arrow.compressionRegistry.set(arrow.CompressionType.ZSTD, {
      decode: (data) => zstdDecompressSync(data),
      encode: (data) => zstdCompressSync(data),
    })
    arrow.compressionRegistry.set(arrow.CompressionType.LZ4_FRAME, {
      decode: (data) => Uint8Array.from(lz4.decompress(data)),
      encode: (data) => Uint8Array.from(lz4.compress(data)),
    })
    return arrow
  })()
  return await loading
}

/** Record batches of an Arrow file, an Arrow stream or a Feather file (which is an Arrow file since its version 2). */
export async function* arrowBatches(file: string, name: string): AsyncGenerator<TableBatch> {
  const arrow = await loadArrow()
  try {
    const reader = arrow.RecordBatchReader.from(readFileSync(file))
    for (const batch of reader) {
      const columns = batch.schema.fields.map((field, i) => {
        const vector = batch.getChildAt(i)
        if (!vector) throw refuse('damaged_file', 'file', `${name}: no column ${field.name}`, 'copy it again')
        return columnOf(arrow, field.name, vector as Vector)
      })
      yield { rows: batch.numRows, columns }
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw refuse('damaged_file', 'file', `${name}: ${String(error)}`, 'copy it again, or export it anew as Arrow')
  }
}

/** Microseconds per unit of an Arrow timestamp: seconds, milliseconds, microseconds; nanoseconds are divided. */
const UNIT_US: readonly (bigint | undefined)[] = [1_000_000n, 1000n, 1n]

function columnOf(arrow: Arrow, name: string, vector: Vector): TableColumn {
  const { type } = vector
  const text = (row: number): string => {
    const value: unknown = vector.get(row)
    return value === null || value === undefined ? '' : String(value as string)
  }
  if (arrow.DataType.isTimestamp(type)) {
    const raw = vector.data[0]?.values as BigInt64Array
    const factor = UNIT_US[type.unit]
    const us = (value: bigint): number => Number(factor === undefined ? value / 1000n : value * factor)
    return { name, isTime: true, text, number: (row) => (vector.isValid(row) ? us(raw[row]!) : Number.NaN) }
  }
  return {
    name,
    isTime: false,
    text,
    number: (row) => {
      const value: unknown = vector.get(row)
      if (typeof value === 'number') return value
      if (typeof value === 'bigint') return Number(value)
      return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
    },
  }
}
