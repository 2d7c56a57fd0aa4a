/** Rows of doubles in one growing array: a row costs its stores, and nothing of it is an object. */
export class Table {
  readonly stride: number
  cells: Float64Array
  rows = 0

  constructor(stride: number, capacity = 256) {
    this.stride = stride
    this.cells = new Float64Array(stride * capacity)
  }

  /** Room for one more row; returns the index of its first cell. The cells are to be read anew after it. */
  add(): number {
    const at = this.rows * this.stride
    if (at === this.cells.length) {
      const larger = new Float64Array(this.cells.length * 2)
      larger.set(this.cells)
      this.cells = larger
    }
    this.rows++
    return at
  }

  at(row: number, column: number): number {
    return this.cells[row * this.stride + column]!
  }

  set(row: number, column: number, value: number): void {
    this.cells[row * this.stride + column] = value
  }

  /** Index of the first cell of the last row. */
  get last(): number {
    return (this.rows - 1) * this.stride
  }

  /** A copy of one column. */
  column(index: number): Float64Array {
    const { rows, cells, stride } = this
    const column = new Float64Array(rows)
    for (let row = 0; row < rows; row++) column[row] = cells[row * stride + index]!
    return column
  }

  /** Anew with nothing in it, at its size. */
  clear(): void {
    this.rows = 0
  }
}
