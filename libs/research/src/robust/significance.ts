import type { MarketColumns, TradeRecord } from '@contrail/trading'
import type { RunResult } from '../run/types.ts'
import { quantile } from '../metrics/statistics.ts'
import { random } from '../optimise/random.ts'
import type { Random } from '../optimise/random.ts'
import type { RobustnessSection } from '../report/sections.ts'
import { histogram } from './spread.ts'

export type SignificanceOptions = {
  readonly seed: number
  readonly series: readonly MarketColumns[]
  /** Entries before are warm-up and not drawn. */
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
  /** Default 1000. */
  readonly rounds?: number
}
export type Significance = {
  readonly rounds: number
  readonly seed: number
  readonly trades: number
  /** Net of costs, of the trades that were closed. */
  readonly profit: number
  /** Of the same trades entered at random times: same sides, sizes, holding times and costs. */
  readonly random: Float64Array
  /** Share of random runs that did at least as well, the run itself counted in: (1 + count) / (1 + rounds). */
  readonly pValue: number | null
}

const ROUNDS_DEFAULT = 1000
const WORK_MAX = 10_000_000
const TRADES_MIN = 10
const SIGNIFICANT = 0.05

type Prices = { readonly price: Float64Array; readonly from: number; readonly to: number }
type Lane = { readonly prices: Prices; readonly trades: readonly TradeRecord[]; readonly holds: Int32Array }

/** Is the time of entry worth anything? Against entries at random with the same exposure. */
export function significance(result: RunResult, options: SignificanceOptions): Significance {
  const lanes = lanesOf(result.trades, options)
  const trades = lanes.reduce((sum, lane) => sum + lane.trades.length, 0)
  const profit = lanes.reduce((sum, lane) => sum + lane.trades.reduce((all, { pnl }) => all + pnl, 0), 0)
  const wanted = options.rounds ?? ROUNDS_DEFAULT
  const rounds = trades === 0 ? 0 : Math.max(Math.min(wanted, 100), Math.min(wanted, Math.floor(WORK_MAX / trades)))
  const from = random(options.seed, 3)
  const found = Float64Array.from({ length: rounds }, () =>
    lanes.reduce((sum, lane) => sum + randomProfit(lane, from), 0),
  )
  const better = found.reduce((count, value) => count + (value >= profit ? 1 : 0), 0)
  return {
    rounds,
    seed: options.seed,
    trades,
    profit,
    random: found,
    pValue: rounds === 0 ? null : (1 + better) / (1 + rounds),
  }
}

function lanesOf(trades: readonly TradeRecord[], options: SignificanceOptions): Lane[] {
  const byInstrument = Map.groupBy(trades, ({ venue, instrument }) => `${venue}.${instrument}`)
  return [...byInstrument.values()].flatMap((own) => {
    const { venue, instrument } = own[0] as TradeRecord
    const series = options.series.find(
      (one) => one.venue === venue && one.instrument === instrument && (one.kind === 'candles' || one.kind === 'ticks'),
    )
    const prices = series && pricesOf(series, options)
    if (!prices || prices.to - prices.from < 2) return []
    const times = timesOf(series)
    const holds = Int32Array.from(own, ({ entryTimeUs, exitTimeUs }) =>
      Math.min(prices.to - prices.from - 1, Math.max(1, rowAt(times, exitTimeUs) - rowAt(times, entryTimeUs))),
    )
    return [{ prices, trades: own, holds }]
  })
}

const timesOf = (series: MarketColumns): Float64Array =>
  series.kind === 'candles' ? series.openTimeUs : series.kind === 'ticks' ? series.receiveTimeUs : new Float64Array()

function pricesOf(series: MarketColumns, { fromUs, toUs }: SignificanceOptions): Prices | undefined {
  if (series.kind !== 'candles' && series.kind !== 'ticks') return undefined
  const times = timesOf(series)
  return {
    // A market order decided on one bar fills at the open of the next.
    price: series.kind === 'candles' ? series.open : series.price,
    from: fromUs === undefined ? 0 : rowAt(times, fromUs),
    to: toUs === undefined ? series.rows : rowAt(times, toUs),
  }
}

/** The first row at or after a time. */
function rowAt(times: Float64Array, timeUs: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] as number) < timeUs) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The trades in another order with random pauses between them, so that as much is held for as long and never twice at
 * once; where the trades overlapped in truth, each is put anywhere.
 */
function randomProfit({ prices, trades, holds }: Lane, from: Random): number {
  const held = holds.reduce((sum, hold) => sum + hold, 0)
  const room = prices.to - prices.from - 1 - held
  const starts = room >= 0 ? apart(trades.length, holds, room, from) : undefined
  let profit = 0
  for (const [i, trade] of trades.entries()) {
    const hold = holds[i] as number
    const at = prices.from + (starts ? (starts[i] as number) : from.below(prices.to - prices.from - hold))
    const entry = prices.price[at] as number
    const exit = prices.price[at + hold] as number
    const sign = trade.side === 'long' ? 1 : -1
    profit += sign * trade.quantity * trade.entryPrice * (exit / entry - 1) - trade.fees + trade.funding
  }
  return profit
}

/** Where each trade begins: a random order, and pauses that are the gaps between sorted uniform numbers. */
function apart(count: number, holds: Int32Array, room: number, from: Random): Int32Array {
  const cuts = Float64Array.from({ length: count }, () => from.below(room + 1)).sort()
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = from.below(i + 1)
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
  const starts = new Int32Array(count)
  let before = 0
  for (const [place, trade] of order.entries()) {
    starts[trade] = (cuts[place] as number) + before
    before += holds[trade] as number
  }
  return starts
}

export function significanceSection(result: RunResult, options: SignificanceOptions): RobustnessSection {
  const { trades, profit, random: found, pValue, rounds, seed } = significance(result, options)
  const verdict =
    pValue === null || trades < TRADES_MIN
      ? 'unknown'
      : pValue < SIGNIFICANT
        ? 'good'
        : pValue < 0.2
          ? 'doubtful'
          : 'bad'
  const summary =
    pValue === null
      ? 'There are no closed trades to compare.'
      : `${Math.round(pValue * (rounds + 1)) - 1} of ${rounds} runs with random entries did at least as well` +
        (trades < TRADES_MIN ? `; ${trades} trades are too few to say more.` : '.')
  return {
    kind: 'significance',
    title: 'Against random entries',
    summary,
    verdict,
    seed,
    figures: [
      {
        label: 'p-value',
        value: pValue,
        format: 'probability',
        hint: 'How often entries at random, with the same exposure, holding times and costs, earn as much. Below 0.05 is good.',
      },
      { label: 'Profit of closed trades', value: profit, format: 'money' },
      { label: 'Random entries, median', value: quantile(found, 0.5), format: 'money' },
      { label: 'Random entries, 95 %', value: quantile(found, 0.95), format: 'money' },
      { label: 'Trades', value: trades, format: 'count' },
    ],
    charts: rounds > 0 ? [histogram('Profit with random entries', found, profit, 'money')] : [],
    tables: [],
  }
}
