import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { refuse } from '@contrail/contracts'
import { hashSeries } from '@contrail/data'
import type { ObjectStore } from '@contrail/runtime'
import type { MarketColumns } from '@contrail/trading'

/*
 * A series as one object: 4 bytes length of the header, the header (JSON), then its columns one after another, the whole
 * compressed. Its name is the hash of its rows, so it is uploaded once and read by any study.
 */
type Header = {
  readonly shape: Readonly<Record<string, unknown>>
  readonly columns: readonly { readonly name: string; readonly type: 'f64' | 'i8'; readonly cells: number }[]
}

/** Before compression. Larger data is read by each worker from files of its own: see `contrail worker --data`. */
export const DATASET_BYTES_MAX = 1_500_000_000
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

export async function encodeSeries(series: MarketColumns): Promise<Uint8Array> {
  const arrays = Object.entries(series).filter(([, value]) => ArrayBuffer.isView(value)) as [string, Float64Array][]
  const columns = arrays.map(([name, column]) => ({
    name,
    type: column instanceof Float64Array ? ('f64' as const) : ('i8' as const),
    cells: column.length,
  }))
  const shape = Object.fromEntries(Object.entries(series).filter(([, value]) => !ArrayBuffer.isView(value)))
  const header = new TextEncoder().encode(JSON.stringify({ shape, columns } satisfies Header))
  const total = arrays.reduce((sum, [, column]) => sum + column.byteLength, 4 + header.length)
  if (total > DATASET_BYTES_MAX)
    throw refuse(
      'too_large',
      'data',
      `${total} bytes`,
      `at most ${DATASET_BYTES_MAX}: a shorter period, or --jobs alone`,
    )
  const whole = Buffer.allocUnsafe(total)
  whole.writeUInt32LE(header.length, 0)
  whole.set(header, 4)
  let at = 4 + header.length
  for (const [, column] of arrays) {
    whole.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at)
    at += column.byteLength
  }
  return await compress(whole)
}

/** Over shared memory, so that all threads of a worker read the same. */
export async function decodeSeries(data: Uint8Array): Promise<MarketColumns> {
  const whole = await decompress(data)
  const length = whole.readUInt32LE(0)
  const { shape, columns } = JSON.parse(whole.toString('utf8', 4, 4 + length)) as Header
  let at = 4 + length
  const arrays = columns.map(({ name, type, cells }) => {
    const memory = new SharedArrayBuffer(cells * (type === 'f64' ? 8 : 1))
    const bytes = new Uint8Array(memory)
    bytes.set(whole.subarray(at, at + bytes.length))
    at += bytes.length
    return [name, type === 'f64' ? new Float64Array(memory) : new Int8Array(memory)] as const
  })
  return { ...shape, ...Object.fromEntries(arrays) } as unknown as MarketColumns
}

/** Its name in the store. What is there already is not sent again. */
export async function uploadSeries(store: ObjectStore, series: MarketColumns): Promise<string> {
  const hash = hashSeries([series])
  if (!(await store.get(hash))) await store.put(hash, await encodeSeries(series))
  return hash
}

export async function downloadSeries(store: ObjectStore, hash: string): Promise<MarketColumns> {
  const data = await store.get(hash)
  if (!data) throw refuse('not_found', 'data', hash, 'the study must be started again: data sets go after 30 days')
  const series = await decodeSeries(data)
  const found = hashSeries([series])
  if (found !== hash) throw refuse('damaged', 'data', hash, `it holds ${found}: start the study again`)
  return series
}
