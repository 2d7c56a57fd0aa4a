import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import type { Instrument } from '@contrail/contracts'
import { BYTES_PER, cellsOf, KIND_SPECS } from '../columns/kinds.ts'
import type { ColumnArray, Rows, SeriesKey } from '../columns/kinds.ts'
import { damaged, decodeHeader, encodeHeader, headerBytesOf, headerRoom, plan } from './format.ts'
import type { Description, Header, StoredColumn } from './format.ts'
import { readPieces } from './pieces.ts'
import type { Piece } from './pieces.ts'

/** Rows on their way into a file, column by column, so that none of them has to be in memory whole. */
export type Part = {
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  column(name: string, take: (bytes: Uint8Array) => void): void
}
const COPY_BYTES = 4 << 20

export const bytesOf = (array: ColumnArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

export function partOf(key: SeriesKey, { rows, columns }: Rows): Part {
  const times = columns[KIND_SPECS[key.kind].time]!
  return {
    rows,
    firstUs: times[0] ?? Number.NaN,
    lastUs: times[rows - 1] ?? Number.NaN,
    column: (name, take) => {
      const spec = KIND_SPECS[key.kind].columns.find((one) => one.name === name)!
      take(bytesOf(columns[name]!.subarray(0, cellsOf(spec, rows, key.depth))))
    },
  }
}

/** Writes a whole file and forces it to the disk. The caller renames it to its place. */
export function writePeriod(
  file: string,
  key: SeriesKey,
  definition: Instrument,
  sources: readonly string[],
  parts: readonly Part[],
): void {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const columns = plan(key, rows)
  const description: Description = { ...key, definition, sources: [...sources], columns }
  const room = headerRoom(description)
  const fd = openSync(file, 'wx')
  try {
    for (const column of columns) writeColumn(fd, room, column, parts)
    const times = { firstUs: parts[0]?.firstUs ?? Number.NaN, lastUs: parts.at(-1)?.lastUs ?? Number.NaN }
    writeSync(fd, encodeHeader({ rows, ...times, description }, room), 0, room, 0)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function writeColumn(fd: number, room: number, column: StoredColumn, parts: readonly Part[]): void {
  let at = room + column.offset
  const end = at + column.bytes
  for (const part of parts)
    part.column(column.name, (bytes) => {
      column.crc32 = crc32(bytes, column.crc32)
      for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from, bytes.length - from, at + from)
      at += bytes.length
    })
  if (at !== end) throw new Error(`column ${column.name} has ${at - end} bytes too many`)
}

export class PeriodFile {
  readonly file: string
  readonly header: Header
  readonly #name: string

  constructor(file: string) {
    this.file = file
    this.#name = path.basename(path.dirname(file)) + path.sep + path.basename(file)
    this.header = this.#open((fd) => {
      const fixed = Buffer.alloc(64)
      readSync(fd, fixed, 0, 64, 0)
      const header = Buffer.alloc(headerBytesOf(fixed, this.#name))
      const read = readSync(fd, header, 0, header.length, 0)
      return decodeHeader(header.subarray(0, read), this.#name)
    })
  }

  get rows(): number {
    return this.header.rows
  }

  get key(): SeriesKey {
    const { venue, instrument, kind, timeframe, depth } = this.header.description
    return { venue, instrument, kind, ...(timeframe ? { timeframe } : {}), ...(depth ? { depth } : {}) }
  }

  /** Reads these columns into `targets` from `row` on, and refuses a column that is not what was written. */
  readInto(targets: Readonly<Record<string, ColumnArray>>, row: number): void {
    readPieces(this.pieces(targets, row))
  }

  /** These columns, and where in `targets` they go from `row` on. */
  pieces(targets: Readonly<Record<string, ColumnArray>>, row: number): Piece[] {
    const { kind, depth } = this.key
    return this.header.description.columns.flatMap((column): Piece[] => {
      const array = targets[column.name]
      if (!array) return []
      const spec = KIND_SPECS[kind].columns.find(({ name }) => name === column.name)!
      const cell = cellsOf(spec, row, depth)
      const target = bytesOf(array.subarray(cell, cell + column.bytes / BYTES_PER[column.type]))
      const { name, offset, crc32: sum } = column
      return [{ file: this.file, name: this.#name, column: name, offset, crc32: sum, target }]
    })
  }

  /** As a part of a new file. */
  part(): Part {
    const { rows, firstUs, lastUs } = this.header
    return { rows, firstUs, lastUs, column: (name, take) => this.#copy(name, take) }
  }

  #copy(name: string, take: (bytes: Uint8Array) => void): void {
    const column = this.header.description.columns.find((one) => one.name === name)
    if (!column) throw damaged(this.#name, `no column ${name}`)
    this.#open((fd) => {
      let sum = 0
      for (let at = 0; at < column.bytes; at += COPY_BYTES) {
        const bytes = new Uint8Array(Math.min(COPY_BYTES, column.bytes - at))
        this.#fill(fd, { ...column, offset: column.offset + at }, bytes)
        sum = crc32(bytes, sum)
        take(bytes)
      }
      if (sum !== column.crc32) throw damaged(this.#name, `checksum of column ${name}`)
    })
  }

  #fill(fd: number, { offset, name }: Pick<StoredColumn, 'offset' | 'name'>, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const read = readSync(fd, bytes, done, bytes.length - done, offset + done)
      if (read === 0) throw damaged(this.#name, `ends in column ${name}`)
      done += read
    }
  }

  #open<T>(use: (fd: number) => T): T {
    const fd = openSync(this.file, 'r')
    try {
      return use(fd)
    } finally {
      closeSync(fd)
    }
  }
}
