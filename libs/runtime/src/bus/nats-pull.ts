import type { Msg, Subscription } from '@nats-io/transport-node'
import type { OnDelivery } from './nats-inbound.ts'
import type { Link } from './nats-link.ts'
import { deliveryInfo, hasTail } from './nats-message.ts'
import type { DeliveryInfo } from './nats-message.ts'

/** A pull request lives this long; while it is open the server sends a heartbeat when it has nothing else to say. */
const EXPIRES_MS = 2000
const HEARTBEAT_MS = 1000
/** Silence that means the consumer is dead, whatever the server may believe. */
const SILENCE_MS = 2500
const NANOS = 1_000_000

export type PullEvents = {
  onMessage(message: Msg, info: DeliveryInfo): void
  /** The same, where nobody acks it: read without the client, whose object is not needed. */
  onDelivery?: OnDelivery
  /** The consumer cannot go on as it is: bind anew. Told once. */
  onBroken(reason: string): void
  /** A heartbeat: the server is there and has nothing for us. */
  onIdle?(): void
}

/** Pull requests to one bound consumer: keeps `want` messages asked for, notices silence and deletion. */
export class PullSession {
  readonly #link: Link
  readonly #subject: string
  readonly #inbox: string
  readonly #events: PullEvents
  readonly #subscription: Subscription
  readonly #watchdog: NodeJS.Timeout
  readonly #offStatus: () => void
  #target = 0
  #outstanding = 0
  /** Something has come since the last look. */
  #active = true
  #activeMs = performance.now()
  #tickMs = performance.now()
  #closed = false
  #tail: boolean | undefined

  constructor(link: Link, stream: string, consumer: string, events: PullEvents) {
    this.#link = link
    this.#events = events
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
    this.#inbox = link.inbox()
    this.#subscription = link.nc.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.#broken(error.message) : this.#arrived(message)),
    })
    const { onDelivery } = events
    if (onDelivery)
      link.inbound?.listen(this.#subscription.getID(), (subject, data, info, head) => {
        if (this.#closed) return
        this.#active = true
        if (this.#outstanding > 0) this.#outstanding--
        onDelivery(subject, data, info, head)
        this.#topUp()
      })
    this.#watchdog = setInterval(() => this.#watch(), HEARTBEAT_MS)
    this.#offStatus = link.onStatus((status) => status === 'connected' && this.#broken('reconnected'))
  }

  /** Keep about so many messages asked for. */
  want(target: number): void {
    this.#target = target
    this.#topUp()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#watchdog)
    this.#offStatus()
    this.#link.inbound?.leave(this.#subscription.getID())
    if (!this.#link.nc.isClosed()) this.#subscription.unsubscribe()
  }

  #topUp(): void {
    if (this.#closed || this.#outstanding > this.#target / 2 || this.#outstanding >= this.#target) return
    const batch = this.#target - this.#outstanding
    this.#outstanding += batch
    const body = { batch, expires: EXPIRES_MS * NANOS, idle_heartbeat: HEARTBEAT_MS * NANOS }
    if (!this.#link.nc.isClosed()) this.#link.nc.publish(this.#subject, JSON.stringify(body), { reply: this.#inbox })
  }

  #arrived(message: Msg): void {
    if (this.#closed) return
    this.#active = true
    const reply = message.reply
    if (reply) {
      if (this.#outstanding > 0) this.#outstanding--
      this.#events.onMessage(message, deliveryInfo(reply, (this.#tail ??= hasTail(reply))))
      this.#topUp()
    } else this.#status(message)
  }

  #status(message: Msg): void {
    const code = message.headers?.code ?? 0
    if (code === 100) return this.#events.onIdle?.()
    if (code !== 408 && code !== 404) {
      this.#broken(`${code} ${message.headers?.description ?? ''}`)
      return
    }
    const left = Number(message.headers?.get('Nats-Pending-Messages') || this.#outstanding)
    this.#outstanding = Math.max(0, this.#outstanding - left)
    this.#topUp()
  }

  #watch(): void {
    if (this.#link.nc.isClosed()) return this.close()
    const now = performance.now()
    const late = now - this.#tickMs > HEARTBEAT_MS * 1.5
    this.#tickMs = now
    // When this process itself was stopped or busy, the heartbeats wait in the socket: not the server's silence.
    if (this.#active || late || this.#outstanding === 0 || !this.#link.connected()) this.#activeMs = now
    else if (now - this.#activeMs > SILENCE_MS) this.#broken('no heartbeat')
    this.#active = false
    this.#topUp()
  }

  #broken(reason: string): void {
    if (this.#closed) return
    this.close()
    this.#events.onBroken(reason)
  }
}
