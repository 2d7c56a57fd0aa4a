import { Refusal, subjects } from '@contrail/contracts'
import type { Clock } from '../clock.ts'
import { PublishRefused } from './bus.ts'
import type { Bus, BusMessage, ConsumeOptions, Consumer } from './bus.ts'
import { letterFor } from './dead-letter.ts'
import { Lanes } from './lanes.ts'
import type { Item } from './lanes.ts'
import { letterOf, redriveDurable, REDRIVE_STREAM } from './redrive.ts'
import type { Delivery, Source } from './source.ts'

/** Messages held beyond those being handled, so that the next is there when one ends. */
const AHEAD = 256
const BACKOFF_MS = [50, 200, 1000, 2000, 5000, 10_000]
/** A message that was delivered this many times the attempts and never answered ends the process that handles it. */
const DELIVERIES_FACTOR = 4
/** Codes of a message that is malformed and will never be better: no second attempt. */
const MALFORMED: ReadonlySet<string> = new Set([
  'invalid',
  'bad_json',
  'bad_frame',
  'invalid_id',
  'invalid_decimal',
  'unknown_subject',
])

export type OpenSource = (stream: string, durable: string, strict: boolean) => Promise<Source | undefined>

/** The durable itself and, where it exists, the one that brings back its redriven dead letters. */
export async function consumeFrom(
  bus: Bus,
  clock: Clock,
  options: ConsumeOptions,
  openSource: OpenSource,
): Promise<Consumer> {
  const strict = !options.shared && (options.key !== undefined || (options.concurrency ?? 1) === 1)
  const source = (await openSource(options.stream, options.durable, strict)) as Source
  const loop = new ConsumeLoop(bus, clock, options, source)
  const again = await openSource(REDRIVE_STREAM, redriveDurable(options.stream, options.durable), false)
  const second = again && new ConsumeLoop(bus, clock, { ...options, concurrency: 1 }, again, letterOf)
  return {
    async stop() {
      await Promise.all([loop.stop(), second?.stop()])
    },
  }
}

/** Hands messages to the handler, retries in place, writes dead letters. In place, so that order holds within a key. */
class ConsumeLoop {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #options: ConsumeOptions
  readonly #source: Source
  readonly #unwrap: (message: BusMessage) => BusMessage
  readonly #lanes: Lanes
  readonly #held = new Map<number | string, Item>()
  readonly #concurrency: number
  readonly #ahead: number
  readonly #toucher: NodeJS.Timeout
  #running = 0
  #stopping = false
  #idle: (() => void) | undefined

  constructor(
    bus: Bus,
    clock: Clock,
    options: ConsumeOptions,
    source: Source,
    unwrap: (message: BusMessage) => BusMessage = (message) => message,
  ) {
    this.#bus = bus
    this.#clock = clock
    this.#options = options
    this.#source = source
    this.#unwrap = unwrap
    this.#concurrency = options.concurrency ?? 1
    this.#ahead = options.shared ? 0 : AHEAD
    const { key } = options
    const single = this.#concurrency === 1
    this.#lanes = new Lanes((item) => (key ? key(item.delivery.message) : single ? '' : String(item.key)))
    const touchMs = Math.max(100, source.settings.ackWaitMs / 3)
    this.#toucher = setInterval(() => this.#touch(touchMs), touchMs)
    source.open((delivery) => this.#arrived(delivery))
    this.#ask()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#source.pause()
    for (const item of this.#lanes.takeWaiting()) {
      this.#held.delete(item.key)
      item.delivery.giveBack()
    }
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    clearInterval(this.#toucher)
    await this.#source.close()
  }

  #ask(): void {
    if (!this.#stopping) this.#source.want(Math.max(0, this.#concurrency + this.#ahead - this.#held.size))
  }

  #arrived(delivery: Delivery): void {
    if (this.#stopping) return delivery.giveBack()
    const key = this.#keyOf(delivery.message)
    const held = this.#held.get(key)
    if (held) {
      // Delivered again while it is in hand: answer to the newer delivery, handle it once.
      held.delivery = delivery
      return
    }
    const item: Item = { key, delivery, attempts: 0, touchedMs: performance.now(), lane: '' }
    this.#held.set(key, item)
    this.#lanes.add(item)
    this.#schedule()
  }

  /** A stream that was made anew gives old numbers to new messages: another time is another message. */
  #keyOf({ sequence, timeUs }: BusMessage): number | string {
    const held = this.#held.get(sequence)
    return !held || held.delivery.message.timeUs === timeUs ? sequence : `${sequence} ${timeUs}`
  }

  #schedule(): void {
    while (this.#running < this.#concurrency && !this.#stopping) {
      const item = this.#lanes.next()
      if (!item) break
      this.#running++
      void this.#run(item)
    }
    this.#ask()
  }

