import { encodeJson, encodeTick, subjects, TIMEFRAME_US } from '@contrail/contracts'
import { createStrategyActor, defaultAssumptions, runBacktest } from '@contrail/trading'
import type { BacktestResult, CandleColumns } from '@contrail/trading'
import { bareLoop } from './backtest-bare.ts'
import { CASH, digestOf, INSTRUMENT, optionsOf, QUANTITY, smaCross, syntheticCandles } from './backtest-world.ts'
import { median } from './stats.ts'

/*
 * One case in a process of its own: `node backtest-case.ts <case> <rows> <repetitions>`. The bare loop and the run take
 * turns, so both see the same machine; what they compute is compared before anything is timed.
 */
const [name = '', rowsText = '1000000', repsText = '9'] = process.argv.slice(2)
const rows = Number(rowsText)
const reps = Number(repsText)
const FEE_BPS = 5
type Timed = { readonly coldMs: number; readonly minMs: number; readonly medianMs: number }
const series = syntheticCandles(rows)

const runs: Record<string, () => BacktestResult> = {
  summary: () => runBacktest(optionsOf(series, { keep: 'summary' })),
  all: () => runBacktest(optionsOf(series)),
  gate: () => runBacktest(optionsOf(series, { assumptions: defaultAssumptions })),
}

function timed(act: () => unknown): number {
  const startedMs = performance.now()
  act()
  return performance.now() - startedMs
}

function measure(acts: readonly (() => unknown)[]): Timed[] {
  const cold = acts.map(timed)
  const took = acts.map(() => [] as number[])
  for (let i = 0; i < reps; i++) acts.forEach((act, index) => took[index]!.push(timed(act)))
  return took.map((ms, index) => ({ coldMs: cold[index]!, minMs: Math.min(...ms), medianMs: median(ms) }))
}

const bare = () => bareLoop(series, QUANTITY, CASH, FEE_BPS)

/** Same fills at the same rows, same equity to a millionth. */
function lock(result: BacktestResult): { fills: number; digest: number } {
  const expected = bare()
  const digest = digestOf(result)
  if (digest !== expected.digest || result.fills.length !== expected.fills)
    throw new Error(`the run is not the bare loop: ${result.fills.length} fills, digest ${digest}`)
  const off = Math.abs(result.finalEquity / expected.finalEquity - 1)
  if (off > 1e-9 || result.residual !== '0') throw new Error(`equity differs by ${off}, residual ${result.residual}`)
  return { fills: expected.fills, digest }
}

function againstBare(run: () => BacktestResult): object {
  const locked = lock(runBacktest(optionsOf(series)))
  const [hand, engine] = measure([bare, run]) as [Timed, Timed]
  const ns = ({ minMs, medianMs, coldMs }: Timed) => [minMs, medianMs, coldMs].map((ms) => round((ms * 1e6) / rows))
  return {
    ...locked,
    bareNs: ns(hand),
    runNs: ns(engine),
    eventsPerSecond: Math.round(rows / (engine.medianMs / 1000)),
    partOfBare: { best: round(hand.minMs / engine.minMs), median: round(hand.medianMs / engine.medianMs) },
    rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  }
}

/** Time per event with few and with many fills: the slow average decides how many there are. */
function scaling(): object {
  const with_ = (fast: number, slow: number) => {
    const options = optionsOf(series, { parameters: { fast, slow, quantity: QUANTITY }, cash: CASH * 500 })
    return { act: () => runBacktest(options), fills: runBacktest(options).fills.length }
  }
  const [few, many] = [with_(800, 3_000), with_(1, 2)]
  const [slow, fast] = measure([few.act, many.act]) as [Timed, Timed]
  const perFill = ((fast.medianMs - slow.medianMs) * 1e6) / (many.fills - few.fills)
  return {
    fills: [few.fills, many.fills],
    nsPerEvent: [slow, fast].map((t) => round((t.medianMs * 1e6) / rows)),
    nsPerFill: round(perFill),
  }
}

/** The same strategy fed with messages as they are on the wire, decoded and all; its orders are not filled. */
function liveTax(): object {
  const part: CandleColumns = { ...series, rows: Math.min(rows, 200_000) }
  const subject = subjects.candle('sim', 'BTC-USDT', '1m')
  const messages = Array.from({ length: part.rows }, (_, row) => messageOf(part, row))
  const live = () => {
    const options = { strategy: 'run', tenant: 'main', account: 'backtest', parameters: {}, instruments: [INSTRUMENT] }
    const actor = createStrategyActor(smaCross, options)
    let decisions = 0
    messages.forEach((data, index) => {
      if (actor.step({ stream: 'MD', sequence: index + 1, subject, data }, decisions + 1)) decisions++
    })
    return decisions
  }
  const own = () => runBacktest(optionsOf(part, { keep: 'summary' }))
  const [wire, columns] = measure([live, own]) as [Timed, Timed]
  const ns = ({ medianMs }: Timed) => round((medianMs * 1e6) / part.rows)
  return {
    wireNs: ns(wire),
    backtestNs: ns(columns),
    tax: round(wire.medianMs / columns.medianMs),
    frameBytes: tickBytes(),
  }
}

function messageOf(columns: CandleColumns, row: number): Uint8Array {
  const openTimeUs = columns.openTimeUs[row]!
  const closeTimeUs = openTimeUs + TIMEFRAME_US['1m']
  const [open, high, low, close] = [columns.open[row], columns.high[row], columns.low[row], columns.close[row]]
  const rest = {
    volume: columns.volume[row],
    quoteVolume: columns.quoteVolume[row],
    trades: 1,
    receiveTimeUs: closeTimeUs,
  }
  return encodeJson({ schema: 1, timeframe: '1m', openTimeUs, closeTimeUs, open, high, low, close, ...rest })
}
const tickBytes = (): number =>
  encodeTick({ tradeId: '1', side: 'buy', price: 1, quantity: 1, venueTimeUs: 1, receiveTimeUs: 1 } as never).length

const round = (value: number): number => Math.round(value * 1000) / 1000

function caseOf(): object {
  const run = runs[name]
  if (run) return againstBare(run)
  if (name === 'scaling') return scaling()
  if (name === 'live-tax') return liveTax()
  throw new Error(`no case ${name}`)
}
console.log(JSON.stringify({ case: name, rows, reps, ...caseOf() }))
