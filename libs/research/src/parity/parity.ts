import { instrumentKey } from '@contrail/contracts'
import type { Confirm, Instrument } from '@contrail/contracts'
import { runBacktest } from '@contrail/trading'
import type { Assumptions, BacktestOptions, MarketColumns, StrategyDefinition } from '@contrail/trading'
import { scripted } from './scripted.ts'
import type { GivenDecision } from './scripted.ts'

export type ParityInput = {
  readonly definition: StrategyDefinition
  readonly parameters: unknown
  readonly instruments: readonly Instrument[]
  /** What was decided, oldest first, and what became of it. */
  readonly decisions: readonly GivenDecision[]
  readonly confirms: readonly Confirm[]
  /** Position at the beginning, in base, by instrument key. */
  readonly opening: Readonly<Record<string, number>>
  /** The market as it was received. */
  readonly recorded: readonly MarketColumns[]
  /** The market as the archive has it; the same as recorded where there is no other. */
  readonly archive: readonly MarketColumns[]
  /** Rows of the archive before are warm-up. */
  readonly fromUs: number
  readonly toUs: number
  /** In quote. */
  readonly cash: number
  /** Of the backtest. */
  readonly assumptions: Assumptions
}

/** P&L in quote, net of fees, open positions at the last price received. */
export type ParityPart = {
  readonly name: 'opening' | 'fees' | 'fill model' | 'latency' | 'data'
  readonly pnl: number
  readonly why: string
}
export type Parity = {
  readonly paper: number
  readonly backtest: number
  readonly difference: number
  readonly parts: readonly ParityPart[]
  /** difference - sum of the parts. */
  readonly residual: number
  readonly fills: { readonly paper: number; readonly asDecided: number; readonly backtest: number }
  /** What the fills of its market orders tell of the way to the venue and back; undefined when there is none. */
  readonly paperLatencyUs: number | undefined
}

/**
 * Where paper and backtest part: from what was booked to what a backtest says, one thing changed at a time. Each part is the
 * difference between two neighbours, so the parts sum to the whole.
 */
export function parity(input: ParityInput): Parity {
  const { assumptions, recorded, archive } = input
  const marks = lastPrices(recorded)
  const fills = input.confirms.filter(({ fill }) => fill !== undefined)
  const opening = openingPnl(input.opening, firstPrices(recorded), marks)
  const paperLatencyUs = latencyOf(input.decisions, fills, recorded)
  const booked = pnlOfFills(fills, marks, (report) => Number(report.fill!.fee))
  const paper = booked + opening
  const withFees = pnlOfFills(fills, marks, feeBy(input))
  const asWas = { kind: 'fixed', us: paperLatencyUs ?? 0 } as const
  const refilled = replayed(input, { ...assumptions, latency: asWas })
  const delayed = replayed(input, assumptions)
  const whole = backtested(input, archive)
  const parts: ParityPart[] = [
    {
      name: 'opening',
      pnl: -opening,
      why: 'a backtest begins flat; what was held at the start of the period is not in it',
    },
    { name: 'fees', pnl: withFees - booked, why: 'the same fills with the fees of the backtest' },
    {
      name: 'fill model',
      pnl: refilled.pnl - withFees,
      why: `the same decisions, filled by model ${assumptions.fillModel}`,
    },
    {
      name: 'latency',
      pnl: delayed.pnl - refilled.pnl,
      why: `paper took ${paperLatencyUs ?? 0} us to a fill; the backtest assumes its own`,
    },
    { name: 'data', pnl: whole.pnl - delayed.pnl, why: 'the strategy decides anew on the data of the archive' },
  ]
  const difference = whole.pnl - paper
  const sum = parts.reduce((total, { pnl }) => total + pnl, 0)
  return {
    paper,
    backtest: whole.pnl,
    difference,
    parts,
    residual: difference - sum,
    fills: { paper: fills.length, asDecided: delayed.fills, backtest: whole.fills },
    paperLatencyUs,
  }
}

function replayed(input: ParityInput, assumptions: Assumptions): { pnl: number; fills: number } {
  const { decisions, recorded, instruments, cash } = input
  const definition = scripted(decisions, recorded)
  return pnlOf({ definition, parameters: {}, instruments, series: recorded, cash, assumptions })
}

function backtested(input: ParityInput, series: readonly MarketColumns[]): { pnl: number; fills: number } {
  const { definition, parameters, instruments, cash, assumptions, fromUs, toUs } = input
  return pnlOf({ definition, parameters, instruments, series, cash, assumptions, fromUs, toUs })
}

