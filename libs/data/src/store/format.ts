import { crc32 } from 'node:zlib'
import { refuse, TIMEFRAMES } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { BYTES_PER, cellsOf, KIND_SPECS, KINDS } from '../columns/kinds.ts'
import type { ColumnType, SeriesKey } from '../columns/kinds.ts'

/*
 * One file holds one period of one series:
 *
 *   0  8 bytes  "CONTRAIL"
 *   8  u32      version of this layout
 *  12  u32      bytes of the header, a multiple of 64; the columns follow
 *  16  f64      rows
 *  24  f64      time of the first row, microseconds
 *  32  f64      time of the last row
 *  40  u32      CRC-32 of the whole header with these four bytes as zero
 *  44  u32      bytes of the description
 *  48  16 zeros
 *  64  description, JSON in UTF-8: series, instrument, sources, and of each column its name, type, offset, bytes, CRC-32
 *
 * All numbers little-endian; every column begins at a multiple of 64. A reader needs the header and the columns it wants.
 */
export const MAGIC = 'CONTRAIL'
export const VERSION = 1
export const EXTENSION = '.columns'
const FIXED_BYTES = 64
const ALIGN = 64
/** A header longer than this is damage, not a description. */
export const HEADER_BYTES_MAX = 1 << 20
/** Files and streams that a period was made from; the oldest fall out. */
const SOURCES_MAX = 64

export type StoredColumn = {
  readonly name: string
  readonly type: ColumnType
  readonly offset: number
  readonly bytes: number
  crc32: number
}
export type Description = SeriesKey & {
  readonly definition: Instrument
  readonly sources: readonly string[]
  readonly columns: readonly StoredColumn[]
}
export type Header = {
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  readonly description: Description
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGN) * ALIGN

/** Where the columns will lie. Checksums are filled in once they are known: their digits do not change the length. */
export function plan(key: SeriesKey, rows: number): StoredColumn[] {
  let offset = 0
  return KIND_SPECS[key.kind].columns.map((spec) => {
    const bytes = cellsOf(spec, rows, key.depth) * BYTES_PER[spec.type]
    const column: StoredColumn = { name: spec.name, type: spec.type, offset, bytes, crc32: 0 }
    offset = aligned(offset + bytes)
    return column
  })
}

/** Room that the header takes, whatever its checksums are. */
export function headerRoom(description: Description): number {
  const longest = description.columns.map((column) => ({ ...column, crc32: 0xffffffff, offset: 2 ** 52 }))
  return aligned(FIXED_BYTES + Buffer.byteLength(JSON.stringify({ ...description, columns: longest })))
}

/** `columns` carry offsets from the start of the columns; in the file they count from its start. */
export function encodeHeader({ rows, firstUs, lastUs, description }: Header, room: number): Buffer {
  const columns = description.columns.map((column) => ({ ...column, offset: room + column.offset }))
  const sources = description.sources.slice(-SOURCES_MAX)
  const text = Buffer.from(JSON.stringify({ ...description, sources, columns }))
  const header = Buffer.alloc(room)
  header.write(MAGIC, 0, 'latin1')
  header.writeUInt32LE(VERSION, 8)
  header.writeUInt32LE(room, 12)
  header.writeDoubleLE(rows, 16)
  header.writeDoubleLE(firstUs, 24)
  header.writeDoubleLE(lastUs, 32)
  header.writeUInt32LE(text.length, 44)
  text.copy(header, FIXED_BYTES)
  header.writeUInt32LE(crc32(header), 40)
  return header
}

export const damaged = (name: string, what: string) =>
  refuse('damaged_file', 'data file', `${name}: ${what}`, `import it again, or: contrail data repair --from FILE`)

/** Bytes that the header has, from its first 64. */
export function headerBytesOf(fixed: Buffer, name: string): number {
  if (fixed.length < FIXED_BYTES || fixed.toString('latin1', 0, 8) !== MAGIC) throw damaged(name, 'not a column file')
  const version = fixed.readUInt32LE(8)
  if (version !== VERSION)
    throw refuse('other_version', 'data file', `${name}: version ${version}`, `this program reads version ${VERSION}`)
  const bytes = fixed.readUInt32LE(12)
  if (bytes < FIXED_BYTES || bytes > HEADER_BYTES_MAX || bytes % ALIGN !== 0) throw damaged(name, 'header length')
  return bytes
}

export function decodeHeader(header: Buffer, name: string): Header {
  const bytes = headerBytesOf(header, name)
  if (header.length < bytes) throw damaged(name, 'ends in the header')
  const sum = header.readUInt32LE(40)
  const zeroed = Buffer.from(header)
  zeroed.writeUInt32LE(0, 40)
  if (crc32(zeroed) !== sum) throw damaged(name, 'checksum of the header does not match')
  const length = header.readUInt32LE(44)
  const description: unknown = JSON.parse(header.toString('utf8', FIXED_BYTES, FIXED_BYTES + length))
  if (!isDescription(description)) throw damaged(name, 'description')
  return {
    rows: header.readDoubleLE(16),
    firstUs: header.readDoubleLE(24),
    lastUs: header.readDoubleLE(32),
    description,
  }
}

/**
 * Whether a reader can work with it. By hand: its checksum says that it is what a writer of this layout wrote, and a schema
 * would have to be loaded before the first row is read.
 */
function isDescription(value: unknown): value is Description {
  const { venue, instrument, kind, timeframe, depth, definition, sources, columns } = (value ??
    {}) as Partial<Description>
  return (
    typeof venue === 'string' &&
    typeof instrument === 'string' &&
    KINDS.some((one) => one === kind) &&
    (timeframe === undefined || TIMEFRAMES.includes(timeframe)) &&
    (depth === undefined || isCount(depth)) &&
    typeof definition?.venue === 'string' &&
    typeof definition.instrument === 'string' &&
    [definition.tickSize, definition.lotSize].every((step) => Number(step) > 0) &&
    Array.isArray(sources) &&
    Array.isArray(columns) &&
    columns.every(isColumn)
  )
}
const isColumn = ({ name, type, offset, bytes, crc32: sum }: StoredColumn): boolean =>
  typeof name === 'string' && BYTES_PER[type] > 0 && [offset, bytes, sum].every(isCount)
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
