/** Remembers the last `limit` keys: what repeats within that many is known as a repeat. */
export class Seen {
  readonly #keys = new Set<string>()
  readonly #limit: number
  constructor(limit: number) {
    this.#limit = limit
  }

  /** True when it is new. */
  add(key: string): boolean {
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    if (this.#keys.size > this.#limit) this.#keys.delete(this.#keys.values().next().value as string)
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
    for (const key of keys) this.#keys.add(key)
  }
}
