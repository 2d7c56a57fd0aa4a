/** Remembers the last `limit` keys: what repeats within that many is known as a repeat. */
export class Seen {
  readonly #keys = new Set<string>()
  readonly #limit: number
  /** The same keys round and round: asking a set for its oldest takes longer the more were taken out of it. */
  #ring: string[] = []
  #oldest = 0
  constructor(limit: number) {
    this.#limit = limit
  }

  /** True when it is new. */
  add(key: string): boolean {
    const before = this.#keys.size
    // Looked up once: a text that was just read has yet to be hashed.
    this.#keys.add(key)
    if (this.#keys.size === before) return false
    if (this.#ring.length < this.#limit) this.#ring.push(key)
    else {
      this.#keys.delete(this.#ring[this.#oldest]!)
      this.#ring[this.#oldest] = key
      this.#oldest = (this.#oldest + 1) % this.#limit
    }
    return true
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  snapshot(): string[] {
    return [...this.#keys]
  }

  restore(keys: readonly string[]): void {
    this.#keys.clear()
    this.#ring = []
    this.#oldest = 0
    for (const key of keys) this.add(key)
  }
}
