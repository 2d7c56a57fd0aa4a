const ROOM_MIN = 16

/**
 * Remembers the last `limit` keys: what repeats within that many is known as a repeat. A `Set` is ten times slower at this:
 * it hashes each key it forgets, and those have long left the cache.
 */
export class Seen {
  readonly #limit: number
  /** The keys round and round, and their hashes. */
  #ring: string[] = []
  #hashes = new Int32Array(0)
  #oldest = 0
  /** By hash, open addressing: place in the ring + 1, or 0. Twice to four times as large as the ring. */
  #table = new Int32Array(0)

  constructor(limit: number) {
    this.#limit = limit
  }

  /** True when it is new. */
  add(key: string): boolean {
    const hash = hashOf(key, SEED)
    return this.#find(hash, key) < 0 && this.#put(hash, key)
  }

  /** As `add` of `first/second`, which is no text yet. */
  addPair(first: string, second: string): boolean {
    const hash = hashOf(second, step(hashOf(first, SEED), SLASH))
    const key = `${first}/${second}`
    return this.#find(hash, key) < 0 && this.#put(hash, key)
  }

  has(key: string): boolean {
    return this.#find(hashOf(key, SEED), key) >= 0
  }

  snapshot(): string[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)]
  }

  restore(keys: readonly string[]): void {
    this.#ring = []
    this.#oldest = 0
    this.#table.fill(0)
    for (const key of keys) this.add(key)
  }

  #find(hash: number, key: string): number {
    const table = this.#table
    const mask = table.length - 1
    if (mask < 0) return -1
    for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
      const place = table[at]! - 1
      if (this.#hashes[place] === hash && this.#ring[place] === key) return place
    }
    return -1
  }

  #put(hash: number, key: string): true {
    let place = this.#ring.length
    if (place < this.#limit) {
      if (place === this.#hashes.length) this.#grow()
      this.#ring.push(key)
    } else {
      place = this.#oldest
      this.#remove(place)
      this.#ring[place] = key
      this.#oldest = (place + 1) % this.#limit
    }
    this.#hashes[place] = hash
    this.#enter(place)
    return true
  }

  #enter(place: number): void {
    const mask = this.#table.length - 1
    let at = this.#hashes[place]! & mask
    while (this.#table[at] !== 0) at = (at + 1) & mask
    this.#table[at] = place + 1
  }

  /** What stood behind it moves up, so that no search ends too early. */
  #remove(place: number): void {
    const table = this.#table
    const mask = table.length - 1
    let gap = this.#hashes[place]! & mask
    while (table[gap] !== place + 1) gap = (gap + 1) & mask
    for (let at = (gap + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashes[table[at]! - 1]! & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      table[gap] = table[at]!
      gap = at
    }
    table[gap] = 0
  }

  #grow(): void {
    const room = Math.max(ROOM_MIN, this.#hashes.length * 2)
    const hashes = new Int32Array(room)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    this.#table = new Int32Array(room * 2)
    this.#ring.forEach((_, place) => this.#enter(place))
  }
}

/* FNV-1a over UTF-16 units. */
const SEED = 0x811c9dc5 | 0
const SLASH = 47
const step = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193)

function hashOf(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = step(hash, text.charCodeAt(i))
  return hash
}
