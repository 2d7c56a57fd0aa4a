import { EventEmitter } from 'node:events'
import net from 'node:net'
import { backendReader, COMPLETE, frontendReader, LOST, readyFrame } from './frames.ts'
import type { Request } from './frames.ts'

/**
 * Stands between postgres.js 3.4.9 and the network, because of what the driver does when something breaks:
 * - a statement that fails among its rows leaves holes in the next result (porsager/postgres#1222);
 * - a connection that is lost in a transaction is opened again under it, and the rest of the transaction runs there
 *   outside any (#1155, #1215), or its rollback is written to no socket and ends the process (#1208);
 * - the error of a lost connection is given to the next statement (#1215);
 * - what was about to be written to it is kept, and the next connection waits for that for ever (#1215);
 * - BEGIN can go out without its connection being kept for it when a write is slow (#1189).
 * Here, a lost connection answers what was asked with an error, and in a transaction all that is asked until it is rolled
 * back; only then the driver hears that it is closed. Each statement fails with its own error, none runs elsewhere.
 * Do not use cursors or COPY through it.
 */
export function guardedSocket(options: { host: string | string[]; port: number | number[] }): GuardedSocket {
  const [host] = [options.host].flat()
  const [port] = [options.port].flat()
  return new GuardedSocket(net.connect({ host: host ?? '127.0.0.1', port: port ?? 5432, noDelay: true }))
}

export class GuardedSocket extends EventEmitter {
  readonly #socket: net.Socket
  readonly #backend = backendReader(() => this.#pending.shift())
  readonly #frontend = frontendReader()
  /** Asked and not answered. The first READY answers the start-up message. */
  readonly #pending: Request[] = [{ ends: false }]
  #lost = false
  #errored = false
  #closed = false

  constructor(socket: net.Socket) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      for (const part of this.#backend.read(chunk)) this.emit('data', part)
    })
    socket.on('drain', () => this.emit('drain'))
    socket.on('error', (error) => {
      if (!this.#backend.view.open) this.emit('error', error)
    })
    socket.on('close', (hadError) => this.#end(hadError))
  }

  get readyState(): string {
    return this.#closed ? 'closed' : this.#lost ? 'open' : this.#socket.readyState
  }

  setKeepAlive(on: boolean, delayMs: number): void {
    this.#socket.setKeepAlive(on, delayMs)
  }

  /** Always "go on": the driver takes "wait" for "not sent". What waits here is bounded by who uses the pool. */
  write(given: Buffer, done?: () => void): true {
    const { chunk, requests } = this.#frontend.read(given)
    if (this.#lost) queueMicrotask(() => this.#refuse(requests))
    else {
      this.#pending.push(...requests)
      this.#socket.write(chunk, done)
    }
    return true
  }

  end(chunk?: Buffer): void {
    if (this.#lost) queueMicrotask(() => this.#close(false))
    else if (chunk) this.#socket.end(chunk)
    else this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
    if (this.#lost) queueMicrotask(() => this.#close(false))
  }

  #end(hadError: boolean): void {
    const { open, status, rows, error } = this.#backend.view
    if (!open) return this.#close(hadError)
    this.#lost = true
    if (rows) this.emit('data', COMPLETE)
    if (status !== 'I') {
      this.#errored = error
      return this.#refuse(this.#pending.splice(0))
    }
    // An error that was told is brought to its end, so that it does not stay for the next statement.
    if (error) this.emit('data', readyFrame('I'))
    this.#close(false)
  }

  /** In a transaction: errors until it is given up. What gives it up is answered by the end of the connection. */
  #refuse(requests: readonly Request[]): void {
    if (this.#closed) return
    for (const { ends } of requests) {
      if (ends) return this.#close(false)
      if (!this.#errored) this.emit('data', LOST)
      this.#errored = false
      this.emit('data', readyFrame('E'))
    }
    // It waits for a description; the error makes the driver ask for the rest, which is answered then.
    if (!this.#frontend.view.flushed || this.#errored) return
    this.#errored = true
    this.emit('data', LOST)
  }

  #close(hadError: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.emit('close', hadError)
  }
}
