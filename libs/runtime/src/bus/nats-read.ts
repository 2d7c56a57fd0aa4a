import { refuse } from '@contrail/contracts'
import type { BusMessage, Reader, StreamState } from './bus.ts'
import { ApiError, STREAM_NOT_FOUND } from './nats-link.ts'
import type { Link } from './nats-link.ts'
import { busMessage, NO_HEADERS, parseHeaders } from './nats-message.ts'
import type { DeliveryInfo } from './nats-message.ts'
import { PullSession } from './nats-pull.ts'
import { streamState } from './nats-stream.ts'
import { ReadPosition } from './read-position.ts'

/** Asked for and not yet handled. More is faster to replay; 2048 messages of 64 kB are 128 MB at worst. */
const WINDOW_MESSAGES = 2048
/** An abandoned consumer is removed by the server after this. */
const INACTIVE_MS = 10_000
const NANOS = 1_000_000
/** A stream that is away after a restart may come back; after this it is lost. */
const GONE_MS = 3000
const RETRY_MS = 50
const decoder = new TextDecoder()

export type OrderedOptions = {
  readonly stream: string
  readonly start: { readonly sequence: number } | 'last_per_subject'
  readonly filterSubjects?: readonly string[]
  /** `ignore` for buckets, where older values vanish by design. */
  readonly gaps: 'report' | 'ignore'
  readonly onMessage: (message: BusMessage, info: DeliveryInfo) => void | Promise<void>
  readonly onLost: (reason: string, state: StreamState | undefined) => void
  /** How many messages are there at the start. */
  readonly onBound?: (pending: number) => void
}

type Queued = { message: BusMessage; info: DeliveryInfo }

/** Every message from a sequence on, in order, once; over reconnects and server restarts. */
export class OrderedReader implements Reader {
  readonly #link: Link
  readonly #options: OrderedOptions
  readonly #queue: Queued[] = []
  #session: PullSession | undefined
  #consumer = ''
  readonly #position: ReadPosition
  #expectedDelivery = 1
  #busy = false
  #stopped = false
  #generation = 0

  constructor(link: Link, options: OrderedOptions) {
    this.#link = link
    this.#options = options
    const from = options.start === 'last_per_subject' ? 0 : options.start.sequence
    this.#position = new ReadPosition(options.stream, from, (options.filterSubjects?.length ?? 0) > 0, options.gaps)
  }

  get lastSequence(): number {
    return this.#position.last
  }

