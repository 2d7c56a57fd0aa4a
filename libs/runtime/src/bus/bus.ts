/**
 * The bus: durable subjects, durable consumers, key-value buckets. Two implementations (NATS, memory) pass one contract
 * suite. It knows subjects and bytes, no trading word.
 */
export type BusMessage = {
  readonly subject: string
  readonly data: Uint8Array
  readonly stream: string
  readonly sequence: number
  /** When the server stored it, microseconds. */
  readonly timeUs: number
  readonly headers: Readonly<Record<string, string>>
}

export type PublishOptions = {
  /** De-duplicated by the server within its window; a convenience, never the guarantee. */
  messageId?: string
  /** Refused with `WrongLastSequence` unless the last message on this very subject has this sequence (0 = none yet). */
  expectedLastSubjectSequence?: number
  /** Refused with `WrongLastSequence` unless the last message of the whole stream has this message id. */
  expectedLastMessageId?: string
  headers?: Record<string, string>
}
export type PublishAck = { readonly stream: string; readonly sequence: number; readonly duplicate: boolean }

/** Another writer was faster: read the last message of the subject and look. */
export class WrongLastSequence extends Error {
  override readonly name = 'WrongLastSequence'
}
/** No answer in time: stored or not, nobody knows. Read back before you publish again. */
export class PublishUnknown extends Error {
  override readonly name = 'PublishUnknown'
}
/** The server said no for good (permission, no stream, too large, stream full). */
export class PublishRefused extends Error {
  override readonly name = 'PublishRefused'
}

export type StreamState = {
  /** The stream's created time: another one is another stream, whatever its name. */
  readonly incarnation: string
  readonly firstSequence: number
  readonly lastSequence: number
}

export type ReadOptions = {
  readonly stream: string
  readonly fromSequence: number
  /** Empty = all. */
  readonly filterSubjects?: readonly string[]
  /** Called in order, synchronously. Return a promise only to slow the reader down (it waits for it). */
  readonly onMessage: (message: BusMessage) => void | Promise<void>
  /** The wanted sequence is gone, or the stream was made anew. The reader has stopped; start another. */
  readonly onLost?: (reason: string, state: StreamState | undefined) => void
}
export type Reader = { stop(): Promise<void>; readonly lastSequence: number }

export type ConsumeOptions = {
  readonly stream: string
  /** Name of the durable consumer; it is made by nats/ (apply), or by tests through `ensureStream`. */
  readonly durable: string
  /** Acked after this resolves. A throw = retry with back-off, then dead letter after the consumer's max_deliver. */
  readonly onMessage: (message: BusMessage, delivery: number) => Promise<void>
  /** How many messages may be in hand at once; 1 = strict order. */
  readonly concurrency?: number
  /**
   * Several processes take from this durable, whoever is free (a work queue): nothing is fetched ahead of `concurrency`,
   * and what another has in hand stays there. Without it a durable has one owner at a time.
   */
  readonly shared?: boolean
  /** Told after the dead letter is stored and before the message is given up. */
  readonly onDead?: (message: BusMessage, cause: Error, attempts: number) => Promise<void>
  /** Messages with one key are handled one after another, in order; other keys go on beside it. */
  readonly key?: (message: BusMessage) => string
  /** Waits between attempts; the last one repeats. */
  readonly backoffMs?: readonly number[]
  /** A failed attempt, a missing consumer, a dead letter that could not be stored: for the log. */
  readonly onProblem?: (problem: Error) => void
}
export type Consumer = { stop(): Promise<void> }

export type KvEntry = {
  readonly key: string
  readonly value: Uint8Array | undefined
  readonly revision: number
  readonly operation: 'put' | 'delete'
}
export interface KvBucket {
  get(key: string): Promise<KvEntry | undefined>
  put(key: string, value: Uint8Array): Promise<number>
  /** Fails with `WrongLastSequence` when the key exists. */
  create(key: string, value: Uint8Array): Promise<number>
  /** Compare-and-set. Fails with `WrongLastSequence` when the revision is another. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>
  delete(key: string): Promise<void>
  keys(): Promise<string[]>
  /** All current entries first, then changes. `onReady` after the first set (also when empty). Survives reconnects. */
  watch(onEntry: (entry: KvEntry) => void, onReady?: () => void): Promise<{ stop(): Promise<void> }>
}

export interface ObjectStore {
  get(name: string): Promise<Uint8Array | undefined>
  put(name: string, data: Uint8Array): Promise<void>
}

/** A bounded window of acks: fire-and-forget into a stream silently loses messages when it is fast. */
export interface WindowedPublisher {
  /** Resolves at once while the window has room; else when it has. Rejections are told to `onError`. */
  send(subject: string, data: Uint8Array): void | Promise<void>
  /** All that was sent is acknowledged (or was told to `onError`). */
  drained(): Promise<void>
}

export interface Bus {
  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<PublishAck>
  windowedPublisher(options: {
    windowMessages: number
    onError: (error: Error, subject: string, data: Uint8Array) => void
  }): WindowedPublisher
  /** From the leader, never a replica's copy. */
  lastOnSubject(stream: string, subject: string): Promise<BusMessage | undefined>
  getMessage(stream: string, sequence: number): Promise<BusMessage | undefined>
  streamState(stream: string): Promise<StreamState | undefined>
  read(options: ReadOptions): Promise<Reader>
  consume(options: ConsumeOptions): Promise<Consumer>
  kv(bucket: string): Promise<KvBucket>
  objects(store: string): Promise<ObjectStore>
  /** Live only, nothing stored is read back: for eyes. */
  subscribe(subject: string, onMessage: (subject: string, data: Uint8Array) => void): { stop(): void }
  /** Connection changes, for health. */
  onStatus(listener: (status: 'connected' | 'disconnected') => void): void
  readonly connected: boolean
  close(): Promise<void>
}
