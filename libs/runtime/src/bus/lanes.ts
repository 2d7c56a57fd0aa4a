import type { Delivery } from './source.ts'

export type Item = {
  readonly key: number | string
  delivery: Delivery
  attempts: number
  touchedMs: number
  lane: string
}
type Lane = { items: Item[]; state: 'ready' | 'running' | 'blocked' }

/** Queues by key: the head of each lane may run, the rest of the lane waits for it. */
export class Lanes {
  readonly #keyOf: (item: Item) => string
  readonly #lanes = new Map<string, Lane>()
  #ready: string[] = []

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf
  }

  add(item: Item): void {
    item.lane = this.#laneOf(item)
    const lane = this.#lanes.get(item.lane)
    if (lane) {
      lane.items.push(item)
      return
    }
    this.#lanes.set(item.lane, { items: [item], state: 'ready' })
    this.#ready.push(item.lane)
  }

  /** The next that may run. */
  next(): Item | undefined {
    const key = this.#ready.shift()
    const lane = key === undefined ? undefined : this.#lanes.get(key)
    if (!lane) return undefined
    lane.state = 'running'
    return lane.items[0]
  }

  done(item: Item): void {
    const lane = this.#lanes.get(item.lane)
    if (!lane) return
    if (lane.items[0] === item) lane.items.shift()
    else lane.items = lane.items.filter((other) => other !== item)
    if (lane.items.length === 0) this.#lanes.delete(item.lane)
    else this.#open(item.lane, lane)
  }

  block(item: Item): void {
    const lane = this.#lanes.get(item.lane)
    if (lane) lane.state = 'blocked'
  }

  /** False when the item is no longer held. */
  unblock(item: Item): boolean {
    const lane = this.#lanes.get(item.lane)
    if (lane?.items[0] !== item || lane.state !== 'blocked') return false
    this.#open(item.lane, lane)
    return true
  }

  /** Takes out everything that is not running. */
  takeWaiting(): Item[] {
    const taken: Item[] = []
    for (const [key, lane] of this.#lanes) {
      const running = lane.state === 'running' ? lane.items.slice(0, 1) : []
      taken.push(...lane.items.slice(running.length))
      lane.items = running
      if (running.length === 0) this.#lanes.delete(key)
    }
    this.#ready = []
    return taken
  }

  /** A message without a readable key is alone in its lane; its handler will say what is wrong with it. */
  #laneOf(item: Item): string {
    try {
      return this.#keyOf(item)
    } catch {
      return `unreadable ${item.key}`
    }
  }

  #open(key: string, lane: Lane): void {
    lane.state = 'ready'
    this.#ready.push(key)
  }
}
