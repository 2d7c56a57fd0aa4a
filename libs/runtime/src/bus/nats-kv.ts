import { refuse } from '@contrail/contracts'
import { headers } from '@nats-io/transport-node'
import { WrongLastSequence } from './bus.ts'
import type { BusMessage, KvBucket, KvEntry, PublishOptions } from './bus.ts'
import type { Link } from './nats-link.ts'
import { headersOf, publishOnce } from './nats-publish.ts'
import type { LeanPublisher } from './nats-publish.ts'
import { OrderedReader } from './nats-read.ts'
import { leaderGet, streamState } from './nats-stream.ts'

const KEY_PATTERN = /^[-/_=.A-Za-z0-9]{1,200}$/
const NO_DATA = new Uint8Array()

/** What `close` of the bus has to stop. */
export type Track = <T extends { stop(): Promise<void> }>(part: T) => T

export async function openBucket(link: Link, lean: LeanPublisher, bucket: string, track: Track): Promise<KvBucket> {
  if (!(await streamState(link, `KV_${bucket}`)))
    throw refuse('not_found', 'bucket', bucket, 'make the buckets: node nats/src/main.ts')
  return new NatsBucket(link, lean, bucket, track)
}

class NatsBucket implements KvBucket {
  readonly #link: Link
  readonly #lean: LeanPublisher
  readonly #stream: string
  readonly #prefix: string
  readonly #track: Track

  constructor(link: Link, lean: LeanPublisher, bucket: string, track: Track) {
    this.#track = track
    this.#link = link
    this.#lean = lean
    this.#stream = `KV_${bucket}`
    this.#prefix = `$KV.${bucket}.`
  }

  async get(key: string): Promise<KvEntry | undefined> {
    const entry = await this.#last(key)
    return entry?.operation === 'put' ? entry : undefined
  }

  put(key: string, value: Uint8Array): Promise<number> {
    return this.#write(key, value, {})
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    try {
      return await this.#write(key, value, { expectedLastSubjectSequence: 0 })
    } catch (error) {
      if (!(error instanceof WrongLastSequence)) throw error
      const last = await this.#last(key)
      if (last?.operation !== 'delete') throw error
      return this.#write(key, value, { expectedLastSubjectSequence: last.revision })
    }
  }

  update(key: string, value: Uint8Array, revision: number): Promise<number> {
    return this.#write(key, value, { expectedLastSubjectSequence: revision })
  }

  async delete(key: string): Promise<void> {
    const header = headers()
    header.set('KV-Operation', 'DEL')
    await publishOnce(this.#link, this.#lean, this.#subject(key), NO_DATA, header)
  }

  async keys(): Promise<string[]> {
    const keys = new Set<string>()
    await new Promise<void>((resolve, reject) => {
      let reader: { stop(): Promise<void> } | undefined
      const ready = () => void (reader ? reader.stop().then(resolve, reject) : setImmediate(ready))
      const onEntry = (entry: KvEntry) => (entry.operation === 'put' ? keys.add(entry.key) : keys.delete(entry.key))
      this.watch(onEntry, ready).then((opened) => (reader = opened), reject)
    })
    return [...keys].sort()
  }

  async watch(onEntry: (entry: KvEntry) => void, onReady?: () => void): Promise<{ stop(): Promise<void> }> {
    const watcher = new Watcher(this.#link, this.#stream, (message) => this.#entry(message), onEntry, onReady)
    await watcher.start()
    return this.#track(watcher)
  }

  async #last(key: string): Promise<KvEntry | undefined> {
    const message = await leaderGet(this.#link, this.#stream, { last_by_subj: this.#subject(key) })
    return message && this.#entry(message)
  }

  async #write(key: string, value: Uint8Array, options: PublishOptions): Promise<number> {
    const ack = await publishOnce(this.#link, this.#lean, this.#subject(key), value, headersOf(options))
    return ack.sequence
  }

  #subject(key: string): string {
    if (!KEY_PATTERN.test(key) || key.startsWith('.') || key.endsWith('.'))
      throw refuse('invalid', 'key', key, 'use letters, digits, "-", "_", "/", "=" and inner dots')
    return this.#prefix + key
  }

  #entry(message: BusMessage): KvEntry {
    const gone = message.headers['KV-Operation'] !== undefined || message.headers['Nats-Marker-Reason'] !== undefined
    return {
      key: message.subject.slice(this.#prefix.length),
      value: gone ? undefined : message.data,
      revision: message.sequence,
      operation: gone ? 'delete' : 'put',
    }
  }
}

/** All current entries, then changes. When the bucket was made anew, keys that are gone are told as deleted. */
class Watcher {
  readonly #link: Link
  readonly #stream: string
  readonly #entryOf: (message: BusMessage) => KvEntry
  readonly #onEntry: (entry: KvEntry) => void
  #onReady: (() => void) | undefined
  #reader: OrderedReader | undefined
  #known = new Map<string, number>()
  #before: Map<string, number> | undefined
  #awaited = 0
  #stopped = false

  constructor(
    link: Link,
    stream: string,
    entryOf: (message: BusMessage) => KvEntry,
    onEntry: (entry: KvEntry) => void,
    onReady: (() => void) | undefined,
  ) {
    this.#link = link
    this.#stream = stream
    this.#entryOf = entryOf
    this.#onEntry = onEntry
    this.#onReady = onReady
  }

  async start(): Promise<void> {
    this.#reader = new OrderedReader(this.#link, {
      stream: this.#stream,
      start: 'last_per_subject',
      gaps: 'ignore',
      onBound: (pending) => this.#bound(pending),
      onMessage: (message, info) => this.#arrived(this.#entryOf(message), info.pending),
      onLost: () => void this.#again(),
    })
    await this.#reader.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#reader?.stop()
  }

  #bound(pending: number): void {
    this.#awaited = pending
    if (pending === 0) setImmediate(() => this.#ready())
  }

  #arrived(entry: KvEntry, pending: number): void {
    if (entry.operation === 'put') this.#known.set(entry.key, entry.revision)
    else this.#known.delete(entry.key)
    this.#before?.delete(entry.key)
    this.#onEntry(entry)
    if (--this.#awaited === 0 || pending === 0) this.#ready()
  }

  #ready(): void {
    if (this.#stopped) return
    const vanished = this.#before
    this.#before = undefined
    for (const [key, revision] of vanished ?? []) {
      this.#known.delete(key)
      this.#onEntry({ key, value: undefined, revision, operation: 'delete' })
    }
    const onReady = this.#onReady
    this.#onReady = undefined
    onReady?.()
  }

  async #again(): Promise<void> {
    this.#before = new Map(this.#known)
    while (!this.#stopped) {
      try {
        await this.start()
        return
      } catch {
        // The bucket is not there yet: it is looked for until it is, or until the watch is stopped.
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    }
  }
}
