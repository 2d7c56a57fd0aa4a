import { encodeJson } from '@contrail/contracts'
import { crashPoint, PublishRefused } from '@contrail/runtime'
import type { Bus, Clock, Logger } from '@contrail/runtime'
import { loadUnpublished, markPublished } from '../store/load.ts'
import type { StoredReport, Writer } from '../store/write.ts'

/** Read from the table at a time, when there is more than memory should hold. */
const PAGE = 500
const RETRY_MS = 200

/**
 * Reports of one account to TRADES, in the order of their rows and one at a time. What was stored without an answer is
 * published again under the same message id; a receiver knows the report by its id for ever.
 */
export class Outbox {
  readonly #writer: Writer
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #log: Logger
  readonly #waiting: StoredReport[] = []
  #marks: { id: number; sequence: number }[] = []
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
    this.#waiting.length = 0
    await this.#page()
  }

  async #page(): Promise<void> {
    const rows = await loadUnpublished(this.#writer, PAGE)
    this.#more = rows.length === PAGE
    this.#waiting.push(...rows)
  }

  /** While older pages are not read, what is newer waits in the table. */
  add(reports: readonly StoredReport[]): void {
    if (!this.#more) this.#waiting.push(...reports)
  }

  /** Everything that was added is in TRADES and marked, or the service is stopping. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#marks.length > 0) {
      if (this.#stopped) throw new Error('stopping: reports stay in the outbox')
      this.#running ??= this.#drain().finally(() => (this.#running = undefined))
      await this.#running
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async #drain(): Promise<void> {
    try {
      for (let report = this.#waiting[0]; report && !this.#stopped; report = this.#waiting[0]) {
        await this.#publish(report)
        this.#waiting.shift()
      }
      const marks = this.#marks
      if (marks.length === 0) return
      crashPoint('orders.after_publish_before_mark')
      await markPublished(this.#writer, marks)
      this.#marks = []
      if (this.#more) await this.#page()
    } catch (error) {
      const level = error instanceof PublishRefused ? 'error' : 'warn'
      this.#log[level]({ err: error, waiting: this.#waiting.length }, 'reports wait in the outbox')
      await new Promise<void>((resolve) => void this.#clock.setTimer(RETRY_MS, resolve))
    }
  }

  async #publish(report: StoredReport): Promise<void> {
    const data = encodeJson({ ...report.body, reportId: String(report.id) })
    const ack = await this.#bus.publish(report.subject, data, { messageId: `orders-${report.id}` })
    this.#marks.push({ id: report.id, sequence: ack.sequence })
  }
}
