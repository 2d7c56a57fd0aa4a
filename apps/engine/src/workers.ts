import { decodeJson, encodeJson, workerSchema } from '@contrail/contracts'
import type { Clock, KvBucket, Logger } from '@contrail/runtime'

export type WorkersOptions = {
  readonly bucket: KvBucket
  readonly clock: Clock
  readonly log: Logger
  readonly worker: string
  /** Configured first part of the id; of all lives with this name only one is meant to run. */
  readonly name: string | undefined
  readonly ttlMs: number
  readonly actors: () => number
  /** A worker came or went. */
  readonly onChange: () => void
}

/**
 * Who is alive. Each worker says so three times per time to live; who is silent for longer is dead. Silence is measured
 * by our own monotonic clock since we last heard, so clocks of two machines are never compared.
 */
export class Workers {
  readonly #options: WorkersOptions
  readonly #heardMs = new Map<string, number>()
  #known = ''
  #watch: { stop(): Promise<void> } | undefined
  #timer: { cancel(): void } | undefined
  #startedAtUs = 0
  #lookedMs = 0
  #stopped = false
  #unstored: string | undefined

  constructor(options: WorkersOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { bucket, clock, worker } = this.#options
    this.#startedAtUs = clock.nowUs()
    this.#lookedMs = clock.monotonicMs()
    await this.#forgetOwnPast()
    await this.#beat()
    this.#heardMs.set(worker, clock.monotonicMs())
    await new Promise<void>((resolve, reject) => {
      bucket
        .watch((entry) => {
          if (entry.operation === 'delete' || !entry.value) this.#heardMs.delete(entry.key)
          else this.#heard(entry.key, entry.value)
          this.#compare()
        }, resolve)
        .then((watch) => (this.#watch = watch), reject)
    })
    this.#arm()
  }

  /** Own id included. */
  alive(): string[] {
    const { clock, ttlMs, worker } = this.#options
    const now = clock.monotonicMs()
    // After a pause of our own (SIGSTOP, a suspended machine) their silence is our deafness: everyone gets one more time.
    if (now - this.#lookedMs > ttlMs) for (const key of this.#heardMs.keys()) this.#heardMs.set(key, now)
    this.#lookedMs = now
    for (const [key, heardMs] of this.#heardMs) if (key !== worker && now - heardMs > ttlMs) this.#heardMs.delete(key)
    return [...new Set([worker, ...this.#heardMs.keys()])].sort()
  }

  /** Why our last sign of life is not stored: then no decision is either. */
  get trouble(): string[] {
    return this.#unstored === undefined ? [] : [`the bus does not store what is said: ${this.#unstored}`]
  }

  isAlive(worker: string): boolean {
    return this.alive().includes(worker)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#watch?.stop()
    await this.#options.bucket.delete(this.#options.worker).catch(() => undefined) // silence says the same, later
  }

  /** Earlier lives of this very worker are dead: their share need not wait until they have been silent for long enough. */
  async #forgetOwnPast(): Promise<void> {
    const { bucket, worker, name } = this.#options
    if (name === undefined) return
    const past = (await bucket.keys()).filter((key) => key !== worker && key.startsWith(`${name}-`))
    await Promise.all(past.map((key) => bucket.delete(key)))
  }

  /** A value that was there before we came may be a dead worker's: it counts until it has been silent for long enough. */
  #heard(key: string, value: Uint8Array): void {
    try {
      decodeJson(workerSchema, value, 'worker')
    } catch (error) {
      this.#options.log.warn({ err: error, key }, 'a worker entry cannot be read')
      return
    }
    this.#heardMs.set(key, this.#options.clock.monotonicMs())
  }

  #compare(): void {
    const now = this.alive().join(',')
    if (now === this.#known) return
    this.#known = now
    this.#options.onChange()
  }

  #arm(): void {
    if (this.#stopped) return
    this.#timer = this.#options.clock.setTimer(this.#options.ttlMs / 3, () => {
      this.#compare()
      void this.#beat().finally(() => this.#arm())
    })
  }

  async #beat(): Promise<void> {
    const { bucket, clock, log, worker, actors } = this.#options
    const value = encodeJson({
      schema: 1,
      worker,
      startedAtUs: this.#startedAtUs,
      seenAtUs: clock.nowUs(),
      actors: actors(),
    })
    try {
      await bucket.put(worker, value)
      this.#unstored = undefined
    } catch (error) {
      this.#unstored = error instanceof Error ? error.message : String(error)
      log.warn({ err: error }, 'heartbeat failed')
    }
  }
}
