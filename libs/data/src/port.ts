import type { Instrument, Timeframe } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'
import type { Kind, SeriesKey } from './columns/kinds.ts'

/** Rows of one series with `fromUs` <= time < `toUs`: of a bar its opening, of all else when it was received. */
export type MarketQuery = {
  readonly venue: string
  readonly instrument: string
  readonly kind: Kind
  /** Of candles. */
  readonly timeframe?: Timeframe | undefined
  /** Of book rows; the deepest when left out. */
  readonly depth?: number | undefined
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
}
export type SeriesInfo = SeriesKey & {
  readonly rows: number
  readonly firstUs: number
  readonly lastUs: number
  /** Files that hold it; 0 where it lies in a database. */
  readonly files: number
}

/** Where recorded market data is asked for, whether it lies in files or in the MARKET database. */
export type MarketDataPort = {
  read(query: MarketQuery): Promise<MarketColumns>
  list(): Promise<SeriesInfo[]>
  instruments(): Promise<Instrument[]>
}
