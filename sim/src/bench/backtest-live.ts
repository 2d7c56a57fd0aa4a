import {
  confirmSchema,
  decodeConfirm,
  encodeCandle,
  encodeJson,
  encodeTick,
  subjects,
  TIMEFRAME_US,
} from '@contrail/contracts'
import type { Candle, Confirm, Intent, Tick } from '@contrail/contracts'
import { createStrategyActor, defaultAssumptions, defineStrategy, runBacktest, Sma, takeRun } from '@contrail/trading'
import type { BacktestOptions, CandleColumns, StrategyDefinition, TickColumns } from '@contrail/trading'
import { z } from 'zod'
import type { CaseOptions, Measured } from './backtest-case.ts'
import { measure, nsText, ratioOf } from './backtest-report.ts'
import type { BenchRow, Timed } from './backtest-report.ts'
import { INSTRUMENT, optionsOf, QUANTITY, syntheticCandles } from './backtest-world.ts'
import { atMost } from './stats.ts'

/*
 * The strategy object of the backtest, fed with messages as they are on the wire. Bars and trades are binary frames
 * there; each order's fill comes as a report of the order service, JSON, before the next market message. Both sides
 * decide at the same messages, and that is locked.
 */
const ROWS = 200_000
const ROWS_QUICK = 50_000
/** Targets: design/performance.md, row 14. */
const TAX = atMost(2.5)

const onTrades = defineStrategy({
  name: 'bench-trade-cross',
  parameters: z.strictObject({ quantity: z.number().default(QUANTITY) }),
  inputs: () => [{ kind: 'ticks', venue: 'sim', instrument: 'BTC-USDT' }],
  state: () => ({ fast: new Sma(10), slow: new Sma(30), isLong: false }),

  onTick(ctx, state, tick) {
    const fast = state.fast.update(tick.price)
    const slow = state.slow.update(tick.price)
    if (!state.slow.ready || fast === slow) return
    const isAbove = fast > slow
    if (isAbove === state.isLong) return
    state.isLong = isAbove
    if (isAbove) ctx.buy({ quantity: ctx.parameters.quantity })
    else ctx.sell({ quantity: ctx.parameters.quantity })
  },
})

export function liveTax({ reps, quick }: CaseOptions): Measured {
  const candles = syntheticCandles(quick ? ROWS_QUICK : ROWS)
  const ticks = ticksOf(candles)
  const rows = (count: number, message: (row: number) => Uint8Array) =>
    Array.from({ length: count }, (_, row) => message(row))
  const tickOptions: BacktestOptions = {
    ...optionsOf(candles, { keep: 'summary' }),
    definition: onTrades,
    series: [ticks],
    assumptions: { ...defaultAssumptions, riskGate: false, fillModel: 'trade' },
  }
  return {
    rows: [
      ...taxRows(
        'trades, binary frames',
        subjects.tick('sim', 'BTC-USDT'),
        rows(ticks.rows, (row) => tickOf(ticks, row)),
        tickOptions,
        reps,
      ),
      ...taxRows(
        'candles, binary frames',
        subjects.candle('sim', 'BTC-USDT', '1m'),
        rows(candles.rows, (row) => candleOf(candles, row)),
        optionsOf(candles, { keep: 'summary' }),
        reps,
      ),
    ],
  }
}

type Message = { readonly stream: string; readonly subject: string; readonly data: Uint8Array }

