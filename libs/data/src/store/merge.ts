import { cellsOf, KIND_SPECS } from '../columns/kinds.ts'
import type { ColumnSpec, Rows, SeriesKey } from '../columns/kinds.ts'
import { sharedColumns } from '../columns/kinds.ts'

export type MergeCounts = {
  /** New rows. */
  added: number
  /** Rows that were there with the same content. */
  known: number
  /** Rows that were there with other content: the old ones stay, unless they are to be replaced. */
  differing: number
}

/**
 * Two ascending series as one. A bar or a funding rate is known by its time, a trade by its time and id, everything else
 * by its whole content; rows of one time that are equal in content are as many as the side that has more of them.
 */
export function mergeRows(key: SeriesKey, old: Rows, fresh: Rows, replace: boolean): { merged: Rows } & MergeCounts {
  const merge = new Merge(key, old, fresh, replace)
  return { merged: merge.run(), ...merge.counts }
}

class Merge {
  readonly counts: MergeCounts = { added: 0, known: 0, differing: 0 }
  readonly #key: SeriesKey
  readonly #old: Rows
  readonly #fresh: Rows
  readonly #replace: boolean
  readonly #specs: readonly ColumnSpec[]
  /** Rows in their new order: a row of `old`, or -1 - row of `fresh`. */
  readonly #order: Int32Array
  #rows = 0

  constructor(key: SeriesKey, old: Rows, fresh: Rows, replace: boolean) {
    this.#key = key
    this.#old = old
    this.#fresh = fresh
    this.#replace = replace
    this.#specs = KIND_SPECS[key.kind].columns
    this.#order = new Int32Array(old.rows + fresh.rows)
  }

  run(): Rows {
    const name = KIND_SPECS[this.#key.kind].time
    const [a, b] = [this.#old.columns[name]!, this.#fresh.columns[name]!]
    const [rowsA, rowsB] = [this.#old.rows, this.#fresh.rows]
    let [i, j] = [0, 0]
    while (i < rowsA || j < rowsB) {
      if (j >= rowsB || (i < rowsA && a[i]! < b[j]!)) this.#order[this.#rows++] = i++
      else if (i >= rowsA || b[j]! < a[i]!) this.#take(j++)
      else {
        const [fromA, fromB] = [i, j]
        const time = a[i]!
        while (i < rowsA && a[i] === time) i++
        while (j < rowsB && b[j] === time) j++
        this.#group(fromA, i, fromB, j)
      }
    }
    return this.#gather()
  }

  #take(row: number): void {
    this.#order[this.#rows++] = -1 - row
    this.counts.added++
  }

  /** Rows of both sides at one time. */
  #group(fromA: number, toA: number, fromB: number, toB: number): void {
    if (toA - fromA === toB - fromB && this.#allSame(fromA, fromB, toA - fromA)) {
      for (let row = fromA; row < toA; row++) this.#order[this.#rows++] = row
      this.counts.known += toA - fromA
      return
    }
    const rowsByIdentity = new Map<string, number[]>()
    for (let row = fromB; row < toB; row++) {
      const identity = this.#identity(this.#fresh, row)
      const rows = rowsByIdentity.get(identity)
      if (rows) rows.push(row)
      else rowsByIdentity.set(identity, [row])
    }
    for (let row = fromA; row < toA; row++)
      this.#settle(row, rowsByIdentity.get(this.#identity(this.#old, row))?.shift())
    for (const rows of rowsByIdentity.values()) for (const row of rows) this.#take(row)
  }

  #settle(old: number, fresh: number | undefined): void {
    const same = fresh === undefined || this.#same(old, fresh)
    if (fresh !== undefined) this.counts[same ? 'known' : 'differing']++
    this.#order[this.#rows++] = same || !this.#replace ? old : -1 - fresh
  }

  #identity(side: Rows, row: number): string {
    const { kind } = this.#key
    if (kind === 'candles' || kind === 'funding') return ''
    const id = kind === 'ticks' ? side.columns['tradeId']![row]! : Number.NaN
    if (!Number.isNaN(id)) return String(id)
    const cells: number[] = []
    for (const spec of this.#specs) {
      const [from, to] = [cellsOf(spec, row, this.#key.depth), cellsOf(spec, row + 1, this.#key.depth)]
      for (let cell = from; cell < to; cell++) cells.push(side.columns[spec.name]![cell]!)
    }
    return cells.join(' ')
  }

  #allSame(fromA: number, fromB: number, rows: number): boolean {
    for (let i = 0; i < rows; i++) if (!this.#same(fromA + i, fromB + i)) return false
    return true
  }

  #same(rowA: number, rowB: number): boolean {
    for (const spec of this.#specs) {
      const width = cellsOf(spec, 1, this.#key.depth)
      const [a, b] = [this.#old.columns[spec.name]!, this.#fresh.columns[spec.name]!]
      for (let i = 0; i < width; i++) if (!Object.is(a[rowA * width + i], b[rowB * width + i])) return false
    }
    return true
  }

  #gather(): Rows {
    const columns = sharedColumns(this.#key.kind, this.#rows, this.#key.depth)
    for (const spec of this.#specs) {
      const width = cellsOf(spec, 1, this.#key.depth)
      const [target, a, b] = [columns[spec.name]!, this.#old.columns[spec.name]!, this.#fresh.columns[spec.name]!]
      for (let row = 0; row < this.#rows; row++) {
        const from = this.#order[row]!
        const [source, at] = from >= 0 ? [a, from * width] : [b, (-1 - from) * width]
        for (let i = 0; i < width; i++) target[row * width + i] = source[at + i]!
      }
    }
    return { rows: this.#rows, columns }
  }
}
