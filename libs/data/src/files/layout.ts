import { layoutOf } from './csv.ts'
import type { FileFeed } from './feed.ts'
import type { Column, Shape } from './roles.ts'

/** What a cell of a line is read as. Numbers go to the slot of that number in the row's values. */
export const SLOT = {
  skip: 0,
  time: 1,
  side: 2,
  maker: 3,
  id: 4,
  price: 5,
  quantity: 6,
  open: 5,
  high: 6,
  low: 7,
  close: 8,
  volume: 9,
  quoteVolume: 10,
  trades: 11,
  venueTime: 12,
  bid: 5,
  bidQuantity: 6,
  ask: 7,
  askQuantity: 8,
  fundingRate: 5,
} as const
export const SLOTS = 13

/** How the lines of a file are read without making strings of them. */
export type LineLayout = {
  readonly shape: Exclude<Shape, never>
  readonly separator: number
  /** Slot of each cell; what comes after the last is not looked at. */
  readonly slots: Uint8Array
  readonly header: 'none' | 'always' | 'maybe'
  /** Fewer cells are a broken row; checked before the time is, or after it. */
  readonly cellsMin: number
  readonly cellsMax: number
  readonly cellsFirst: boolean
}

const SHAPES: Readonly<Record<Shape, readonly Column[]>> = {
  candles: ['time', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'trades'],
  ticks: ['time', 'venueTime', 'price', 'quantity', 'id', 'side', 'buyerIsMaker'],
  quotes: ['time', 'venueTime', 'bid', 'bidQuantity', 'ask', 'askQuantity'],
  funding: ['time', 'fundingRate'],
}
const slotOf = (column: Column): number => (column === 'buyerIsMaker' ? SLOT.maker : SLOT[column as keyof typeof SLOT])

const COMMA = 44
const fixed = (shape: Shape, cells: readonly (keyof typeof SLOT)[], rest: Partial<LineLayout> = {}): LineLayout => ({
  shape,
  separator: COMMA,
  slots: Uint8Array.from(cells, (cell) => SLOT[cell]),
  header: 'maybe',
  cellsMin: cells.length,
  cellsMax: Number.POSITIVE_INFINITY,
  cellsFirst: true,
  ...rest,
})

const FIXED: Readonly<Record<string, LineLayout>> = {
  'kraken-csv': fixed('ticks', ['time', 'price', 'quantity'], { header: 'none', cellsMax: 3 }),
  'binance-trades': fixed('ticks', ['id', 'price', 'quantity', 'skip', 'time', 'maker']),
  'binance-aggtrades': fixed('ticks', ['id', 'price', 'quantity', 'skip', 'skip', 'time', 'maker']),
  'binance-klines': fixed('candles', [
    'time',
    'open',
    'high',
    'low',
    'close',
    'volume',
    'skip',
    'quoteVolume',
    'trades',
  ]),
}

/** Undefined for formats that are not lines of cells. */
export function lineLayout(feed: FileFeed): LineLayout | undefined {
  if (feed.format.name !== 'csv') return FIXED[feed.format.name]
  // Such cells are read as text, one by one.
  if (feed.context.dialect) return undefined
  const { separator, index, shape, hasHeader } = layoutOf(feed.firstRow)
  const columns = SHAPES[shape].filter((column) => index[column] !== undefined)
  // A file that says who was the maker is believed before one that says a side.
  const used = columns.includes('buyerIsMaker') ? columns.filter((column) => column !== 'side') : columns
  const last = Math.max(...used.map((column) => index[column]!))
  const slots = new Uint8Array(last + 1)
  for (const column of used) slots[index[column]!] = slotOf(column)
  return {
    shape,
    separator: separator.charCodeAt(0),
    slots,
    header: hasHeader ? 'always' : 'none',
    cellsMin: shape === 'ticks' ? 3 : 1,
    cellsMax: Number.POSITIVE_INFINITY,
    cellsFirst: false,
  }
}
