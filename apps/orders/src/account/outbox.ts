import { encodeJson } from '@contrail/contracts'
import { crashPoint, PublishRefused, WrongLastSequence } from '@contrail/runtime'
import type { Bus, Clock, Logger, PublishAck } from '@contrail/runtime'
import { loadUnpublished, markPublished } from '../store/load.ts'
import type { StoredReport, Writer } from '../store/write.ts'

/** Read from the table at a time, when there is more than memory should hold. */
const PAGE = 500
const RETRY_MS = 200
/** Published without waiting for each other. */
const WINDOW = 16
/** What is published is marked so soon, many in one commit, or at so many: nobody waits for the marks. */
const MARK_MS = 50
const MARKS_MAX = 500

/**
 * Reports of one account to TRADES, in the order of their rows. They are sent behind each other without waiting, each
 * but the first on the condition that the one before it is the last of the stream: none is ever stored before its
 * predecessor. What was stored without an answer, or without its mark, is published again under the same message id; a
 * receiver knows the report by its id for ever.
 */
export class Outbox {
  readonly #writer: Writer
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #log: Logger
  #waiting: StoredReport[] = []
  readonly #marks: { id: number; sequence: number }[] = []
  #marking: Promise<void> | undefined
  #marker: { cancel(): void } | undefined
  #running: Promise<void> | undefined
  #stopped = false
  #more = false

  constructor(writer: Writer, bus: Bus, clock: Clock, log: Logger) {
    this.#writer = writer
    this.#bus = bus
    this.#clock = clock
    this.#log = log
  }

  get size(): number {
    return this.#waiting.length
  }

  /** After a start or a doubt: whatever the table says is not published, a page at a time. */
  async reload(): Promise<void> {
    await this.#running
    this.#waiting = []
    this.#more = false
    await this.#mark()
    await this.#page()
    this.#pursue()
  }

  async #page(): Promise<void> {
    const rows = await loadUnpublished(this.#writer, PAGE)
    this.#more = rows.length === PAGE
    this.#waiting.push(...rows)
  }

  /** Leaves at once, or as soon as it can. While older pages are not read, what is newer waits in the table. */
  add(reports: readonly StoredReport[]): void {
    if (this.#more || reports.length === 0) return
    this.#waiting.push(...reports)
    crashPoint('orders.after_record_before_publish')
    this.#pursue()
  }

  /** Whoever adds reports need not wait for them. Only a stop ends it: a try that fails is logged and made again. */
  #pursue(): void {
    this.flush().catch(() => undefined)
  }

  /** Never rejects. */
  #start(): Promise<void> {
    return (this.#running ??= this.#drain().finally(() => (this.#running = undefined)))
  }

  /** Everything that was added is in TRADES, or the service is stopping. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#more) {
      if (this.#stopped) throw new Error('stopping: reports stay in the outbox')
      await this.#start()
    }
  }

  stop(): void {
    this.#stopped = true
  }

  /** After `stop`: marks what was published, so that the next start need not publish it again. */
  async settle(): Promise<void> {
    await this.#running
    this.#marker?.cancel()
    await this.#mark()
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#stopped) await this.#publishSome()
      if (this.#more || this.#marks.length >= MARKS_MAX) await this.#mark()
      else this.#markSoon()
      // A page is what is not marked: all that was published is, by now.
      if (this.#more) await this.#page()
    } catch (error) {
      const level = error instanceof PublishRefused ? 'error' : 'warn'
      this.#log[level]({ err: error, waiting: this.#waiting.length }, 'reports wait in the outbox')
      this.#markSoon()
      await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve))
    }
  }

  #markSoon(): void {
    if (this.#marks.length === 0 || this.#stopped) return
    this.#marker ??= this.#clock.setTimer(MARK_MS, () => {
      this.#marker = undefined
      this.#mark().catch((error: unknown) => {
        this.#log.warn({ err: error, marks: this.#marks.length }, 'reports are published and not marked yet')
        this.#markSoon()
      })
    })
  }

  /** One at a time: what comes meanwhile waits for the next. */
  async #mark(): Promise<void> {
    while (this.#marks.length > 0) {
      this.#marking ??= this.#writeMarks().finally(() => (this.#marking = undefined))
      await this.#marking
    }
  }

  async #writeMarks(): Promise<void> {
    const marks = [...this.#marks]
    crashPoint('orders.after_publish_before_mark')
    await markPublished(this.#writer, marks)
    this.#marks.splice(0, marks.length)
  }

  /** At least the first, or it throws. Another account's report among them: the rest is for the next round. */
  async #publishSome(): Promise<void> {
    // Read anew meanwhile, they are another list: what is stored by then is sent again, under its own id.
    const waiting = this.#waiting
    const reports = waiting.slice(0, WINDOW)
    const answers = await Promise.allSettled(reports.map((report, at) => this.#publish(report, reports[at - 1])))
    const refused = answers.findIndex((answer) => answer.status === 'rejected')
    const stored = refused < 0 ? answers.length : refused
    for (let at = 0; at < stored; at++) {
      const { sequence } = (answers[at] as PromiseFulfilledResult<PublishAck>).value
      this.#marks.push({ id: (reports[at] as StoredReport).id, sequence })
    }
    waiting.splice(0, stored)
    const { reason } = (answers[refused] ?? {}) as Partial<PromiseRejectedResult>
    if (refused === 0 || (refused > 0 && !(reason instanceof WrongLastSequence))) throw reason
  }

  #publish({ id, subject, body }: StoredReport, before: StoredReport | undefined): Promise<PublishAck> {
    const { schema, ...rest } = body
    // In the order of the schema: so it is read the short way (contracts: scanConfirm).
    const data = encodeJson({ schema, reportId: String(id), ...rest })
    const after = before ? { expectedLastMessageId: nameOf(before) } : {}
    return this.#bus.publish(subject, data, { messageId: nameOf({ id }), ...after })
  }
}

const nameOf = ({ id }: Pick<StoredReport, 'id'>): string => `orders-${id}`
