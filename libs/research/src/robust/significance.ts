import { getCompileCacheDir } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { MarketColumns, TradeRecord } from '@contrail/trading'
import { BOOT } from '../run/boot.ts'
import type { Boot } from '../run/boot.ts'
import type { RunResult } from '../run/types.ts'
import { quantile } from '../metrics/statistics.ts'
import { profitsOf } from './random-entries.ts'
import type { Drawing, Lane } from './random-entries.ts'
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

/** Is the time of entry worth anything? Against entries at random with the same exposure. */
export function significance(result: RunResult, options: SignificanceOptions): Significance {
  const asked = askedOf(result, options)
  return found(asked, profitsOf(asked.drawing))
}

/** The same; where it takes long, on a thread of its own. */
export async function significanceBeside(result: RunResult, options: SignificanceOptions): Promise<Significance> {
  const asked = askedOf(result, options)
  const { drawing, trades } = asked
  return found(asked, drawing.rounds * trades < BESIDE_MIN ? profitsOf(drawing) : await profitsBeside(drawing))
}
/** Trades drawn: about 50 ms. */
const BESIDE_MIN = 1_000_000

async function profitsBeside(drawing: Drawing): Promise<Float64Array> {
  const program = pathToFileURL(path.join(import.meta.dirname, 'random-entries-thread.ts')).href
  const workerData = { drawing, boot: { program, compiled: getCompileCacheDir() } satisfies Boot }
  const worker = new Worker(BOOT, { eval: true, workerData, env: {}, execArgv: [] })
  return await new Promise<Float64Array>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that draws random entries ended')))
  })
}

type Asked = { readonly drawing: Drawing; readonly trades: number; readonly profit: number }

function askedOf(result: RunResult, { rounds: wanted = ROUNDS_DEFAULT, ...options }: SignificanceOptions): Asked {
  const own = lanesOf(result.trades, options)
  const trades = own.reduce((sum, { lane }) => sum + lane.holds.length, 0)
  const profit = own.reduce((sum, lane) => sum + lane.profit, 0)
  const rounds = trades === 0 ? 0 : Math.max(Math.min(wanted, 100), Math.min(wanted, Math.floor(WORK_MAX / trades)))
  return { drawing: { lanes: own.map(({ lane }) => lane), seed: options.seed, rounds }, trades, profit }
}

function found({ drawing: { rounds, seed }, trades, profit }: Asked, profits: Float64Array): Significance {
  const better = profits.reduce((count, value) => count + (value >= profit ? 1 : 0), 0)
  const pValue = rounds === 0 ? null : (1 + better) / (1 + rounds)
  return { rounds, seed, trades, profit, random: profits, pValue }
}

function lanesOf(trades: readonly TradeRecord[], options: SignificanceOptions): { lane: Lane; profit: number }[] {
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
    const signOf = (side: TradeRecord['side']): number => (side === 'long' ? 1 : -1)
    const worth = Float64Array.from(own, ({ side, quantity, entryPrice }) => signOf(side) * quantity * entryPrice)
    const fees = Float64Array.from(own, (trade) => trade.fees)
    const funding = Float64Array.from(own, (trade) => trade.funding)
    return [{ lane: { ...prices, holds, worth, fees, funding }, profit: own.reduce((all, { pnl }) => all + pnl, 0) }]
  })
}

type Prices = Pick<Lane, 'price' | 'from' | 'to'>
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

export const significanceSection = (result: RunResult, options: SignificanceOptions): RobustnessSection =>
  sectionOf(significance(result, options))

export function sectionOf({ trades, profit, random: found, pValue, rounds, seed }: Significance): RobustnessSection {
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
