import { LIVE_TIMEFRAMES } from '@contrail/contracts'
import type { Book, Candle, Quote, Tick, Timeframe } from '@contrail/contracts'
import { barsOf, inTime } from './input-twin.ts'
import type { Bar, Twin, TwinTrade } from './input-twin.ts'

export type Check = { readonly check: string; readonly wanted: number | string; readonly found: number | string }
export type Checked = Check & { readonly passed: boolean }

/** What is on MD after a replay, read back message by message. */
export type OnBus = {
  ticks: Tick[]
  quotes: Quote[]
  books: Book[]
  candles: Candle[]
  statuses: string[]
  clocks: number
  lastSequence: number
}
export type InArchive = { ticks: TwinTrade[]; candles: (Bar & { timeframe: Timeframe })[]; gaps: number }

const equal = (check: string, wanted: number | string, found: number | string): Checked => ({
  check,
  wanted,
  found,
  passed: wanted === found,
})

/** How many of two lists are the same in everything named, place by place. */
function same<T extends object>(left: readonly T[], right: readonly T[], keys: readonly (keyof T)[]): number {
  let count = 0
  for (const [i, each] of left.entries()) {
    const other = right[i]
    if (other !== undefined && keys.every((key) => each[key] === other[key])) count++
  }
  return count
}

const tradeOf = (tick: Tick): TwinTrade => ({
  id: tick.tradeId,
  price: tick.price,
  quantity: tick.quantity,
  timeUs: tick.venueTimeUs,
})
const TRADE_KEYS = ['id', 'price', 'quantity', 'timeUs'] as const
const BAR_KEYS = ['openTimeUs', 'open', 'high', 'low', 'close', 'volume', 'quoteVolume', 'trades'] as const

/** How many of `some` are found in `all` in the same order, equal in everything named. */
function inOrder(some: readonly TwinTrade[], all: readonly TwinTrade[]): number {
  let count = 0
  for (const trade of all) {
    const next = some[count]
    if (next && TRADE_KEYS.every((key) => next[key] === trade[key])) count++
  }
  return count
}

/** Of a file that only the platform can read, the count is that of a second reading. */
function checkFile(ticks: readonly TwinTrade[], twin: Twin | undefined, accepted: number, refused: number): Checked[] {
  if (!twin) return [equal('trades of the file on MD', accepted, ticks.length)]
  const { trades } = twin
  return [
    equal('trades of the file neither on MD nor refused', 0, Math.max(0, trades.length - ticks.length - refused)),
    equal('trades on MD equal to the file, one by one', ticks.length, inOrder(ticks, trades)),
  ]
}

export function checkTrades(
  bus: OnBus,
  archive: InArchive,
  twin: Twin | undefined,
  judged: { readonly accepted: number; readonly refused: number },
): Checked[] {
  const ticks = bus.ticks.map(tradeOf)
  return [
    ...checkFile(ticks, twin, judged.accepted, judged.refused),
    equal('trades in the archive', ticks.length, archive.ticks.length),
    equal('trades in the archive equal to MD', ticks.length, same(archive.ticks, ticks, TRADE_KEYS)),
    equal('holes in the archive', 0, archive.gaps),
    equal(
      'times on MD that run back',
      0,
      bus.ticks.filter((tick, i) => i > 0 && tick.receiveTimeUs < (bus.ticks[i - 1] as Tick).receiveTimeUs).length,
    ),
  ]
}

/** What is known of the two recorded markets, counted by others before there was a platform. */
const KNOWN: Readonly<Record<string, { trades: number; bars: Partial<Record<Timeframe, number>>; tops: number }>> = {
  'freqtrade_XRP_ETH-trades.json.gz': { trades: 12_477, bars: { '1m': 2469, '5m': 706 }, tops: 0 },
  'binance_spot_btcusdt_20240808_raw.gz': { trades: 9757, bars: {}, tops: 564 },
}

export function checkKnown(fileName: string, bus: OnBus, comparableTops: number): Checked[] {
  const known = KNOWN[fileName]
  if (!known) return []
  return [
    equal('trades, as known', known.trades, bus.ticks.length),
    ...Object.entries(known.bars).map(([timeframe, count]) =>
      equal(`${timeframe} candles, as known`, count, bus.candles.filter((bar) => bar.timeframe === timeframe).length),
    ),
    ...(known.tops > 0
      ? [equal('points where book and bookTicker can be compared, as known', known.tops, comparableTops)]
      : []),
  ]
}

export const comparableTops = (twin: Twin): number => twin.depthIds.filter((updateId) => twin.tops.has(updateId)).length

/** Trades left out of a bar of theirs, because a later bar had begun; only timeframes that have such. */
export const lateOf = (bus: OnBus): Partial<Record<Timeframe, number>> =>
  Object.fromEntries(
    LIVE_TIMEFRAMES.map((timeframe) => [
      timeframe,
      bus.ticks.length - inTime(bus.ticks.map(tradeOf), timeframe).length,
    ]).filter(([, late]) => late !== 0),
  )

/** Every bar against the trades inside it, recomputed. */
export function checkBars(bus: OnBus, archive: InArchive): Checked[] {
  const trades = bus.ticks.map(tradeOf)
  return LIVE_TIMEFRAMES.flatMap((timeframe) => {
    const wanted = [...barsOf(trades, timeframe).values()].sort((a, b) => a.openTimeUs - b.openTimeUs)
    const found: Bar[] = bus.candles.filter((candle) => candle.timeframe === timeframe)
    const stored: Bar[] = archive.candles.filter((candle) => candle.timeframe === timeframe)
    return [
      equal(`${timeframe} candles on MD`, wanted.length, found.length),
      equal(`${timeframe} candles equal to the trades inside`, wanted.length, same(found, wanted, BAR_KEYS)),
      equal(
        `${timeframe} candles in the archive equal to the trades inside`,
        wanted.length,
        same(stored, wanted, BAR_KEYS),
      ),
    ]
  })
}

/** The rebuilt book against bookTicker, wherever both speak of the same update. */
export function checkBook(bus: OnBus, twin: Twin): Checked[] {
  const comparable = comparableTops(twin)
  let equals = 0
  for (const { updateId, bids, asks } of bus.books) {
    const top = twin.tops.get(updateId)
    const [bid, ask] = [bids[0], asks[0]]
    if (!top || !bid || !ask) continue
    if (bid[0] === top.bid && bid[1] === top.bidQuantity && ask[0] === top.ask && ask[1] === top.askQuantity) equals++
  }
  return [
    equal(
      'books on MD',
      twin.depthIds.length,
      bus.books.filter((book) => twin.depthIds.includes(book.updateId)).length,
    ),
    equal('books equal to bookTicker at the same update id', comparable, equals),
  ]
}
