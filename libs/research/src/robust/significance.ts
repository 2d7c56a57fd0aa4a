import type { MarketColumns, TradeRecord } from '@contrail/trading'
import type { RunResult } from '../run/types.ts'
import { quantile } from '../metrics/statistics.ts'
import { random, shuffle } from '../optimise/random.ts'
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
/** The trades of one instrument, in columns: they are gone through once a round. */
type Lane = {
  readonly prices: Prices
  readonly trades: number
  /** Of all trades, in rows of their series. */
  readonly held: number
  readonly holds: Int32Array
  /** What was paid for each, negative where it was sold. */
  readonly worth: Float64Array
  readonly fees: Float64Array
  readonly funding: Float64Array
}

/** Is the time of entry worth anything? Against entries at random with the same exposure. */
export function significance(result: RunResult, options: SignificanceOptions): Significance {
  const lanes = lanesOf(result.trades, options)
  const trades = lanes.reduce((sum, { lane }) => sum + lane.trades, 0)
  const profit = lanes.reduce((sum, lane) => sum + lane.profit, 0)
  const wanted = options.rounds ?? ROUNDS_DEFAULT
  const rounds = trades === 0 ? 0 : Math.max(Math.min(wanted, 100), Math.min(wanted, Math.floor(WORK_MAX / trades)))
  const from = random(options.seed, 3)
  const found = Float64Array.from({ length: rounds }, () =>
    lanes.reduce((sum, { lane, starts }) => sum + randomProfit(lane, starts, from), 0),
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

type OwnLane = { readonly lane: Lane; readonly profit: number; readonly starts: Starts | undefined }

function lanesOf(trades: readonly TradeRecord[], options: SignificanceOptions): OwnLane[] {
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
    const held = holds.reduce((sum, hold) => sum + hold, 0)
    const lane = {
      prices,
      trades: own.length,
      held,
      holds,
      worth: Float64Array.from(
        own,
        ({ side, quantity, entryPrice }) => (side === 'long' ? 1 : -1) * quantity * entryPrice,
      ),
      fees: Float64Array.from(own, ({ fees }) => fees),
      funding: Float64Array.from(own, ({ funding }) => funding),
    }
    const room = prices.to - prices.from - 1 - held
    return [
      {
        lane,
        profit: own.reduce((all, { pnl }) => all + pnl, 0),
        starts: room < 0 ? undefined : new Starts(holds, room),
      },
    ]
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
function randomProfit({ prices, trades, holds, worth, fees, funding }: Lane, starts: Starts | undefined, from: Random) {
  const { price } = prices
  const places = starts?.draw(from)
  let profit = 0
  for (let i = 0; i < trades; i++) {
    const hold = holds[i]!
    const at = prices.from + (places ? places[i]! : from.below(prices.to - prices.from - hold))
    profit += worth[i]! * (price[at + hold]! / price[at]! - 1) - fees[i]! + funding[i]!
  }
  return profit
}

/** Where each trade begins: a random order, and pauses that are the gaps between sorted uniform numbers. */
class Starts {
  readonly #holds: Int32Array
  readonly #room: number
  readonly #cuts: Uint32Array
  readonly #spare: Uint32Array
  readonly #order: Int32Array
  readonly #starts: Int32Array

  constructor(holds: Int32Array, room: number) {
    this.#holds = holds
    this.#room = room
    this.#cuts = new Uint32Array(holds.length)
    this.#spare = new Uint32Array(holds.length)
    this.#order = new Int32Array(holds.length)
    this.#starts = new Int32Array(holds.length)
  }

  /** Good until the next one is drawn. */
  draw(from: Random): Int32Array {
    const [cuts, order, starts, holds] = [this.#cuts, this.#order, this.#starts, this.#holds]
    for (let i = 0; i < cuts.length; i++) {
      cuts[i] = from.below(this.#room + 1)
      order[i] = i
    }
    sortWhole(cuts, this.#spare)
    shuffle(order, from)
    let before = 0
    for (let place = 0; place < order.length; place++) {
      const trade = order[place]!
      starts[trade] = cuts[place]! + before
      before += holds[trade]!
    }
    return starts
  }
}

const DIGIT_BITS = 11
const DIGITS = 1 << DIGIT_BITS
const counts = new Uint32Array(DIGITS)

/** By digits, the last first: five times as fast as `sort` for what is sorted here a thousand times. */
function sortWhole(values: Uint32Array, spare: Uint32Array): void {
  let [from, to] = [values, spare]
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0)
    let above = 0
    for (let i = 0; i < from.length; i++) {
      above |= from[i]! >>> shift
      counts[(from[i]! >>> shift) & (DIGITS - 1)]!++
    }
    if (above === 0) break
    for (let digit = 0, place = 0; digit < DIGITS; digit++) {
      const count = counts[digit]!
      counts[digit] = place
      place += count
    }
    for (let i = 0; i < from.length; i++) to[counts[(from[i]! >>> shift) & (DIGITS - 1)]!++] = from[i]!
    ;[from, to] = [to, from]
  }
  if (from !== values) values.set(from)
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
