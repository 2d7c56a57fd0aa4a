/** One value per row, where most rows have none: nothing is kept before the first. Rows come in their order. */
export class Rare<T> {
  readonly #values: (T | undefined)[] = []

  add(row: number, value: T | undefined): void {
    if (value !== undefined || this.#values.length > 0) this.#put(row, value)
  }

  #put(row: number, value: T | undefined): void {
    const values = this.#values
    while (values.length < row) values.push(undefined)
    values.push(value)
  }

  at(row: number): T | undefined {
    return this.#values[row]
  }

  get isUsed(): boolean {
    return this.#values.length > 0
  }

  clear(): void {
    // Not by `length`: that would throw the array's room away with it.
    while (this.#values.length > 0) this.#values.pop()
  }
}
