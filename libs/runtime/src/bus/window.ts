import { PublishRefused } from './bus.ts'
import type { WindowedPublisher } from './bus.ts'

export type SendOne = (subject: string, data: Uint8Array, settle: (error: Error | undefined) => void) => void
type Waiting = { subject: string; data: Uint8Array; resolve: () => void }
export type WindowOptions = {
  windowMessages: number
  onError: (error: Error, subject: string, data: Uint8Array) => void
}

/** A caller that does not wait for `send` may queue this many windows; what comes beyond is told to `onError`. */
const QUEUED_WINDOWS_MAX = 8

/** A bounded window of acknowledgements over any `send`. `open` says whether sending makes sense now. */
export class Window implements WindowedPublisher {
  readonly #send: SendOne
  readonly #options: WindowOptions
  readonly #open: () => boolean
  #inFlight = 0
  #queue: Waiting[] = []
  #head = 0
  #drainers: (() => void)[] = []

  constructor(send: SendOne, options: WindowOptions, open: () => boolean = () => true) {
    this.#send = send
    this.#options = options
    this.#open = open
  }

  send(subject: string, data: Uint8Array): void | Promise<void> {
    if (this.#queued() === 0 && this.#room()) return this.#transmit(subject, data)
    if (this.#queued() >= QUEUED_WINDOWS_MAX * this.#options.windowMessages) {
      this.#options.onError(new PublishRefused(`${subject}: the caller does not wait for the window`), subject, data)
      return undefined
    }
    return new Promise<void>((resolve) => this.#queue.push({ subject, data, resolve }))
  }

  drained(): Promise<void> {
    if (this.#inFlight === 0 && this.#queued() === 0) return Promise.resolve()
    return new Promise((resolve) => this.#drainers.push(resolve))
  }

  /** Sends what waits, as far as there is room. Called after each answer and when the connection is back. */
  pump(): void {
    while (this.#queued() > 0 && this.#room()) {
      const waiting = this.#queue[this.#head++] as Waiting
      if (this.#head > 1024) {
        this.#queue = this.#queue.slice(this.#head)
        this.#head = 0
      }
      this.#transmit(waiting.subject, waiting.data)
      waiting.resolve()
    }
    if (this.#inFlight > 0 || this.#queued() > 0) return
    const drainers = this.#drainers
    this.#drainers = []
    for (const resolve of drainers) resolve()
  }

  #queued(): number {
    return this.#queue.length - this.#head
  }

  #room(): boolean {
    return this.#inFlight < this.#options.windowMessages && this.#open()
  }

  #transmit(subject: string, data: Uint8Array): void {
    this.#inFlight++
    this.#send(subject, data, (error) => {
      this.#inFlight--
      if (error) this.#options.onError(error, subject, data)
      this.pump()
    })
  }
}
