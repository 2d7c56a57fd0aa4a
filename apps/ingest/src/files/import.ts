import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { inspectFile, judgeFile } from '@contrail/data'
import type { FileFeed, FileOptions, FileReport, JudgedRow } from '@contrail/data'
import { openDatabase } from '@contrail/db'
import type { SqlRunner } from '@contrail/db'
import { systemClock } from '@contrail/runtime'
import { Archive, noteProgress, sourceOf } from '../archive/archive.ts'
import { emptyBatch, insertBatch, Room } from '../archive/rows.ts'
import type { Batch } from '../archive/rows.ts'

export type ImportOptions = FileOptions & {
  /** MARKET database as the recorder's role. */
  marketDbUrl: string
  onProgress?: (rows: number) => void
}
export type ImportReport = FileReport & {
  sha256: string
  /** The same content was imported before: nothing was written. */
  known: boolean
  /** Rows that are new in the archive. */
  written: { ticks: number; candles: number }
}

const BATCH_ROWS = 5000
const DAY_US = 86_400_000_000

/**
 * A file into the archive, whole or not at all: it is read once to the end first, so that a damaged one changes nothing,
 * and then written in one transaction. Its trades bring their bars of all timeframes.
 */
export async function importFile(options: ImportOptions): Promise<ImportReport> {
  const feed = await inspectFile(options)
  const days = { ticks: new Set<number>(), candles: new Set<number>() }
  const report = await judgeFile(feed, (row) => noteDay(days, row))
  const sha256 = await hashOf(options.file)
  const database = openDatabase(options.marketDbUrl, { max: 2, name: 'contrail-import' })
  try {
    const room = new Room(database.sql)
    await room.ensure('ticks', [...days.ticks])
    await room.ensure('candles', [...days.candles])
    const archive = new Archive(database.sql)
    const written = await database.sql.begin(async (tx) => await write(tx, feed, sha256, options.onProgress))
    await archive.saveInstruments([feed.instrument], systemClock.nowUs())
    return { ...report, sha256, known: written === undefined, written: written ?? { ticks: 0, candles: 0 } }
  } finally {
    await database.close()
  }
}

function noteDay(days: { ticks: Set<number>; candles: Set<number> }, row: JudgedRow): void {
  const atUs = row.kind === 'tick' ? row.tick.receiveTimeUs : row.candle.openTimeUs
  days[row.kind === 'tick' ? 'ticks' : 'candles'].add(atUs - (atUs % DAY_US))
}

async function write(tx: SqlRunner, feed: FileFeed, sha256: string, onProgress?: (rows: number) => void) {
  const name = `sha256:${sha256} ${feed.instrument.venue}.${feed.instrument.instrument}`
  const createdUs = systemClock.nowUs()
  const { sourceId, lastSequence } = await sourceOf(tx, { kind: 'file', name, detail: feed.name, createdUs })
  if (lastSequence > 0) return undefined
  const written = { ticks: 0, candles: 0 }
  let batch: Batch = emptyBatch()
  let rows = 0
  let lastLine = 0
  const flush = async (): Promise<void> => {
    const inserted = await insertBatch(tx, batch)
    written.ticks += inserted.ticks
    written.candles += inserted.candles
    rows += batch.ticks.length + batch.candles.length
    batch = emptyBatch()
    onProgress?.(rows)
  }
  const { venue, instrument } = feed.instrument
  await judgeFile(feed, async (row) => {
    const origin = { sourceId, sequence: row.line, venue, instrument }
    lastLine = row.line
    if (row.kind === 'tick') batch.ticks.push({ ...origin, tick: row.tick })
    else batch.candles.push({ ...origin, candle: row.candle })
    if (batch.ticks.length + batch.candles.length >= BATCH_ROWS) await flush()
  })
  await flush()
  await noteProgress(tx, sourceId, lastLine)
  return written
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
