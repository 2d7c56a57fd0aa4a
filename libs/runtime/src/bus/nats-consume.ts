import { refuse } from '@contrail/contracts'
import type { Msg } from '@nats-io/transport-node'
import { ApiError, CONSUMER_NOT_FOUND, STREAM_NOT_FOUND } from './nats-link.ts'
import type { Link } from './nats-link.ts'
import { busMessage } from './nats-message.ts'
import type { DeliveryInfo } from './nats-message.ts'
import { PullSession } from './nats-pull.ts'
import { REDRIVE_STREAM } from './redrive.ts'
import type { Delivery, Source, SourceSettings } from './source.ts'

type ConsumerInfo = {
  created: string
  config: { ack_wait: number; max_deliver?: number; metadata?: Record<string, string> }
  delivered: { consumer_seq: number; stream_seq: number }
  ack_floor: { consumer_seq: number; stream_seq: number }
  num_ack_pending: number
}

const NANOS = 1_000_000
const ATTEMPTS_MAX = 8
const REBIND_MS = 200
/** Delivered and unanswered messages that are asked for again at the start, at most. */
const RECLAIM_MAX = 10_000
/** How long newer messages wait for those delivered before a crash, when order matters. */
const HOLD_MS = 3000

const encoder = new TextEncoder()
const ACK = encoder.encode('+ACK')
const NAK = encoder.encode('-NAK')
const TERM = encoder.encode('+TERM')
const WORKING = encoder.encode('+WPI')

/** Undefined where a durable for redriven letters was not made; a missing durable itself is refused. */
export async function openNatsSource(
  link: Link,
  stream: string,
  durable: string,
  strict: boolean,
  onProblem: ((problem: Error) => void) | undefined,
): Promise<Source | undefined> {
  try {
    const info = await link.api<ConsumerInfo>(`CONSUMER.INFO.${stream}.${durable}`)
    return new NatsSource(link, stream, durable, strict, info, onProblem)
  } catch (error) {
    const missing = error instanceof ApiError && (error.code === CONSUMER_NOT_FOUND || error.code === STREAM_NOT_FOUND)
    if (!missing) throw error
    if (stream === REDRIVE_STREAM) return undefined
    throw refuse('not_found', 'consumer', `${stream}/${durable}`, 'make the consumers: node nats/src/main.ts')
  }
}

class NatsSource implements Source {
  readonly settings: SourceSettings
  readonly #link: Link
  readonly #stream: string
  readonly #durable: string
  readonly #strict: boolean
  readonly #onProblem: ((problem: Error) => void) | undefined
  #info: ConsumerInfo
  #session: PullSession | undefined
  #onDelivery: (delivery: Delivery) => void = () => undefined
  #wanted = 0
  #paused = false
  /** Highest stream sequence that reached this process. */
  #received = 0
  #held: { through: number; missing: number; deliveries: Delivery[]; timer: NodeJS.Timeout } | undefined

  constructor(
    link: Link,
    stream: string,
    durable: string,
    strict: boolean,
    info: ConsumerInfo,
    onProblem: ((problem: Error) => void) | undefined,
  ) {
    this.#link = link
    this.#stream = stream
    this.#durable = durable
    this.#strict = strict
    this.#info = info
    this.#onProblem = onProblem
    this.settings = { attemptsMax: attemptsOf(info), ackWaitMs: info.config.ack_wait / NANOS }
  }

  open(onDelivery: (delivery: Delivery) => void): void {
    this.#onDelivery = onDelivery
    this.#attach()
  }

  want(count: number): void {
    this.#wanted = count
    this.#session?.want(count)
  }

  pause(): void {
    this.#paused = true
    this.#session?.close()
    const held = this.#held
    this.#held = undefined
    clearTimeout(held?.timer)
    for (const delivery of held?.deliveries ?? []) delivery.giveBack()
  }

  async close(): Promise<void> {
    if (this.#link.connected()) await this.#link.nc.flush()
  }

  #attach(): void {
    if (this.#strict) this.#reclaim()
    this.#session = new PullSession(this.#link, this.#stream, this.#durable, {
      onMessage: (message, info) => this.#arrived(message, info),
      onBroken: (reason) => void this.#rebind(reason),
    })
    this.#session.want(this.#wanted)
  }

  /**
   * Order over a crash. What was delivered to somebody who is gone would come back only after the ack wait, behind
   * newer messages. A strict durable has one owner, so it hands those back at once (a NAK for each) and lets newer
   * ones wait until they are here.
   */
  #reclaim(): void {
    const { delivered, ack_floor: floor, num_ack_pending: pending } = this.#info
    const from = Math.max(floor.stream_seq, this.#received) + 1
    const through = delivered.stream_seq
    if (pending === 0 || from > through) return
    for (let sequence = from; sequence <= through && sequence < from + RECLAIM_MAX; sequence++) {
      const reply = `$JS.ACK.${this.#stream}.${this.#durable}.1.${sequence}.${delivered.consumer_seq}.0.0`
      this.#link.nc.publish(reply, NAK)
    }
    const missing = Math.min(pending, through - from + 1)
    this.#held = { through, missing, deliveries: [], timer: setTimeout(() => this.#letGo(), HOLD_MS) }
  }

  #arrived(message: Msg, info: DeliveryInfo): void {
    const delivery = this.#delivery(message, info)
    if (info.sequence > this.#received) this.#received = info.sequence
    const held = this.#held
    if (!held) return this.#onDelivery(delivery)
    held.deliveries.push(delivery)
    if (info.sequence <= held.through && --held.missing === 0) this.#letGo()
  }

  #letGo(): void {
    const held = this.#held
    this.#held = undefined
    clearTimeout(held?.timer)
    held?.deliveries.sort((a, b) => a.message.sequence - b.message.sequence)
    for (const delivery of held?.deliveries ?? []) this.#onDelivery(delivery)
  }

  #delivery(message: Msg, info: DeliveryInfo): Delivery {
    const reply = message.reply ?? ''
    const answer = (payload: Uint8Array) => {
      if (!this.#link.nc.isClosed()) this.#link.nc.publish(reply, payload)
    }
    return {
      message: busMessage(message, this.#stream, info),
      deliveries: info.deliveries,
      ack: () => answer(ACK),
      giveBack: () => answer(NAK),
      giveUp: () => answer(TERM),
      touch: () => answer(WORKING),
    }
  }

  /** Until the consumer is there again, or the loop stops. That it is missing is told once. */
  async #rebind(reason: string): Promise<void> {
    if (this.#held) this.#letGo()
    let told = reason === 'reconnected'
    while (!this.#paused && !this.#link.nc.isClosed()) {
      try {
        const info = await this.#link.api<ConsumerInfo>(`CONSUMER.INFO.${this.#stream}.${this.#durable}`)
        if (this.#paused) return
        // Another consumer under the same name counts anew.
        if (info.created !== this.#info.created) this.#received = 0
        this.#info = info
        this.#attach()
        return
      } catch (error) {
        if (!told)
          this.#onProblem?.(new Error(`consumer ${this.#stream}/${this.#durable}: ${reason}`, { cause: error }))
        told = true
        await new Promise((resolve) => setTimeout(resolve, REBIND_MS))
      }
    }
  }
}

/** The server itself never gives up (it would drop the message without a letter); the count is ours, in the metadata. */
function attemptsOf(info: ConsumerInfo): number {
  const named = Number(info.config.metadata?.['attempts_max'])
  if (named > 0) return named
  const max = info.config.max_deliver ?? -1
  return max > 0 ? max : ATTEMPTS_MAX
}
