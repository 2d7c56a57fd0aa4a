import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { crc32, createGunzip, createInflateRaw } from 'node:zlib'
import { Refusal, refuse } from '@contrail/contracts'
import { zipEntry } from './zip.ts'

/** A row longer than this is no row. The longest real one is a REST snapshot of 5,000 levels: about 300 kB. */
export const ROW_CHARACTERS_MAX = 4_000_000

/** Pieces: large enough that handing one on costs nothing, small enough for any machine. */
export const PIECE_BYTES = 1 << 20
const WIDE = { highWaterMark: PIECE_BYTES }
const UNPACKED = { chunkSize: PIECE_BYTES }

/** Text of a file in pieces: plain, gzip or a zip of one file, told by its first bytes. Bounded memory. */
export async function* textOf(file: string): AsyncGenerator<string> {
  const name = path.basename(file)
  const decoder = new TextDecoder('utf-8')
  try {
    for await (const chunk of await bytesOf(file, name)) yield decoder.decode(chunk as Buffer, { stream: true })
  } catch (error) {
    throw refusalOf(error, name)
  }
  yield decoder.decode()
}

/** Its bytes, unpacked. */
export async function bytesOf(file: string, name: string): Promise<AsyncIterable<unknown>> {
  const head = await firstBytes(file, name)
  if (head.length === 0) throw refuse('empty_file', 'file', name, 'give a file with rows')
  if (head[0] === 0x1f && head[1] === 0x8b) return inflate(createReadStream(file, WIDE), createGunzip(UNPACKED))
  if (head[0] === 0x50 && head[1] === 0x4b) {
    const entry = await zipEntry(file, name)
    const packed = createReadStream(file, { ...WIDE, start: entry.offset, end: entry.offset + entry.bytes - 1 })
    return checked(entry.method === 0 ? packed : inflate(packed, createInflateRaw(UNPACKED)), entry.crc32, name)
  }
  return createReadStream(file, WIDE)
}

/** Its bytes, unpacked, in pieces that are good until the next one is asked for: a plain file needs two for all. */
export async function* piecesOf(file: string, name: string): AsyncGenerator<Buffer> {
  const head = await firstBytes(file, name)
  const isPacked = (head[0] === 0x1f && head[1] === 0x8b) || (head[0] === 0x50 && head[1] === 0x4b)
  if (isPacked || head.length === 0) {
    for await (const piece of await bytesOf(file, name)) yield piece as Buffer
    return
  }
  const handle = await open(file, 'r')
  const buffers = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)]
  // The next piece is read while this one is worked on.
  let next = handle.read(buffers[0]!, 0, PIECE_BYTES)
  try {
    for (let turn = 1; ; turn ^= 1) {
      const { buffer, bytesRead } = await next
      if (bytesRead === 0) return
      next = handle.read(buffers[turn]!, 0, PIECE_BYTES)
      next.catch(() => {}) // It is told when its turn comes.
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await next.catch(() => {})
    await handle.close()
  }
}

export async function firstBytes(file: string, name: string): Promise<Buffer> {
  try {
    const handle = await open(file, 'r')
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') throw refuse('no_file', 'file', name, 'check the path')
    if (code === 'EISDIR') throw refuse('not_a_file', 'file', name, 'name one file, not a folder')
    throw error
  }
}

/** `pipe` does not carry errors: a failing disk must end the reading too. */
function inflate(packed: Readable, inflater: NodeJS.ReadWriteStream & Readable): Readable {
  packed.on('error', (error) => inflater.destroy(error))
  inflater.on('close', () => packed.destroy())
  return packed.pipe(inflater)
}

async function* checked(source: AsyncIterable<unknown>, expected: number, name: string): AsyncGenerator<unknown> {
  let sum = 0
  for await (const chunk of source) {
    sum = crc32(chunk as Buffer, sum)
    yield chunk
  }
  if (sum !== expected) throw refuse('checksum', 'file', name, 'copy it again: its content is not what was packed')
}

export function refusalOf(error: unknown, name: string): unknown {
  if (error instanceof Refusal) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return refuse('truncated_file', 'file', name, 'copy it again: it ends in the middle')
  if (code?.startsWith('Z_')) return refuse('damaged_file', 'file', `${name}: ${message}`, 'copy it again')
  return error
}

/** Lines with their number (from 1), without line ends; empty ones are skipped. */
export async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<Row> {
  let rest = ''
  let line = 0
  for await (const chunk of text) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    if (rest.length > ROW_CHARACTERS_MAX) throw tooLong(line + 1)
    for (const part of parts) {
      line++
      const row = part.endsWith('\r') ? part.slice(0, -1) : part
      if (row.trim() !== '') yield { line, text: row }
    }
  }
  if (rest.trim() !== '') yield { line: line + 1, text: rest }
}
export type Row = { readonly line: number; readonly text: string }

/**
 * The rows of one JSON array of arrays or objects, each as its text: a file of gigabytes is never one value in memory. The array
 * is the whole, or a field of an object, as answers of exchanges are: `wrapped` of them are open around it.
 */
export async function* jsonRowsOf(text: AsyncIterable<string>, wrapped = 0): AsyncGenerator<Row> {
  const rowDepth = wrapped + 2
  let depth = 0
  let inString = false
  let escaped = false
  let row = ''
  let line = 0
  for await (const chunk of text) {
    let from = 0
    for (let i = 0; i < chunk.length; i++) {
      const code = chunk.charCodeAt(i)
      if (inString) {
        if (escaped) escaped = false
        else if (code === BACKSLASH) escaped = true
        else if (code === QUOTE) inString = false
      } else if (code === QUOTE) inString = true
      else if ((code === OPEN || code === OPEN_OBJECT) && ++depth === rowDepth) from = i
      else if ((code === CLOSE || code === CLOSE_OBJECT) && depth-- === rowDepth) {
        yield { line: ++line, text: row + chunk.slice(from, i + 1) }
        row = ''
        from = i + 1
      }
    }
    if (depth >= rowDepth) row += chunk.slice(from)
    if (row.length > ROW_CHARACTERS_MAX) throw tooLong(line + 1)
  }
  if (depth !== 0) throw refuse('truncated_file', 'file', `${line} whole rows`, 'copy it again: the array does not end')
}
const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

const tooLong = (line: number) =>
  refuse('row_too_long', 'file', `row ${line}`, `a row has at most ${ROW_CHARACTERS_MAX} characters; check the format`)
