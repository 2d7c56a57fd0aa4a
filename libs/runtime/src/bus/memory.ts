import { refuse, streamOf, STREAMS } from '@contrail/contracts'
import { systemClock } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { PublishRefused, PublishUnknown } from './bus.ts'
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
import { consumeFrom } from './consume.ts'
import { MemoryDurable } from './memory-consume.ts'
import { MemoryBucket } from './memory-kv.ts'
import { MemoryReader } from './memory-read.ts'
import { MemoryStream, subjectMatches } from './memory-stream.ts'
import { REDRIVE_STREAM, redriveDurable, redriveSubject } from './redrive.ts'
import { Window } from './window.ts'
import type { WindowOptions } from './window.ts'

export type MemoryOptions = {
  /** Left out: the platform's own streams. */
  streams?: { name: string; subjects: string[] }[]
  /** Left out: any bucket is there. */
  buckets?: string[]
  clock?: Clock
}
export type MemoryControls = {
  /** Makes the stream when it is not there. */
  ensureStream(name: string, subjects: string[]): void
  /** Left out: all subjects, eight attempts; `consume` makes it like this when it is missing. */
  ensureConsumer(stream: string, durable: string, options?: { filter?: string[]; attemptsMax?: number }): void
  /** The stream and its messages are gone; made again it has another incarnation. */
  dropStream(name: string): void
  discardBelow(stream: string, sequence: number): void
  /** While away, publishing ends with `PublishUnknown`. */
  setConnected(connected: boolean): void
}
export type MemoryBus = Bus & MemoryControls

export function createMemoryBus(options: MemoryOptions = {}): MemoryBus {
  return new InMemoryBus(options)
}

const PLATFORM_SUBJECTS: Readonly<Record<string, string[]>> = { DLQ: ['dlq.>', 'redrive.>', 'aside.>'] }
const ATTEMPTS_MAX = 8

class InMemoryBus implements MemoryBus {
  readonly #options: MemoryOptions
  readonly #clock: Clock
  readonly #streams = new Map<string, MemoryStream>()
  readonly #durables = new Map<string, MemoryDurable>()
  readonly #objects = new Map<string, Map<string, Uint8Array>>()
  readonly #readers = new Set<{ stream: string; reader: MemoryReader }>()
  readonly #consumers = new Set<Consumer>()
  readonly #subscribers = new Set<{ pattern: string; onMessage: (subject: string, data: Uint8Array) => void }>()
  readonly #listeners = new Set<(status: 'connected' | 'disconnected') => void>()
  readonly #windows: Window[] = []
  #incarnations = 0
  #connected = true

  constructor(options: MemoryOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const own = STREAMS.map((name) => ({ name, subjects: PLATFORM_SUBJECTS[name] ?? [] }))
    for (const { name, subjects } of options.streams ?? own) this.ensureStream(name, [...subjects])
    for (const bucket of options.buckets ?? []) this.ensureStream(`KV_${bucket}`, [])
  }

  get connected(): boolean {
    return this.#connected
  }