/** Marked at the end, as what was booked is: closing would be a trade that paper never made. */
function pnlOf(options: BacktestOptions): { pnl: number; fills: number } {
  const result = runBacktest({ ...options, assumptions: { ...options.assumptions, atEnd: 'mark' } })
  return { pnl: result.finalEquity - options.cash, fills: result.fills.length }
}

function pnlOfFills(
  reports: readonly Confirm[],
  marks: ReadonlyMap<string, number>,
  feeOf: (report: Confirm) => number,
): number {
  let pnl = 0
  for (const report of reports) {
    const { fill } = report
    if (!fill) continue
    const quantity = Number(fill.quantity) * (report.side === 'buy' ? 1 : -1)
    const mark = marks.get(instrumentKey(report.venue, report.instrument)) ?? Number(fill.price)
    pnl += quantity * (mark - Number(fill.price)) - feeOf(report)
  }
  return pnl
}

/** Fee of a recorded fill under the assumptions of the backtest. */
function feeBy({ instruments, assumptions: { fees } }: ParityInput): (report: Confirm) => number {
  const known = new Map(instruments.map((one) => [instrumentKey(one.venue, one.instrument), one]))
  const begun = new Set<string>()
  return ({ venue, instrument, orderId, fill }) => {
    const details = known.get(instrumentKey(venue, instrument))
    const rate =
      fees.kind === 'bps' ? fees : details && { makerBps: details.makerFeeBps, takerBps: details.takerFeeBps }
    if (!fill || !rate) return Number(fill?.fee ?? 0)
    const bps = fill.liquidity === 'maker' ? rate.makerBps : rate.takerBps
    const first = fees.kind === 'bps' && !begun.has(orderId) ? fees.perOrder : 0
    begun.add(orderId)
    return (Number(fill.quantity) * Number(fill.price) * bps) / 10_000 + first
  }
}

function openingPnl(
  opening: Readonly<Record<string, number>>,
  firsts: ReadonlyMap<string, number>,
  marks: ReadonlyMap<string, number>,
): number {
  let pnl = 0
  for (const [key, quantity] of Object.entries(opening))
    pnl += quantity * ((marks.get(key) ?? 0) - (firsts.get(key) ?? 0))
  return pnl
}

/**
 * The shortest latency that explains each market order: it did not meet the last price before its fill, so it was still on
 * its way then. Microseconds of the market's time, the median; undefined without a market order that was filled.
 */
function latencyOf(
  decisions: readonly GivenDecision[],
  fills: readonly Confirm[],
  recorded: readonly MarketColumns[],
): number | undefined {
  const decidedUs = new Map<string, number>()
  for (const { atUs, intents } of decisions)
    for (const intent of intents)
      if (intent.type === 'place' && intent.orderType === 'market') decidedUs.set(intent.orderId, atUs)
  const shortest: number[] = []
  for (const { orderId, venue, instrument, fill } of fills) {
    const fromUs = decidedUs.get(orderId)
    if (fromUs === undefined || !fill) continue
    decidedUs.delete(orderId)
    const missedUs = lastBefore(recorded, { venue, instrument }, fill.venueTimeUs)
    shortest.push(missedUs > fromUs ? missedUs - fromUs + 1 : 0)
  }
  shortest.sort((a, b) => a - b)
  return shortest[shortest.length >> 1]
}

/** When the last trade or quote of an instrument before a moment was received; 0 = none. */
function lastBefore(
  series: readonly MarketColumns[],
  { venue, instrument }: { venue: string; instrument: string },
  atUs: number,
): number {
  let found = 0
  for (const columns of series) {
    if (columns.venue !== venue || columns.instrument !== instrument) continue
    if (columns.kind !== 'ticks' && columns.kind !== 'quotes') continue
    const { receiveTimeUs } = columns
    let [low, high] = [0, columns.rows]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (receiveTimeUs[middle]! < atUs) low = middle + 1
      else high = middle
    }
    found = Math.max(found, receiveTimeUs[low - 1] ?? 0)
  }
  return found
}

const lastPrices = (series: readonly MarketColumns[]) => prices(series, (rows) => rows - 1)
const firstPrices = (series: readonly MarketColumns[]) => prices(series, () => 0)

/** Trades say it best, then bars. */
function prices(series: readonly MarketColumns[], at: (rows: number) => number): Map<string, number> {
  const found = new Map<string, number>()
  for (const kind of ['candles', 'ticks'] as const)
    for (const columns of series) {
      if (columns.kind !== kind || columns.rows === 0) continue
      const price = columns.kind === 'ticks' ? columns.price : columns.kind === 'candles' ? columns.close : undefined
      const value = price?.[at(columns.rows)]
      if (value !== undefined) found.set(instrumentKey(columns.venue, columns.instrument), value)
    }
  return found
}
