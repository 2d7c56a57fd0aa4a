import type { BusMessage, Reader, ReadOptions } from './bus.ts'
import { matchesAny } from './memory-stream.ts'
import type { MemoryStream } from './memory-stream.ts'

/** Hands on in microtasks, in order; waits for a promise. */
export class MemoryReader implements Reader {
  readonly #stream: MemoryStream
  readonly #options: ReadOptions
  readonly #off: () => void
  #next: number
  #last: number
  #pumping = false
  #stopped = false

  constructor(stream: MemoryStream, options: ReadOptions) {
    this.#stream = stream
    this.#options = options
    this.#next = options.fromSequence === 0 ? stream.state().firstSequence : options.fromSequence
    this.#last = Math.max(0, options.fromSequence - 1)
    this.#off = stream.onStored(() => this.#wake())
    this.#wake()
  }

  get lastSequence(): number {
    return this.#last
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#off()
  }

  lose(reason: string, stream: MemoryStream | undefined): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#off()
    queueMicrotask(() => this.#options.onLost?.(reason, stream?.state()))
  }

  #wake(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => void this.#pump())
  }

  async #pump(): Promise<void> {
    while (!this.#stopped) {
      const state = this.#stream.state()
      if (this.#next < state.firstSequence)
        return this.lose(`sequence ${this.#next} is gone: it begins at ${state.firstSequence}`, this.#stream)
      if (this.#next > state.lastSequence + 1)
        return this.lose(`the stream ends at ${state.lastSequence}, before ${this.#next}`, this.#stream)
      const message = this.#stream.get(this.#next)
      if (!message) break
      this.#next++
      if (matchesAny(this.#options.filterSubjects, message.subject)) await this.#hand(message)
    }
    this.#pumping = false
  }

  async #hand(message: BusMessage): Promise<void> {
    this.#last = message.sequence
    const result = this.#options.onMessage(message)
    if (result) await result
  }
}
