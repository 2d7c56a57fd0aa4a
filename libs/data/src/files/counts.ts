/** Refused rows by reason: how many, and the first of each so that a person can look at it. */
export type RefusedRows = Record<string, { count: number; firstLine: number; firstText: string }>

/** Reasons are ours, but a map that outside input can grow needs a limit all the same. */
const REASONS_MAX = 64

export class RefusalCounts {
  readonly #rows = new Map<string, { count: number; firstLine: number; firstText: string }>()

  add(reason: string, line: number | undefined, text: string): void {
    const key = this.#rows.has(reason) || this.#rows.size < REASONS_MAX ? reason : 'other'
    const found = this.#rows.get(key)
    if (found) found.count++
    else this.#rows.set(key, { count: 1, firstLine: line ?? 0, firstText: text })
  }

  /** `text` is only made for the first of a reason. */
  addLazily(reason: string, line: number, text: () => string): void {
    const found = this.#rows.get(reason)
    if (found) found.count++
    else this.add(reason, line, text())
  }

  get total(): number {
    let total = 0
    for (const { count } of this.#rows.values()) total += count
    return total
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#rows].map(([reason, { count }]) => [reason, count]))
  }

  report(): RefusedRows {
    return Object.fromEntries(this.#rows)
  }
}
