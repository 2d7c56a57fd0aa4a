import { existsSync } from 'node:fs'
import path from 'node:path'
import { readMarketFile } from '@contrail/data'
import { defaultAssumptions, defineStrategy, runBacktest, Sma } from '@contrail/trading'
import type { BacktestOptions, TickColumns } from '@contrail/trading'
import type { Instrument } from '@contrail/contracts'
import { z } from 'zod'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { lock, memoryRow } from './backtest-engine.ts'
import { measure, nsText, ratioOf } from './backtest-report.ts'
import type { BenchRow, Timed } from './backtest-report.ts'
import { CASH } from './backtest-world.ts'
import { atLeast } from './stats.ts'

/** Beside the repository, as for the tests. */
const FOLDER = path.resolve(import.meta.dirname, '../../../../shared/data/ticks')
const FILES = ['binance_spot_btcusdt_20240808_raw.gz', 'freqtrade_XRP_ETH-trades.json.gz']
const ROWS = 500_000
const ROWS_QUICK = 100_000
const FEE_BPS = 5
const MINUTE_US = 60_000_000
/** Base, in the instrument made of ticks: one smallest lot, so that every trade of the market is enough to fill it. */
const QUANTITY = 1

const tickCross = defineStrategy({
  name: 'bench-tick-cross',
  parameters: z.strictObject({ instrument: z.string(), quantity: z.number().default(QUANTITY) }),
  inputs: ({ instrument }) => [{ kind: 'ticks', venue: 'sim', instrument }],
  state: () => ({ fast: new Sma(10), slow: new Sma(30), isLong: false }),

  onTick(ctx, state, tick) {
    const fast = state.fast.update(tick.price)
    const slow = state.slow.update(tick.price)
    if (!state.slow.ready || fast === slow) return
    const isAbove = fast > slow
    if (isAbove === state.isLong) return
    state.isLong = isAbove
    const { quantity } = ctx.parameters
    if (isAbove) ctx.buy({ quantity })
    else ctx.sell({ quantity })
  },
})

/** SMA cross on what a market traded: filled by the next trade, equity once a minute. */
export async function realTrades({ reps, quick }: CaseOptions): Promise<Measured> {
  const rows: BenchRow[] = []
  const notRun: string[] = []
  for (const name of FILES) {
    const file = path.join(FOLDER, name)
    if (existsSync(file)) rows.push(await against(file, name, reps, quick ? ROWS_QUICK : ROWS))
    else notRun.push(`trades of ${name} (the file is not here)`)
  }
  return { rows: [...rows, memoryRow('real trades', 0)], notRun }
}

async function against(file: string, name: string, reps: number, wanted: number): Promise<BenchRow> {
  const read = await readMarketFile(file, { kind: 'ticks' })
  const [once] = read.series as [TickColumns]
  const definition = inSteps(read.instruments[0]!)
  const series = repeated(once, read.instruments[0]!, wanted)
  const cash = CASH * 1e6
  const options: BacktestOptions = {
    definition: tickCross,
    parameters: { instrument: series.instrument },
    instruments: [definition],
    series: [series],
    cash,
    assumptions: { ...defaultAssumptions, riskGate: false, fillModel: 'trade' },
  }
  const bare = () => bareTicks(series, cash)
  const expected = bare()
  lock(runBacktest(options), expected)
  const summary: BacktestOptions = { ...options, keep: 'summary' }
  const [hand, engine] = measure([bare, () => runBacktest(summary)], reps) as [Timed, Timed]
  return {
    goal: 1,
    what: `SMA cross on trades of ${once.venue === 'file' ? 'freqtrade' : once.venue} ${once.instrument}: part of the bare loop`,
    unit: '%',
    ...ratioOf(hand, engine),
    target: atLeast(0.6),
    ours: nsText(engine, series.rows),
    beside: nsText(hand, series.rows),
    note: `${once.rows} trades, ${series.rows / once.rows} times in a row; ${expected.fills} fills, digest ${expected.digest} locked`,
  }
}

/** Prices and quantities counted in steps: two programs then have the same averages to the last bit. */
const inSteps = (given: Instrument): Instrument =>
  ({
    ...given,
    venue: 'sim',
    tickSize: '1',
    lotSize: '1',
    minQuantity: '1',
    makerFeeBps: FEE_BPS,
    takerFeeBps: FEE_BPS,
  }) as Instrument

function repeated(once: TickColumns, { tickSize, lotSize }: Instrument, wanted: number): TickColumns {
  const times = Math.max(1, Math.ceil(wanted / once.rows))
  const rows = once.rows * times
  const spanUs = once.receiveTimeUs[once.rows - 1]! - once.receiveTimeUs[0]! + 1
  const fill = (value: (row: number, round: number) => number): Float64Array =>
    Float64Array.from({ length: rows }, (_, at) => value(at % once.rows, Math.floor(at / once.rows)))
  const timeUs = fill((row, round) => once.receiveTimeUs[row]! + round * spanUs)
  const side = new Int8Array(rows)
  for (let at = 0; at < rows; at++) side[at] = once.side[at % once.rows]!
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: once.instrument,
    rows,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    price: fill((row) => Math.round(once.price[row]! / Number(tickSize))),
    quantity: fill((row) => Math.max(1, Math.round(once.quantity[row]! / Number(lotSize)))),
    side,
    tradeId: fill((_, round) => round).fill(Number.NaN),
  }
}

function bareTicks(columns: TickColumns, cash: number): { fills: number; digest: number; finalEquity: number } {
  const { price: prices, receiveTimeUs, rows } = columns
  let [fastSum, slowSum, held, want, money] = [0, 0, 0, 0, cash]
  let [fills, digest, peak, maxDrawdown, minute] = [0, 0, cash, 0, -1]
  for (let row = 0; row < rows; row++) {
    const price = prices[row]!
    if (want !== held) {
      const delta = want - held
      money -= delta * price + Math.abs(delta) * price * (FEE_BPS / 10_000)
      held = want
      fills++
      digest = (Math.imul(digest, 31) + row) | 0
    }
    fastSum += price
    slowSum += price
    if (row >= 10) fastSum -= prices[row - 10]!
    if (row >= 30) slowSum -= prices[row - 30]!
    if (row >= 29) {
      const [fast, slow] = [fastSum / 10, slowSum / 30]
      if (fast > slow) want = QUANTITY
      else if (fast < slow) want = 0
    }
    const now = Math.floor(receiveTimeUs[row]! / MINUTE_US)
    if (now === minute) continue
    minute = now
    const value = money + held * price
    if (value > peak) peak = value
    else if (1 - value / peak > maxDrawdown) maxDrawdown = 1 - value / peak
  }
  if (maxDrawdown < 0) throw new Error('a drawdown is a fall')
  return { fills, digest, finalEquity: money + held * prices[rows - 1]! }
}