function taxRows(
  what: string,
  subject: string,
  frames: readonly Uint8Array[],
  options: BacktestOptions,
  reps: number,
): BenchRow[] {
  const { definition } = options
  const { messages, digest, decisions } = recorded(definition, subject, frames)
  const kept = runBacktest({ ...options, keep: 'all' }).decisions
  const own = kept.reduce((sum, { row }) => mixed(sum, row), 0)
  if (own !== digest)
    throw new Error(`${what}: ${decisions} decisions live, ${kept.length} in the backtest, or at others`)
  const market = messages.filter(({ stream }) => stream === 'MD')
  const reports = reportsOf(messages)
  const same = (replay: () => number) => () => {
    if (replay() !== decisions) throw new Error(`${what}: decided otherwise the second time`)
  }
  const byHand = same(() => replayedByHand(market, reports))
  const backtest = () => runBacktest(options)
  const inRuns = same(() => replayedInRuns(definition, market, reports))
  const inSteps = same(() => replayed(definition, messages))
  const [runs, steps, hand, columns] = measure([inRuns, inSteps, byHand, backtest], reps) as [
    Timed,
    Timed,
    Timed,
    Timed,
  ]
  const row = (how: string, wire: Timed): BenchRow => ({
    what: `live, ${what}, ${how}, to the backtest`,
    unit: 'x',
    ...ratioOf(wire, columns),
    ours: nsText(wire, frames.length),
    beside: nsText(columns, frames.length),
  })
  return [
    {
      ...row(`up to ${BATCH_MAX} at once`, runs),
      goal: 14,
      target: TAX,
      note: `${frames.length} messages and ${messages.length - frames.length} reports; ${decisions} decisions at the same messages, digest ${digest} locked`,
    },
    row('one by one', steps),
    { ...row('the least, by hand', hand), note: 'by hand: see replayedByHand; no live step can take less' },
  ]
}

const mixed = (digest: number, row: number): number => (Math.imul(digest, 31) + row) | 0

const actorOf = (definition: StrategyDefinition) =>
  createStrategyActor(definition, {
    strategy: 'run',
    tenant: 'main',
    account: 'backtest',
    parameters: {},
    instruments: [INSTRUMENT],
  })

/** All messages of a life, in their order: those of the market, and the reports of what the actor asked for. */
function recorded(
  definition: StrategyDefinition,
  subject: string,
  frames: readonly Uint8Array[],
): { messages: Message[]; decisions: number; digest: number } {
  const actor = actorOf(definition)
  const messages: Message[] = []
  let [decisions, digest] = [0, 0]
  const step = (message: Message) => {
    messages.push(message)
    return actor.step({ ...message, sequence: messages.length }, decisions + 1)
  }
  let due: Message[] = []
  frames.forEach((data, row) => {
    for (const report of due) if (step(report)) throw new Error('this strategy decides nothing by a report')
    const output = step({ stream: 'MD', subject, data })
    due = output ? output.body.intents.map((intent) => reportOf(intent, output.body.atUs)) : []
    if (!output) return
    decisions++
    digest = mixed(digest, row)
  })
  return { messages, decisions, digest }
}

function replayed(definition: StrategyDefinition, messages: readonly Message[]): number {
  const actor = actorOf(definition)
  let decisions = 0
  for (let index = 0; index < messages.length; index++) {
    const { stream, subject, data } = messages[index]!
    if (actor.step({ stream, sequence: index + 1, subject, data }, decisions + 1)) decisions++
  }
  return decisions
}

/** What the host hands out together where so many wait. */
const BATCH_MAX = 1_024

/** As the host does it: market messages in runs, which a decision interrupts for its reports. */
function replayedInRuns(
  definition: StrategyDefinition,
  market: readonly Message[],
  reports: ReadonlyMap<number, readonly Message[]>,
): number {
  const actor = actorOf(definition)
  const order = Int32Array.from({ length: BATCH_MAX }, (_, index) => index)
  const sequences = new Float64Array(BATCH_MAX)
  // The place at hand, and the sequences of a run.
  const progress = new Float64Array(BATCH_MAX + 1)
  const resolved = [actor.resolve(market[0]!.subject)]
  let decisions = 0
  for (let from = 0; from < market.length; from += BATCH_MAX) {
    const inputs = market.slice(from, from + BATCH_MAX).map(({ stream, subject, data }, at) => {
      sequences[at] = from + at + 1
      return { stream, sequence: from + at + 1, subject, data }
    })
    const batch = { inputs, sequences, memo: undefined }
    const run = { batch, order, meanings: new Int32Array(inputs.length), count: inputs.length, resolved, at: 0 }
    for (; takeRun(actor, run, decisions + 1, progress); run.at++) {
      decisions++
      for (const report of reports.get(from + run.at) ?? [])
        actor.step({ ...report, sequence: market.length + decisions }, decisions + 1)
    }
  }
  return decisions
}

/** Where a frame lies while it is read; the price of a trade, and the close of a bar. */
const frame = new Uint8Array(128)
const doubles = new Float64Array(frame.buffer)
const PRICE_AT = [0, 3, 0, 7] as const