  async start(): Promise<this> {
    if (!(await streamState(this.#link, this.#options.stream)))
      throw refuse('not_found', 'stream', this.#options.stream, 'make the streams: node nats/src/main.ts')
    await this.#bind()
    return this
  }

  async stop(): Promise<void> {
    this.#end()
    if (this.#link.connected()) await this.#link.nc.flush()
  }

  #end(): void {
    this.#stopped = true
    this.#generation++
    this.#queue.length = 0
    this.#unbind()
  }

  #unbind(): void {
    this.#session?.close()
    this.#session = undefined
    if (this.#consumer !== '' && !this.#link.nc.isClosed())
      this.#link.nc.publish(`$JS.API.CONSUMER.DELETE.${this.#options.stream}.${this.#consumer}`)
    this.#consumer = ''
  }

  #lose(reason: string, state: StreamState | undefined): void {
    if (this.#stopped) return
    this.#end()
    setImmediate(() => this.#options.onLost(reason, state))
  }

  /** A consumer from the next sequence on; then a look whether that sequence is (still) there. */
  async #bind(): Promise<void> {
    const generation = ++this.#generation
    const goneMs = performance.now() + GONE_MS
    for (;;) {
      const done = await this.#tryBind(generation, performance.now() > goneMs)
      if (done || this.#stopped || generation !== this.#generation) return
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  async #tryBind(generation: number, last: boolean): Promise<boolean> {
    const { stream } = this.#options
    try {
      const name = this.#link.inbox().replace(/[^A-Za-z0-9]/g, '_')
      const config = this.#config(name)
      const filter = config.filter_subject === undefined ? '' : `.${config.filter_subject}`
      const made = await this.#link.api<{ num_pending: number }>(`CONSUMER.CREATE.${stream}.${name}${filter}`, {
        stream_name: stream,
        config,
        action: 'create',
      })
      const state = await streamState(this.#link, stream)
      if (generation !== this.#generation) return true
      const wrong = this.#position.wrongWith(state)
      if (wrong) this.#lose(wrong, state)
      else this.#attach(name, made.num_pending)
      return true
    } catch (error) {
      const gone = error instanceof ApiError && error.code === STREAM_NOT_FOUND
      if (gone && last) this.#lose(`the stream ${stream} is gone`, undefined)
      if (gone || !this.#link.connected()) return false
      if (!this.#position.known || this.#link.nc.isClosed()) throw error
      return false
    }
  }

  #attach(name: string, pending: number): void {
    this.#consumer = name
    this.#expectedDelivery = 1
    this.#session = new PullSession(this.#link, this.#options.stream, name, {
      onMessage: (message, info) => this.#arrived(busMessage(message, this.#options.stream, info), info),
      onDelivery: (subject, data, info, head) => {
        const { sequence, timeUs } = info
        const headers = head === undefined ? NO_HEADERS : parseHeaders(decoder.decode(head))
        this.#arrived({ subject, data, stream: this.#options.stream, sequence, timeUs, headers }, info)
      },
      onBroken: () => this.#rebind(),
      onIdle: () =>
        this.#position.idle(async () => (await streamState(this.#link, this.#options.stream))?.lastSequence),
    })
    this.#options.onBound?.(pending)
    this.#ask()
  }

  #rebind(): void {
    if (this.#stopped) return
    this.#queue.length = 0
    this.#position.interrupted()
    this.#unbind()
    this.#bind().catch((error: unknown) => this.#lose(`cannot read on: ${String(error)}`, undefined))
  }

  #config(name: string): Record<string, unknown> & { filter_subject?: string | undefined } {
    const { filterSubjects = [], start } = this.#options
    const resume = start !== 'last_per_subject' || this.#position.last > 0
    const from = { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, this.#position.next) }
    return {
      name,
      ack_policy: 'none',
      replay_policy: 'instant',
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: INACTIVE_MS * NANOS,
      ...(resume ? from : { deliver_policy: 'last_per_subject' }),
      ...(!resume && filterSubjects.length === 0 ? { filter_subject: '>' } : {}),
      ...(filterSubjects.length === 1 ? { filter_subject: filterSubjects[0] } : {}),
      ...(filterSubjects.length > 1 ? { filter_subjects: filterSubjects } : {}),
    }
  }

  #arrived(message: BusMessage, info: DeliveryInfo): void {
    if (info.deliverySequence !== this.#expectedDelivery) return this.#rebind()
    this.#expectedDelivery++
    if (this.#busy || this.#queue.length > 0) {
      // The next message is described by the same object.
      this.#queue.push({ message, info: { ...info } })
      return this.#ask()
    }
    this.#deliver(message, info)
  }

  #deliver(message: BusMessage, info: DeliveryInfo): void {
    const check = this.#position.mustLook(message)
    if (!check) {
      const slow = this.#hand(message, info)
      if (slow) this.#wait(slow)
      return
    }
    const generation = this.#generation
    this.#wait(
      this.#stillThere(message).then((ok) => {
        if (ok && generation === this.#generation) return this.#hand(message, info)
      }),
    )
  }

  #hand(message: BusMessage, info: DeliveryInfo): Promise<void> | undefined {
    this.#position.passed(message.sequence)
    const result = this.#options.onMessage(message, info)
    return result instanceof Promise ? result : undefined
  }

  async #stillThere(message: BusMessage): Promise<boolean> {
    const state = await streamState(this.#link, message.stream)
    const gone = state ? this.#position.goneFrom(state) : `the stream ${message.stream} is gone`
    if (gone) this.#lose(gone, state)
    return gone === undefined
  }

  #wait(work: Promise<void>): void {
    this.#busy = true
    work.then(
      () => {
        this.#busy = false
        if (!this.#stopped) this.#drain()
      },
      // A handler that fails is a bug: it ends the process through the unhandled rejection.
      (error: unknown) => {
        this.#end()
        throw error
      },
    )
  }

  #drain(): void {
    while (!this.#busy && this.#queue.length > 0) {
      const { message, info } = this.#queue.shift() as Queued
      this.#deliver(message, info)
    }
    this.#ask()
  }

  #ask(): void {
    this.#session?.want(Math.max(0, WINDOW_MESSAGES - this.#queue.length))
  }
}