  async #run(item: Item): Promise<void> {
    try {
      await this.#attempt(item)
    } finally {
      this.#running--
      if (this.#stopping && this.#running === 0) this.#idle?.()
      else this.#schedule()
    }
  }

  async #attempt(item: Item): Promise<void> {
    const { attemptsMax } = this.#source.settings
    item.attempts++
    try {
      const deliveries = item.delivery.deliveries
      if (deliveries > attemptsMax * DELIVERIES_FACTOR)
        throw new Gone(`delivered ${deliveries} times and never answered: whoever handled it ended`)
      await this.#options.onMessage(this.#unwrap(item.delivery.message), item.attempts)
      this.#end(item)
      item.delivery.ack()
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (item.attempts < attemptsMax && !isFinal(cause)) {
        this.#options.onProblem?.(new Error(`attempt ${item.attempts} of ${this.#name()} failed`, { cause }))
        this.#later(item)
      } else await this.#bury(item, cause)
    }
  }

  /** Its lane waits; the slot is free for others. */
  #later(item: Item): void {
    if (this.#stopping) return this.#release(item)
    const waits = this.#options.backoffMs ?? BACKOFF_MS
    const waitMs = waits[Math.min(item.attempts, waits.length) - 1] ?? 0
    this.#lanes.block(item)
    this.#clock.setTimer(waitMs, () => {
      if (this.#lanes.unblock(item)) this.#schedule()
    })
  }

  async #bury(item: Item, cause: Error): Promise<void> {
    const { message } = item.delivery
    try {
      const subject = subjects.deadLetter(this.#options.stream, this.#options.durable)
      const messageId = `dlq-${message.stream}-${this.#options.durable}-${message.sequence}-${message.timeUs}`
      const letter = letterFor(
        this.#safeUnwrap(message),
        this.#options.durable,
        cause,
        item.attempts,
        this.#clock.nowUs(),
      )
      await this.#bus.publish(subject, letter, { messageId })
      await this.#options.onDead?.(this.#unwrap(message), cause, item.attempts)
      this.#end(item)
      item.delivery.giveUp()
      this.#options.onProblem?.(new Error(`${this.#name()}: sequence ${message.sequence} is a dead letter`, { cause }))
    } catch (failure) {
      // Not given up before its letter is stored: the next attempt tries the handler, then the letter, again.
      const refused = failure instanceof PublishRefused ? 'refused' : 'not stored'
      this.#options.onProblem?.(new Error(`${this.#name()}: dead letter ${refused}`, { cause: failure }))
      this.#later(item)
    }
  }

  #safeUnwrap(message: BusMessage): BusMessage {
    try {
      return this.#unwrap(message)
    } catch {
      return message
    }
  }

  #end(item: Item): void {
    this.#held.delete(item.key)
    this.#lanes.done(item)
  }

  #release(item: Item): void {
    this.#end(item)
    item.delivery.giveBack()
  }

  #touch(everyMs: number): void {
    const now = performance.now()
    for (const item of this.#held.values()) {
      if (now - item.touchedMs < everyMs) continue
      item.touchedMs = now
      item.delivery.touch()
    }
  }

  #name(): string {
    return `${this.#options.stream}/${this.#options.durable}`
  }
}

class Gone extends Error {
  override readonly name = 'Gone'
}

const isFinal = (cause: Error): boolean =>
  cause instanceof Gone || (cause instanceof Refusal && MALFORMED.has(cause.code))