  async publish(subject: string, data: Uint8Array, options: PublishOptions = {}): Promise<PublishAck> {
    await Promise.resolve()
    if (!this.#connected) throw new PublishUnknown(`${subject}: not connected`)
    const ack = this.#streamFor(subject).publish(subject, data, options, this.#clock.nowUs())
    for (const { pattern, onMessage } of this.#subscribers)
      if (!ack.duplicate && subjectMatches(pattern, subject)) queueMicrotask(() => onMessage(subject, data))
    return ack
  }

  windowedPublisher(options: WindowOptions): WindowedPublisher {
    const window = new Window(
      (subject, data, settle) =>
        void this.publish(subject, data).then(
          () => settle(undefined),
          (error: unknown) => settle(error as Error),
        ),
      options,
      () => this.#connected,
    )
    this.#windows.push(window)
    return window
  }

  async lastOnSubject(stream: string, subject: string): Promise<BusMessage | undefined> {
    return this.#streams.get(stream)?.lastOn(subject)
  }

  async getMessage(stream: string, sequence: number): Promise<BusMessage | undefined> {
    return this.#streams.get(stream)?.get(sequence)
  }

  async streamState(stream: string): Promise<StreamState | undefined> {
    return this.#streams.get(stream)?.state()
  }

  async read(options: ReadOptions): Promise<Reader> {
    const reader = new MemoryReader(this.#stream(options.stream), options)
    this.#readers.add({ stream: options.stream, reader })
    return reader
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#stream(options.stream)
    this.ensureConsumer(options.stream, options.durable)
    const consumer = await consumeFrom(this, this.#clock, options, async (stream, durable) =>
      this.#durables.get(`${stream}/${durable}`)?.source(),
    )
    this.#consumers.add(consumer)
    return consumer
  }

  async kv(bucket: string): Promise<KvBucket> {
    if (this.#options.buckets === undefined) this.ensureStream(`KV_${bucket}`, [])
    const stream = this.#streams.get(`KV_${bucket}`)
    if (!stream) throw refuse('not_found', 'bucket', bucket, 'name it in createMemoryBus({ buckets })')
    return new MemoryBucket(stream, async (into, key, value, publishOptions) => {
      await Promise.resolve()
      if (!this.#connected) throw new PublishUnknown(`${key}: not connected`)
      return into.publish(key, value, publishOptions, this.#clock.nowUs()).sequence
    })
  }

  async objects(store: string): Promise<ObjectStore> {
    const held = this.#objects.get(store) ?? new Map<string, Uint8Array>()
    this.#objects.set(store, held)
    return {
      get: async (name) => held.get(name)?.slice(),
      put: async (name, data) => void held.set(name, data.slice()),
    }
  }

  subscribe(pattern: string, onMessage: (subject: string, data: Uint8Array) => void): { stop(): void } {
    const subscriber = { pattern, onMessage }
    this.#subscribers.add(subscriber)
    return { stop: () => void this.#subscribers.delete(subscriber) }
  }

  onStatus(listener: (status: 'connected' | 'disconnected') => void): void {
    this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#connected = false
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()))
    await Promise.all([...this.#readers].map(({ reader }) => reader.stop()))
    this.#subscribers.clear()
  }

  ensureStream(name: string, subjects: string[]): void {
    if (this.#streams.has(name)) return
    this.#incarnations++
    this.#streams.set(name, new MemoryStream(name, subjects, `memory-${this.#incarnations}`))
  }

  ensureConsumer(stream: string, durable: string, options: { filter?: string[]; attemptsMax?: number } = {}): void {
    const add = (into: string, name: string, filter: string[]) => {
      const home = this.#streams.get(into)
      if (!home || this.#durables.has(`${into}/${name}`)) return
      this.#durables.set(`${into}/${name}`, new MemoryDurable(home, filter, options.attemptsMax ?? ATTEMPTS_MAX))
    }
    add(stream, durable, options.filter ?? [])
    add(REDRIVE_STREAM, redriveDurable(stream, durable), [redriveSubject(stream, durable, '*')])
  }

  dropStream(name: string): void {
    this.#streams.delete(name)
    for (const held of this.#readers)
      if (held.stream === name) held.reader.lose(`the stream ${name} was made anew`, undefined)
  }

  discardBelow(stream: string, sequence: number): void {
    this.#stream(stream).discardBelow(sequence)
  }

  setConnected(connected: boolean): void {
    this.#connected = connected
    for (const listener of this.#listeners) listener(connected ? 'connected' : 'disconnected')
    if (connected) for (const window of this.#windows) window.pump()
  }

  #stream(name: string): MemoryStream {
    const stream = this.#streams.get(name)
    if (!stream) throw refuse('not_found', 'stream', name, 'name it in createMemoryBus({ streams })')
    return stream
  }

  #streamFor(subject: string): MemoryStream {
    for (const stream of this.#streams.values())
      if (stream.subjects.some((pattern) => subjectMatches(pattern, subject))) return stream
    const name = this.#options.streams === undefined ? streamOf(subject) : undefined
    const stream = name && this.#streams.get(name)
    if (!stream) throw new PublishRefused(`${subject}: no stream stores this subject`)
    return stream
  }
}
