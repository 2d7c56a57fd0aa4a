import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'

/* What is asked of a file's bytes, whatever they mean. */

const PIECE_BYTES = 1 << 20
const LOOK_BYTES = 1 << 16
const NEWLINE = 10

/** SHA-256 of the bytes. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) hash.update(piece as Buffer)
  return hash.digest('hex')
}

/** A file of less is hashed sooner than a thread begins. */
const BESIDE_BYTES = 16 << 20
const THREAD = `
  const { createHash } = require('node:crypto')
  const { createReadStream } = require('node:fs')
  const { parentPort, workerData } = require('node:worker_threads')
  const hash = createHash('sha256')
  createReadStream(workerData.file, { highWaterMark: workerData.bytes })
    .on('data', (piece) => hash.update(piece))
    .on('end', () => parentPort.postMessage(hash.digest('hex')))`

/** The same on a thread of its own, while its rows are read here. */
export async function hashBeside(file: string, signal: AbortSignal): Promise<string> {
  const { size: bytes } = await stat(file)
  if (bytes < BESIDE_BYTES) return await hashFile(file)
  const worker = new Worker(THREAD, { eval: true, workerData: { file, bytes: PIECE_BYTES }, env: {} })
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      worker.once('exit', () => reject(new Error(`${file}: the thread that hashes it ended`)))
    })
  } finally {
    await worker.terminate()
  }
}

/** Of a plain file of lines, by its first ones and generously; of any other a guess, of none 0. */
export async function likelyRows(file: string): Promise<number> {
  const handle = await open(file, 'r').catch(() => undefined)
  if (!handle) return 0
  try {
    const status = await handle.stat()
    if (!status.isFile()) return 0
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(LOOK_BYTES), 0, LOOK_BYTES, 0)
    let lines = 0
    for (let i = 0; i < bytesRead; i++) if (buffer[i] === NEWLINE) lines++
    return lines === 0 ? 0 : Math.min(ROWS_MAX, Math.ceil((status.size / bytesRead) * lines * GENEROUS) + lines)
  } finally {
    await handle.close()
  }
}
const GENEROUS = 1.1
/** Of more rows the columns grow as they come. */
const ROWS_MAX = 20_000_000
