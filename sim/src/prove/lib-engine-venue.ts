import { decodeJson, encodeJson, signalSchema, subjects, us } from '@contrail/contracts'
import type { Confirm, Decision, PlaceIntent } from '@contrail/contracts'
import { PublishUnknown } from '@contrail/runtime'
import type { Bus, BusMessage, Reader } from '@contrail/runtime'

/**
 * Stands in for orders and a venue: each order of the given strategies is answered once, and always in the same way
 * (market and limit orders fill, stops rest until they are cancelled). When the answer arrives between two ticks is up to
 * the machine: that is what trails are for.
 */
export class StandInVenue {
  readonly #bus: Bus
  readonly #strategies: ReadonlySet<string>
  /** Price of the tick or bar at a sequence of MD, or the last one before. */
  readonly #priceAt: (sequence: number) => number
  readonly #seen = new Map<string, number>()
  readonly #open = new Map<string, PlaceIntent>()
  readonly #queue: { subject: string; report: Confirm }[] = []
  #sending: Promise<void> | undefined
  #reader: Reader | undefined
  #reports = 0
  #stream = 0
  failure: Error | undefined

  constructor(bus: Bus, strategies: readonly string[], priceAt: (sequence: number) => number) {
    this.#bus = bus
    this.#strategies = new Set(strategies)
    this.#priceAt = priceAt
  }

  async start(): Promise<void> {
    this.#reader = await this.#bus.read({
      stream: 'ORDERS',
      fromSequence: 0,
      onMessage: (message) => this.#onSignal(message),
      onLost: (reason) => (this.failure = new Error(`ORDERS: ${reason}`)),
    })
  }

  /** All that is on ORDERS is answered, and the answers are stored. */
  async drained(): Promise<boolean> {
    const state = await this.#bus.streamState('ORDERS')
    return this.#stream === state?.lastSequence && this.#sending === undefined && this.#queue.length === 0
  }
  get orders(): number {
    return this.#seen.size
  }
  /** Order ids that were asked for more than once. */
  get repeated(): string[] {
    return [...this.#seen].filter(([, count]) => count > 1).map(([orderId]) => orderId)
  }
  get reports(): number {
    return this.#reports
  }
  async stop(): Promise<void> {
    await this.#reader?.stop()
  }

  #onSignal(message: BusMessage): void {
    this.#stream = message.sequence
    const signal = decodeJson(signalSchema, message.data, 'signal')
    if (signal.kind !== 'decision') return
    for (const intent of signal.intents) {
      if (intent.type === 'place') {
        const count = (this.#seen.get(intent.orderId) ?? 0) + 1
        this.#seen.set(intent.orderId, count)
        if (count === 1 && this.#strategies.has(signal.strategy)) this.#place(signal, intent)
      } else if (intent.type === 'cancel') this.#cancel(signal, intent.orderId)
    }
  }

  #place(signal: Decision, intent: PlaceIntent): void {
    const rests = intent.orderType === 'stop' || intent.orderType === 'stop_limit'
    if (rests) {
      this.#open.set(intent.orderId, intent)
      return this.#say(signal, intent, { type: 'accepted', status: 'new', cumQuantity: '0' })
    }
    const at = this.#priceAt(signal.cause.stream === 'MD' ? signal.cause.sequence : 0)
    const price = intent.price ?? at.toFixed(8)
    const fill = {
      tradeId: `t-${intent.orderId}`,
      quantity: intent.quantity,
      price,
      fee: (Number(price) * Number(intent.quantity) * 0.001).toFixed(10),
      feeAsset: 'ETH',
      liquidity: 'taker' as const,
      venueTimeUs: signal.atUs,
    }
    this.#say(signal, intent, { type: 'filled', status: 'filled', cumQuantity: intent.quantity, fill })
  }

  #cancel(signal: Decision, orderId: string): void {
    const intent = this.#open.get(orderId)
    if (!intent || !this.#strategies.has(signal.strategy)) return
    this.#open.delete(orderId)
    this.#say(signal, intent, { type: 'cancelled', status: 'cancelled', cumQuantity: '0' })
  }

  #say(signal: Decision, intent: PlaceIntent, what: Pick<Confirm, 'type' | 'status' | 'cumQuantity' | 'fill'>): void {
    this.#reports += 1
    const report = {
      schema: 1,
      reportId: String(this.#reports),
      tenant: signal.tenant,
      account: signal.account,
      strategy: signal.strategy,
      orderId: intent.orderId,
      venue: intent.venue,
      instrument: intent.instrument,
      side: intent.side,
      orderType: intent.orderType,
      quantity: intent.quantity,
      leavesQuantity: what.status === 'new' ? intent.quantity : '0',
      atUs: us(signal.atUs),
      ...what,
    } as Confirm
    this.#queue.push({ subject: subjects.confirm(signal.account, signal.strategy), report })
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined))
  }

  async #send(): Promise<void> {
    for (let next = this.#queue[0]; next; next = this.#queue[0]) {
      try {
        await this.#bus.publish(next.subject, encodeJson(next.report), { messageId: next.report.reportId })
        this.#queue.shift()
      } catch (error) {
        if (error instanceof PublishUnknown) continue
        this.failure = error instanceof Error ? error : new Error(String(error))
        return
      }
    }
  }
}
