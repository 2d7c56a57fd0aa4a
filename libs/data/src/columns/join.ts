import { KIND_SPECS, cellsOf, sharedColumns } from './kinds.ts'
import type { Kind, Rows } from './kinds.ts'

/** Copies pieces one after the other into shared memory. */
export function joinRows(kind: Kind, pieces: readonly Rows[], depth = 0): Rows {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const columns = sharedColumns(kind, rows, depth)
  for (const spec of KIND_SPECS[kind].columns) {
    const target = columns[spec.name]!
    let at = 0
    for (const piece of pieces) {
      const cells = cellsOf(spec, piece.rows, depth)
      target.set(piece.columns[spec.name]!.subarray(0, cells), at)
      at += cells
    }
  }
  return { rows, columns }
}
