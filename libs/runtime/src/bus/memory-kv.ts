import { WrongLastSequence } from './bus.ts'
import type { BusMessage, KvBucket, KvEntry, PublishOptions } from './bus.ts'
import { MemoryReader } from './memory-read.ts'
import type { MemoryStream } from './memory-stream.ts'

const NO_DATA = new Uint8Array()
export type PublishInto = (
  stream: MemoryStream,
  subject: string,
  data: Uint8Array,
  options: PublishOptions,
) => Promise<number>

/** A bucket is a stream, as on the server. */
export class MemoryBucket implements KvBucket {
  readonly #stream: MemoryStream
  readonly #publish: PublishInto

  constructor(stream: MemoryStream, publish: PublishInto) {
    this.#stream = stream
    this.#publish = publish
  }

  async get(key: string): Promise<KvEntry | undefined> {
    const last = this.#stream.lastOn(key)
    const entry = last && entryOf(last)
    return entry?.operation === 'put' ? entry : undefined
  }

  put(key: string, value: Uint8Array): Promise<number> {
    return this.#publish(this.#stream, key, value, {})
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    const last = this.#stream.lastOn(key)
    if (last && entryOf(last).operation === 'put') throw new WrongLastSequence(`the key ${key} exists`)
    return this.update(key, value, last?.sequence ?? 0)
  }

  update(key: string, value: Uint8Array, revision: number): Promise<number> {
    return this.#publish(this.#stream, key, value, { expectedLastSubjectSequence: revision })
  }

  async delete(key: string): Promise<void> {
    await this.#publish(this.#stream, key, NO_DATA, { headers: { 'KV-Operation': 'DEL' } })
  }

  async keys(): Promise<string[]> {
    const all = this.#stream.currentSubjects()
    return all.filter((key) => entryOf(this.#stream.lastOn(key) as BusMessage).operation === 'put').sort()
  }

  async watch(onEntry: (entry: KvEntry) => void, onReady?: () => void): Promise<{ stop(): Promise<void> }> {
    const current = this.#stream.currentSubjects().map((key) => this.#stream.lastOn(key) as BusMessage)
    const from = this.#stream.state().lastSequence + 1
    let stopped = false
    queueMicrotask(() => {
      for (const message of current.sort((a, b) => a.sequence - b.sequence)) if (!stopped) onEntry(entryOf(message))
      if (!stopped) onReady?.()
    })
    const onMessage = (message: BusMessage) => onEntry(entryOf(message))
    const reader = new MemoryReader(this.#stream, { stream: this.#stream.name, fromSequence: from, onMessage })
    return {
      async stop() {
        stopped = true
        await reader.stop()
      },
    }
  }
}

function entryOf(message: BusMessage): KvEntry {
  const gone = message.headers['KV-Operation'] !== undefined
  return {
    key: message.subject,
    value: gone ? undefined : message.data,
    revision: message.sequence,
    operation: gone ? 'delete' : 'put',
  }
}
