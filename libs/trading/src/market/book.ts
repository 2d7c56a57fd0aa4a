import { Ladder } from './ladder.ts'
import type { Level } from './ladder.ts'

export type { Level } from './ladder.ts'

export type BookSnapshot = {
  readonly updateId: number
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}
/** Changes of levels with the range of update ids they cover (Binance `U` and `u`). Quantity 0 removes a level. */
export type BookDiff = {
  readonly firstUpdateId: number
  readonly lastUpdateId: number
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
}
/** `waiting`: no snapshot yet, or a gap: what is in the book is not to be used, ask the venue for a snapshot. */
export type BookState = 'waiting' | 'live'
/** `old`: all of it was known; `gap`: something before it is missing. */
export type DiffOutcome = 'applied' | 'old' | 'buffered' | 'gap'

/** Diffs kept while a snapshot is awaited; at ten a second this is minutes. The oldest falls out. */
const BUFFERED_MAX = 4_096

/**
 * A venue's order book from a snapshot and the diffs around it. The rules are those of Binance spot ("How to manage a local
 * order book correctly", developers.binance.com, read November 2026): diffs up to the snapshot are dropped, the first
 * applied one covers the id after it, and each later one begins where the one before it ended.
 */
export class OrderBook {
  readonly #bids = new Ladder('bids')
  readonly #asks = new Ladder('asks')
  #buffered: BookDiff[] = []
  #state: BookState = 'waiting'
  #updateId = 0
  #gaps = 0

  get state(): BookState {
    return this.#state
  }

  /** Id of the last change in the book. */
  get updateId(): number {
    return this.#updateId
  }

  get gaps(): number {
    return this.#gaps
  }

  /** Begins anew from a snapshot and the diffs that wait. `waiting` = the snapshot is older than the first of them. */
  applySnapshot(snapshot: BookSnapshot): BookState {
    this.#bids.fill(snapshot.bids)
    this.#asks.fill(snapshot.asks)
    this.#updateId = snapshot.updateId
    this.#state = 'live'
    const waiting = this.#buffered
    this.#buffered = []
    for (const diff of waiting) this.applyDiff(diff)
    return this.#state
  }

  applyDiff(diff: BookDiff): DiffOutcome {
    if (this.#state === 'waiting') {
      this.#buffer(diff)
      return 'buffered'
    }
    if (diff.lastUpdateId <= this.#updateId) return 'old'
    if (diff.firstUpdateId > this.#updateId + 1) {
      this.#gaps++
      this.#state = 'waiting'
      this.#buffer(diff)
      return 'gap'
    }
    for (const [price, quantity] of diff.bids) this.#bids.set(price, quantity)
    for (const [price, quantity] of diff.asks) this.#asks.set(price, quantity)
    this.#updateId = diff.lastUpdateId
    return 'applied'
  }

  #buffer(diff: BookDiff): void {
    this.#buffered.push(diff)
    if (this.#buffered.length > BUFFERED_MAX) this.#buffered.shift()
  }

  /** The first `levels` of each side, best first. Empty while waiting. */
  top(levels: number): { bids: Level[]; asks: Level[] } {
    if (this.#state === 'waiting') return { bids: [], asks: [] }
    return { bids: this.#bids.top(levels), asks: this.#asks.top(levels) }
  }

  get bestBid(): Level | undefined {
    return this.#state === 'live' ? this.#bids.best : undefined
  }

  get bestAsk(): Level | undefined {
    return this.#state === 'live' ? this.#asks.best : undefined
  }
}
