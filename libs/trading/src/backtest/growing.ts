/** A column of doubles that grows: one store per value, nothing boxed. */
export class Growing {
  #cells: Float64Array
  length = 0

  constructor(capacity = 1024) {
    this.#cells = new Float64Array(capacity)
  }

  push(value: number): void {
    if (this.length === this.#cells.length) this.#grow()
    this.#cells[this.length++] = value
  }

  at(index: number): number {
    return this.#cells[index]!
  }

  set(index: number, value: number): void {
    this.#cells[index] = value
  }

  #grow(): void {
    const larger = new Float64Array(this.#cells.length * 2)
    larger.set(this.#cells)
    this.#cells = larger
  }

  /** The values alone; not to be grown after. */
  take(): Float64Array {
    return this.#cells.subarray(0, this.length)
  }
}
