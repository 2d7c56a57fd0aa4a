import type {
  Bus,
  BusMessage,
  ConsumeOptions,
  Consumer,
  KvBucket,
  ObjectStore,
  PublishAck,
  PublishOptions,
  Reader,
  ReadOptions,
  StreamState,
  WindowedPublisher,
} from './bus.ts'
import type { Clock } from '../clock.ts'
import { systemClock } from '../clock.ts'
import { consumeFrom } from './consume.ts'
import { openNatsSource } from './nats-consume.ts'
import { openBucket } from './nats-kv.ts'
import { openLink } from './nats-link.ts'
import type { Link } from './nats-link.ts'
import { openObjects } from './nats-objects.ts'
import { headersOf, LeanPublisher, publishOnce } from './nats-publish.ts'
import { OrderedReader } from './nats-read.ts'
import { leaderGet, streamState } from './nats-stream.ts'
import { Window } from './window.ts'
import type { WindowOptions } from './window.ts'

export type NatsOptions = {
  /** nats://user:password@host:port. The user's inboxes are `_INBOX_<user>.>`. */
  url: string
  name: string
  clock?: Clock
}

/** Connects, checks the server's version and gives the bus. It reconnects for ever until closed. */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  return new NatsBus(await openLink(options), options.clock ?? systemClock)
}

class NatsBus implements Bus {
  readonly #link: Link
  readonly #clock: Clock
  readonly #lean: LeanPublisher
  readonly #open = new Set<{ stop(): Promise<void> }>()

  constructor(link: Link, clock: Clock) {
    this.#link = link
    this.#clock = clock
    this.#lean = new LeanPublisher(link)
  }

  get connected(): boolean {
    return this.#link.connected()
  }

  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<PublishAck> {
    return publishOnce(this.#link, this.#lean, subject, data, headersOf(options))
  }

  windowedPublisher(options: WindowOptions): WindowedPublisher {
    const window = new Window(
      (subject, data, settle) => this.#lean.send(subject, data, undefined, settle),
      options,
      () => this.#link.connected(),
    )
    this.#link.onStatus((status) => status === 'connected' && window.pump())
    return window
  }

  lastOnSubject(stream: string, subject: string): Promise<BusMessage | undefined> {
    return leaderGet(this.#link, stream, { last_by_subj: subject })
  }

  getMessage(stream: string, sequence: number): Promise<BusMessage | undefined> {
    return leaderGet(this.#link, stream, { seq: sequence })
  }

  streamState(stream: string): Promise<StreamState | undefined> {
    return streamState(this.#link, stream)
  }

  async read(options: ReadOptions): Promise<Reader> {
    const reader = new OrderedReader(this.#link, {
      stream: options.stream,
      start: { sequence: options.fromSequence },
      gaps: 'report',
      onMessage: options.onMessage,
      onLost: (reason, state) => {
        this.#open.delete(reader)
        options.onLost?.(reason, state)
      },
      ...(options.filterSubjects ? { filterSubjects: options.filterSubjects } : {}),
    })
    return this.#track(await reader.start())
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const openSource = (stream: string, durable: string, strict: boolean) =>
      openNatsSource(this.#link, stream, durable, strict, options.onProblem)
    return this.#track(await consumeFrom(this, this.#clock, options, openSource))
  }

  kv(bucket: string): Promise<KvBucket> {
    return openBucket(this.#link, this.#lean, bucket, (part) => this.#track(part))
  }

  objects(store: string): Promise<ObjectStore> {
    return openObjects(this.#link, store)
  }

  subscribe(subject: string, onMessage: (subject: string, data: Uint8Array) => void): { stop(): void } {
    const subscription = this.#link.nc.subscribe(subject, {
      callback: (error, message) => {
        if (!error) onMessage(message.subject, message.data)
      },
    })
    return {
      stop: () => {
        if (!this.#link.nc.isClosed()) subscription.unsubscribe()
      },
    }
  }

  onStatus(listener: (status: 'connected' | 'disconnected') => void): void {
    this.#link.onStatus(listener)
  }

  /** Stops what was opened through it; handlers in hand end and are acknowledged first. */
  async close(): Promise<void> {
    if (this.#link.nc.isClosed()) return
    await Promise.allSettled([...this.#open].map((part) => part.stop()))
    this.#lean.close()
    await this.#link.nc.close()
  }

  #track<T extends { stop(): Promise<void> }>(part: T): T {
    this.#open.add(part)
    const stop = part.stop.bind(part)
    part.stop = async () => {
      this.#open.delete(part)
      await stop()
    }
    return part
  }
}
