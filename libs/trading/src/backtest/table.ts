/** Of one chunk: large enough to be rare, small enough that its memory is used again and not asked of the system. */
const CHUNK_BITS = 10
const CHUNK_ROWS = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_ROWS - 1

const NOTHING = new Float64Array(0)

/** Rows of doubles in chunks: a row costs its stores, nothing of it is an object, and none is ever copied. */
export class Table {
  readonly stride: number
  readonly #chunks: Float64Array[] = []
  /** The chunk of the last row. */
  cells: Float64Array = NOTHING
  rows = 0

  constructor(stride: number) {
    this.stride = stride
  }

  /** Room for one more row; returns the index of its first cell in `cells`, which are to be read anew after it. */
  add(): number {
    const inChunk = this.rows & CHUNK_MASK
    if (inChunk === 0) this.#grow()
    this.rows++
    return inChunk * this.stride
  }

  #grow(): void {
    const index = this.rows >> CHUNK_BITS
    this.cells = this.#chunks[index] ??= new Float64Array(this.stride * CHUNK_ROWS)
  }

  /** The cells of a row, from `indexOf(row)` on. */
  chunkOf(row: number): Float64Array {
    return this.#chunks[row >> CHUNK_BITS]!
  }

  indexOf(row: number): number {
    return (row & CHUNK_MASK) * this.stride
  }

  at(row: number, column: number): number {
    return this.#chunks[row >> CHUNK_BITS]![(row & CHUNK_MASK) * this.stride + column]!
  }

  /** Index of the first cell of the last row, in `cells`. */
  get last(): number {
    return this.indexOf(this.rows - 1)
  }

  /** A copy of one column. */
  column(index: number): Float64Array {
    const column = new Float64Array(this.rows)
    for (let row = 0; row < this.rows; row++) column[row] = this.at(row, index)
    return column
  }

  /** Anew with nothing in it, at its size: who adds a row stores all of its cells. */
  clear(): void {
    this.rows = 0
    this.cells = NOTHING
  }
}
