import { decodeCandle, decodeQuote, decodeTick, parseSubject } from '@contrail/contracts'
import type { Candle, Quote, Tick } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import type { BusMessage, Consumer, Running, ServiceContext } from '@contrail/runtime'
import { noteProgress } from '../archive/archive.ts'
import { emptyBatch, insertBatch, Room } from '../archive/rows.ts'
import type { Batch } from '../archive/rows.ts'
import { Incarnations } from './incarnations.ts'

export type RecorderOptions = {
  database: Database
  quotes: boolean
  stream?: string
  durable?: string
  /** Rows of one transaction, and how long the first of them waits for the others. */
  batchRowsMax?: number
  batchWaitMs?: number
}

const BATCH_ROWS_MAX = 2000
/** Half a second: what is not in the archive yet is in ingest's memory, and each batch is a transaction. */
const BATCH_WAIT_MS = 500
/** Unacknowledged messages in hand: two batches, so that one fills while the other is written. */
const IN_HAND_BATCHES = 2
const RETRY_MS = { first: 200, most: 5000 }

type InHand = { message: BusMessage; parsed: Parsed; resolve: () => void; reject: (error: Error) => void }
type Parsed =
  | { kind: 'tick'; venue: string; instrument: string; tick: Tick }
  | { kind: 'quote'; venue: string; instrument: string; quote: Quote }
  | { kind: 'candle'; venue: string; instrument: string; candle: Candle }
  /** Of a kind that is not recorded: only its sequence counts. */
  | { kind: 'other' }

/**
 * MD into the archive: read through a durable consumer, written in batches, acknowledged after the commit. A repeat
 * changes nothing (stream incarnation and sequence are the key). While the database is away the stream keeps what comes;
 * the feed never waits for the recorder.
 */
export class Recorder implements Running {
  readonly name = 'recorder'
  readonly #context: ServiceContext
  readonly #options: RecorderOptions
  readonly #incarnations: Incarnations
  readonly #room: Room
  #consumer: Consumer | undefined
  #inHand: InHand[] = []
  #timer: { cancel(): void } | undefined
  #writing: Promise<void> | undefined
  #stopping = false
  #problem: string | undefined
  #wake: (() => void) | undefined
  readonly #rowsMax: number
  readonly #rows
  readonly #failures
  readonly #seconds

  constructor(context: ServiceContext, options: RecorderOptions) {
    this.#context = context
    this.#options = options
    this.#rowsMax = options.batchRowsMax ?? BATCH_ROWS_MAX
    const { sql } = options.database
    this.#incarnations = new Incarnations(context.bus, sql, options.stream ?? 'MD', () => context.clock.nowUs())
    this.#room = new Room(sql)
    this.#rows = context.metrics.counter('recorder_rows_total', 'Rows written', ['table'])
    this.#failures = context.metrics.counter('recorder_failures_total', 'Batches that had to be written again')
    this.#seconds = context.metrics.histogram('recorder_batch_seconds', 'Time to write one batch')
  }

  async start(): Promise<this> {
    this.#consumer = await this.#context.bus.consume({
      stream: this.#options.stream ?? 'MD',
      durable: this.#options.durable ?? 'recorder',
      concurrency: this.#rowsMax * IN_HAND_BATCHES,
      onMessage: async (message) => await this.#take(message),
    })
    return this
  }

  /** Why it is not ready, or nothing. */
  problem(): string | undefined {
    return this.#problem
  }

  /** Dropped chunks or partitions are asked for again when rows of their time come. */
  forgetRoom(): void {
    this.#room.forget()
  }

  /** Writes what is in hand; what the database does not take stays in the stream for the next life. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#wake?.()
    const stopped = this.#consumer?.stop()
    await this.#writing
    if (this.#inHand.length > 0) await this.#write()
    for (const { reject } of this.#inHand) reject(new Error('the recorder stops; the stream keeps the message'))
    this.#inHand = []
    await stopped
  }

  /** Resolves when the row is committed: then the bus acknowledges it. A poison message is refused alone, not a batch. */
  async #take(message: BusMessage): Promise<void> {
    const parsed = parse(message)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#inHand.push({ message, parsed, resolve, reject })
    if (this.#inHand.length >= this.#rowsMax || this.#stopping) void this.#write()
    else this.#writeSoon()
    await promise
  }

  /** A timer that has rung is none any more, also when it rang during a write: else nothing would ring for what came then. */
  #writeSoon(): void {
    this.#timer ??= this.#context.clock.setTimer(this.#options.batchWaitMs ?? BATCH_WAIT_MS, () => {
      this.#timer = undefined
      void this.#write()
    })
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
      if (this.#inHand.length > 0 && !this.#stopping) this.#writeSoon()
    })
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    let pauseMs = RETRY_MS.first
    while (this.#inHand.length > 0) {
      const batch = this.#inHand.slice(0, this.#rowsMax)
      try {
        const end = this.#seconds.startTimer()
        await this.#commit(batch)
        end()
        this.#inHand = this.#inHand.slice(batch.length)
        for (const { resolve } of batch) resolve()
        this.#problem = undefined
        pauseMs = RETRY_MS.first
      } catch (error) {
        this.#failures.inc()
        this.#problem = `the archive does not take rows: ${(error as Error).message}`
        this.#context.log.warn({ err: error, rows: batch.length }, 'a batch was not written; it is tried again')
        if (this.#stopping) return
        await this.#pause(pauseMs)
        pauseMs = Math.min(RETRY_MS.most, pauseMs * 2)
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.clock.setTimer(ms, resolve)
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  async #commit(inHand: readonly InHand[]): Promise<void> {
    await this.#incarnations.refresh(inHand.reduce((least, { message }) => Math.min(least, message.sequence), Infinity))
    const batch = emptyBatch()
    const progress = new Map<number, number>()
    for (const { message, parsed } of inHand) {
      const sourceId = this.#incarnations.sourceIdOf(message)
      progress.set(sourceId, Math.max(progress.get(sourceId) ?? 0, message.sequence))
      this.#add(batch, parsed, sourceId, message.sequence)
    }
    await this.#room.forBatch(batch)
    await this.#options.database.sql.begin(async (tx) => {
      await insertBatch(tx, batch)
      for (const [sourceId, sequence] of progress) await noteProgress(tx, sourceId, sequence)
    })
    for (const [sourceId, sequence] of progress) this.#incarnations.wrote(sourceId, sequence)
    for (const table of ['ticks', 'quotes', 'candles'] as const) this.#rows.inc({ table }, batch[table].length)
  }

  #add(batch: Batch, parsed: Parsed, sourceId: number, sequence: number): void {
    if (parsed.kind === 'other') return
    const origin = { sourceId, sequence, venue: parsed.venue, instrument: parsed.instrument }
    if (parsed.kind === 'tick') batch.ticks.push({ ...origin, tick: parsed.tick })
    else if (parsed.kind === 'candle') batch.candles.push({ ...origin, candle: parsed.candle })
    else if (this.#options.quotes) batch.quotes.push({ ...origin, quote: parsed.quote })
  }
}

function parse(message: BusMessage): Parsed {
  const subject = parseSubject(message.subject)
  if (subject.kind === 'tick') return { ...subject, kind: 'tick', tick: decodeTick(message.data) }
  if (subject.kind === 'quote') return { ...subject, kind: 'quote', quote: decodeQuote(message.data) }
  if (subject.kind === 'candle') return { ...subject, kind: 'candle', candle: decodeCandle(message.data) }
  return { kind: 'other' }
}