/**
 * The least that a live step must do, by hand: a frame is copied, its price and its time are read and looked at, the averages
 * are the strategy's own; a report is read, which is faster than `JSON.parse` of it. No validation of the rest, no view for an author, no
 * account, no order.
 */
function replayedByHand(market: readonly Message[], reports: ReadonlyMap<number, readonly Message[]>): number {
  const [fast, slow] = [new Sma(10), new Sma(30)]
  let [isLong, decisions, held, nowUs] = [false, 0, 0, 0]
  for (let row = 0; row < market.length; row++) {
    const { data } = market[row]!
    frame.set(data)
    const price = doubles[PRICE_AT[data[0]!]!]!
    const atUs = doubles[2]!
    if (data[1] !== 1 || !(price > 0) || !(atUs >= 0)) throw new Error(`message ${row} is no frame`)
    nowUs = atUs
    const [quick, late] = [fast.update(price), slow.update(price)]
    if (!slow.ready || quick === late || quick > late === isLong) continue
    isLong = quick > late
    decisions++
    for (const report of reports.get(row) ?? []) {
      const { side, fill } = decodeConfirm(report.data)
      held += Number(fill!.quantity) * (side === 'buy' ? 1 : -1)
    }
  }
  if (!Number.isFinite(held) || nowUs === 0) throw new Error('the reports hold no quantity')
  return decisions
}

/** Reports by the market message that they came after. */
function reportsOf(messages: readonly Message[]): Map<number, Message[]> {
  const found = new Map<number, Message[]>()
  let row = -1
  for (const message of messages) {
    if (message.stream === 'MD') row++
    else found.set(row, [...(found.get(row) ?? []), message])
  }
  return found
}

function reportOf(intent: Intent, atUs: number): Message {
  if (intent.type !== 'place') throw new Error(`this strategy only places orders, not ${intent.type}`)
  const { orderId, venue, instrument, side, orderType, quantity } = intent
  const order = { orderId, venue, instrument, side, orderType, quantity }
  const fill = { tradeId: `${orderId}-1`, quantity, price: '3000000', fee: '0', feeAsset: 'USDT' }
  const report: Confirm = confirmSchema.parse({
    schema: 1,
    reportId: orderId,
    type: 'filled',
    tenant: 'main',
    account: 'backtest',
    strategy: 'run',
    ...order,
    status: 'filled',
    cumQuantity: quantity,
    leavesQuantity: '0',
    fill: { ...fill, liquidity: 'taker', venueTimeUs: atUs },
    atUs,
  })
  return { stream: 'TRADES', subject: subjects.confirm('backtest', 'run'), data: encodeJson(report) }
}

function ticksOf(candles: CandleColumns): TickColumns {
  const { rows, openTimeUs, close } = candles
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows,
    receiveTimeUs: openTimeUs,
    venueTimeUs: openTimeUs,
    price: close,
    quantity: new Float64Array(rows).fill(1),
    side: new Int8Array(rows).fill(1),
    tradeId: Float64Array.from({ length: rows }, (_, row) => row),
  }
}

const tickOf = (columns: TickColumns, row: number): Uint8Array =>
  encodeTick({
    tradeId: String(row),
    side: 'buy',
    price: columns.price[row]!,
    quantity: columns.quantity[row]!,
    venueTimeUs: columns.venueTimeUs[row]!,
    receiveTimeUs: columns.receiveTimeUs[row]!,
  } as Tick)

function candleOf(columns: CandleColumns, row: number): Uint8Array {
  const openTimeUs = columns.openTimeUs[row]!
  const closeTimeUs = openTimeUs + TIMEFRAME_US['1m']
  const [open, high, low, close] = [columns.open[row], columns.high[row], columns.low[row], columns.close[row]]
  const rest = {
    volume: columns.volume[row],
    quoteVolume: columns.quoteVolume[row],
    trades: 1,
    receiveTimeUs: closeTimeUs,
  }
  return encodeCandle({
    schema: 1,
    timeframe: '1m',
    openTimeUs,
    closeTimeUs,
    open,
    high,
    low,
    close,
    ...rest,
  } as Candle)
}
