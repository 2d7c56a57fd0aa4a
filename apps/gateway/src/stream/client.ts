import { EVENTS, LETTERS } from './topics.ts'
import type { Cursors, Letter, StreamEvent, Topic } from './topics.ts'

export type ClientOptions = {
  topics: ReadonlySet<Topic>
  instruments: ReadonlySet<string> | undefined
  cursors: Cursors
  idOf: (cursors: Cursors) => string
  onClose: (reason: string) => void
}

/** Bytes that may wait in the socket before we hold events back. */
const SOCKET_BYTES = 64 * 1024
/** Events of durable streams that may wait; beyond it the client is too slow and must come back by its last id. */
export const QUEUE_MAX = 2_000
/** Different conflated values that may wait (instruments x kinds). */
const LATEST_MAX = 5_000

const text = new TextEncoder()

/** One open stream. A slow reader first loses intermediate values of the same thing, then the connection; never a fact. */
export class StreamClient {
  readonly #options: ClientOptions
  readonly cursors: Cursors
  /** Streams that follow the hub; the others are still catching up by themselves. */
  readonly joined = new Set<Letter>(LETTERS)
  readonly body: ReadableStream<Uint8Array>
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #queue: string[] = []
  #sent = 0
  #latest = new Map<string, string>()
  #waiting: (() => void)[] = []
  #closing: (() => void)[] = []
  conflated = 0

  constructor(options: ClientOptions) {
    this.#options = options
    this.cursors = { ...options.cursors }
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#flush(),
        cancel: () => this.#end('gone'),
      },
      { highWaterMark: SOCKET_BYTES, size: (chunk) => chunk?.byteLength ?? 1 },
    )
  }

  get open(): boolean {
    return this.#controller !== undefined
  }

  /** Called once when the stream ends, for whatever reason. */
  whenClosed(work: () => void): void {
    if (this.open) this.#closing.push(work)
    else work()
  }

  offer(event: StreamEvent): void {
    if (event.at) {
      if (event.at.sequence <= this.cursors[event.at.letter]) return
      this.cursors[event.at.letter] = event.at.sequence
    }
    if (!this.#wants(event)) return
    const id = event.at || event.name === 'hello' ? `id: ${this.#options.idOf(this.cursors)}\n` : ''
    const frame = `${id}event: ${event.name}\ndata: ${event.json}\n\n`
    if (event.key === undefined) this.#queue.push(frame)
    else this.#conflate(event.key, frame)
    this.#flush()
    if (this.#waits > QUEUE_MAX) this.close('slow')
  }

  comment(words: string): void {
    // A heartbeat behind a full socket would only lie about the time.
    if (this.#room()) this.#write(`: ${words}\n\n`)
  }

  /** Resolves when nothing waits: lets a catch-up go at the reader's pace. */
  drained(): Promise<void> | undefined {
    if (this.#waits < QUEUE_MAX / 4 || !this.open) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  close(reason: string): void {
    const controller = this.#controller
    if (!controller) return
    this.#end(reason)
    controller.enqueue(text.encode(`: closing: ${reason}\n\n`))
    controller.close()
  }

  #end(reason: string): void {
    if (!this.#controller) return
    this.#controller = undefined
    this.#queue = []
    this.#sent = 0
    this.#latest.clear()
    this.#wake()
    for (const work of this.#closing.splice(0)) work()
    this.#options.onClose(reason)
  }

  #wants({ name, instrument }: StreamEvent): boolean {
    const topic = EVENTS[name]
    if (topic === undefined) return true
    if (!this.#options.topics.has(topic)) return false
    const market = topic === 'ticks' || topic === 'candles'
    return !market || instrument === undefined || (this.#options.instruments?.has(instrument) ?? true)
  }

  #conflate(key: string, frame: string): void {
    if (this.#latest.delete(key)) this.conflated++
    if (this.#latest.size < LATEST_MAX) this.#latest.set(key, frame)
  }

  #room(): boolean {
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  /** A write may call back here at once (the stream pulls): what is written has left the queue before. */
  #flush(): void {
    while (this.#sent < this.#queue.length && this.#room()) this.#write(this.#queue[this.#sent++] as string)
    if (this.#sent > 0 && (this.#sent === this.#queue.length || this.#sent > QUEUE_MAX)) {
      this.#queue = this.#queue.slice(this.#sent)
      this.#sent = 0
    }
    if (this.#waits < QUEUE_MAX / 4) this.#wake()
    if (this.#waits > 0) return
    for (const [key, frame] of this.#latest) {
      if (!this.#room()) return
      this.#latest.delete(key)
      this.#write(frame)
    }
  }

  get #waits(): number {
    return this.#queue.length - this.#sent
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #write(frame: string): void {
    this.#controller?.enqueue(text.encode(frame))
  }
}
