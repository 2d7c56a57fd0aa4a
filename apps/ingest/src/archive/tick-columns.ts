import type { TickColumns } from '@contrail/trading'

export type ArchivedTick = {
  readonly venue: string
  readonly instrument: string
  readonly receiveTimeUs: number
  readonly venueTimeUs: number
  readonly tradeId: string
  readonly side: number
  readonly price: number
  readonly quantity: number
}
const SIDE_OF = [0, 1, -1] as const
const NUMERIC_ID = /^\d{1,15}$/

/** Rows of one instrument as columns, in order of time; rows of one time stay in the order of their sequence. */
export function tickColumns(unsorted: readonly ArchivedTick[]): TickColumns {
  const rows = unsorted.toSorted((a, b) => a.receiveTimeUs - b.receiveTimeUs)
  const column = (cell: (row: ArchivedTick) => number) => Float64Array.from(rows, cell)
  return {
    kind: 'ticks',
    venue: rows[0]?.venue ?? '',
    instrument: rows[0]?.instrument ?? '',
    rows: rows.length,
    receiveTimeUs: column((row) => row.receiveTimeUs),
    venueTimeUs: column((row) => row.venueTimeUs),
    price: column((row) => row.price),
    quantity: column((row) => row.quantity),
    tradeId: column((row) => (NUMERIC_ID.test(row.tradeId) ? Number(row.tradeId) : Number.NaN)),
    side: Int8Array.from(rows, (row) => SIDE_OF[row.side] ?? 0),
  }
}
