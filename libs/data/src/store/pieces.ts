import { closeSync, openSync, readSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { crc32 } from 'node:zlib'
import { damaged } from './format.ts'

/** A column of a file and the shared memory that it goes to. */
export type Piece = {
  readonly file: string
  /** For people. */
  readonly name: string
  readonly column: string
  readonly offset: number
  readonly crc32: number
  readonly target: Uint8Array
}

/** Less is read sooner than a thread begins. */
const BESIDE_BYTES = 128 << 20

type OpenFile = { file: string; fd: number }

/** Fills all targets, and refuses a column that is not what was written. */
export function readPieces(pieces: readonly Piece[]): void {
  withFile((open) => {
    for (const piece of pieces) readPiece(piece, open)
  })
}

/** The same into shared memory; much of it is read by two threads. */
export async function readSharedPieces(pieces: readonly Piece[], besideBytes = BESIDE_BYTES): Promise<void> {
  const bytes = pieces.reduce((sum, { target }) => sum + target.length, 0)
  if (bytes < besideBytes) return readPieces(pieces)
  const next = new Int32Array(new SharedArrayBuffer(4))
  const failed = readBeside(pieces, next)
  try {
    withFile((open) => {
      for (let at = Atomics.add(next, 0, 1); at < pieces.length; at = Atomics.add(next, 0, 1))
        readPiece(pieces[at]!, open)
    })
  } finally {
    Atomics.store(next, 0, pieces.length)
  }
  // What the other could not read is told by reading it again.
  readPieces((await failed).map((at) => pieces[at]!))
}

/** Pieces of one file follow each other: it is opened once for them. */
function withFile(use: (open: OpenFile) => void): void {
  const open = { file: '', fd: -1 }
  try {
    use(open)
  } finally {
    if (open.fd >= 0) closeSync(open.fd)
  }
}

function readPiece(
  { file, name, column, offset, crc32: sum, target }: Piece,
  open: { file: string; fd: number },
): void {
  if (open.file !== file) {
    const fd = openSync(file, 'r')
    if (open.fd >= 0) closeSync(open.fd)
    Object.assign(open, { file, fd })
  }
  for (let done = 0; done < target.length;) {
    const read = readSync(open.fd, target, done, target.length - done, offset + done)
    if (read === 0) throw damaged(name, `ends in column ${column}`)
    done += read
  }
  if (crc32(target) !== sum) throw damaged(name, `checksum of column ${column}`)
}

/** The same on another thread, which takes turns at `next`; it tells which of them it could not read. */
const THREAD = `
  const { closeSync, openSync, readSync } = require('node:fs')
  const { parentPort, workerData: { pieces, next } } = require('node:worker_threads')
  const { crc32 } = require('node:zlib')
  const failed = []
  for (let at = Atomics.add(next, 0, 1); at < pieces.length; at = Atomics.add(next, 0, 1)) {
    const { file, offset, crc32: sum, target } = pieces[at]
    try {
      const fd = openSync(file, 'r')
      try {
        let done = 0
        for (let read = -1; read !== 0 && done < target.length; done += read)
          read = readSync(fd, target, done, target.length - done, offset + done)
        if (done < target.length || crc32(target) !== sum) failed.push(at)
      } finally {
        closeSync(fd)
      }
    } catch {
      failed.push(at)
    }
  }
  parentPort.postMessage(failed)`

function readBeside(pieces: readonly Piece[], next: Int32Array): Promise<number[]> {
  const worker = new Worker(THREAD, { eval: true, workerData: { pieces, next }, env: {} })
  const failed = new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that reads columns ended')))
  })
  // Somebody waits for it at the end; until then nothing is wrong.
  failed.catch(() => {})
  return failed
}
