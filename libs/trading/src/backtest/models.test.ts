import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns, FundingColumns, MarketColumns, QuoteColumns, TickColumns } from './columns.ts'
import type { Assumptions } from './types.ts'

const BEGAN_US = 1_704_067_200_000_000
const SECOND_US = 1_000_000
const MINUTE_US = 60 * SECOND_US
const BTC = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never, tickSize: '0.1', lotSize: '0.1' })
const names = { venue: 'sim', instrument: 'BTC-USDT' } as const

function quotes(rows: readonly (readonly [bid: number, bidQuantity: number, ask: number, askQuantity: number])[]) {
  const column = (index: 0 | 1 | 2 | 3) => Float64Array.from(rows, (row) => row[index])
  const timeUs = Float64Array.from(rows, (_, row) => BEGAN_US + row * SECOND_US)
  const times = { receiveTimeUs: timeUs, venueTimeUs: timeUs }
  const sides = { bid: column(0), bidQuantity: column(1), ask: column(2), askQuantity: column(3) }
  return { kind: 'quotes', ...names, rows: rows.length, ...times, ...sides } satisfies QuoteColumns
}

function prints(rows: readonly (readonly [price: number, quantity: number, side: number])[]) {
  const timeUs = Float64Array.from(rows, (_, row) => BEGAN_US + row * SECOND_US)
  return {
    kind: 'ticks',
    ...names,
    rows: rows.length,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    price: Float64Array.from(rows, ([price]) => price),
    quantity: Float64Array.from(rows, ([, quantity]) => quantity),
    side: Int8Array.from(rows, ([, , side]) => side),
    tradeId: Float64Array.from(rows, (_, row) => row),
  } satisfies TickColumns
}

function flatBars(closes: readonly number[]): CandleColumns {
  const close = Float64Array.from(closes)
  const ones = close.map(() => 1)
  const openTimeUs = close.map((_, row) => BEGAN_US + row * MINUTE_US)
  const rest = { open: close, high: close, low: close, close, volume: ones, quoteVolume: ones, trades: ones }
  return { kind: 'candles', ...names, timeframe: '1m', rows: close.length, openTimeUs, ...rest }
}

/** On the event of that number, counted from 0, it does that. */
function run(
  series: readonly MarketColumns[],
  kind: 'quotes' | 'ticks' | 'candles',
  script: Record<number, (ctx: Context<unknown>) => void>,
  assumptions: Partial<Assumptions>,
) {
  const act = (ctx: Context<unknown>, state: { count: number }) => script[state.count++]?.(ctx)
  const definition = defineStrategy({
    name: 'script',
    parameters: z.strictObject({}),
    inputs: () => [kind === 'candles' ? { kind, ...names, timeframe: '1m' } : { kind, ...names }],
    state: () => ({ count: 0 }),
    onQuote: (ctx, state) => act(ctx as Context<unknown>, state),
    onTick: (ctx, state) => act(ctx as Context<unknown>, state),
    onCandle: (ctx, state) => act(ctx as Context<unknown>, state),
  })
  const fees = { kind: 'bps', makerBps: 0, takerBps: 0, perOrder: 0 } as const
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [BTC],
    series,
    cash: 10_000,
    assumptions: { ...defaultAssumptions, riskGate: false, fees, ...assumptions },
  })
  return { result, fills: result.fills.map((fill) => `${fill.row} ${fill.side} ${fill.quantity}@${fill.price}`) }
}

test('book: an order takes what is shown, waits for the rest, and its latency is in event time', () => {
  const shown = quotes([
    [99, 5, 100, 2],
    [99, 5, 100.5, 2],
    [99, 5, 101, 9],
  ])
  const buy = { 0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 3 }) }
  expect(run([shown], 'quotes', buy, { fillModel: 'book' }).fills).toEqual(['0 buy 2@100', '1 buy 1@100.5'])
  const late = run([shown], 'quotes', buy, { fillModel: 'book', latency: { kind: 'fixed', us: 1_500_000 } })
  expect(late.fills).toEqual(['2 buy 2@100.5', '2 buy 1@101'])
})

test('trade: a market order meets the next print; a limit fills when the price trades through it', () => {
  const tape = prints([
    [100, 5, 1],
    [100.2, 5, 1],
    [99.5, 5, -1],
    [99.4, 5, -1],
  ])
  const { fills } = run(
    [tape],
    'ticks',
    {
      0: (ctx) => {
        ctx.buy({ quantity: 1 })
        ctx.buy({ quantity: 1, price: 99.5 })
      },
    },
    { fillModel: 'trade' },
  )
  expect(fills).toEqual(['1 buy 1@100.2', '3 buy 1@99.5'])
})

test('trade: a limit that the last print did not reach waits in the book: the very next print at its price is a touch', () => {
  const tape = prints([
    [100, 5, 1],
    [99, 5, -1],
    [98.9, 5, -1],
    [99, 5, 1],
  ])
  const buy = (price: number, timeInForce: 'GTC' | 'IOC' = 'GTC') => ({
    0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 1, price, timeInForce }),
  })
  const fills = (script: ReturnType<typeof buy>, latencyUs = 0) =>
    run([tape], 'ticks', script, { fillModel: 'trade', latency: { kind: 'fixed', us: latencyUs } }).result.fills
  expect(fills(buy(99))).toMatchObject([{ row: 2, price: 99, liquidity: 'maker' }])
  // It came while the market stood at 99: it takes what comes next.
  expect(fills(buy(99), 1_500_000)).toMatchObject([{ row: 2, price: 98.9, liquidity: 'taker' }])
  // What reaches the last print, or must not wait, meets the next one.
  expect(fills(buy(100))).toMatchObject([{ row: 1, price: 99, liquidity: 'taker' }])
  expect(fills(buy(99, 'IOC'))).toMatchObject([{ row: 1, price: 99, liquidity: 'taker' }])
})

test('funding is paid from long to short at its hour, and is part of the trade', () => {
  const funding: FundingColumns = {
    kind: 'funding',
    ...names,
    rows: 1,
    timeUs: Float64Array.of(BEGAN_US + 3 * MINUTE_US),
    rate: Float64Array.of(0.001),
  }
  const bars = flatBars([100, 100, 110, 110, 110])
  const script = {
    0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 2 }),
    3: (ctx: Context<unknown>) => void ctx.sell({ quantity: 2 }),
  }
  const { result } = run([bars, funding], 'candles', script, {})
  expect(result.trades).toMatchObject([{ pnl: 20 - 0.22, funding: -0.22, fees: 0 }])
  expect(result.costs.funding).toBe(0.22)
  expect(result.residual).toBe('0')
  expect(run([bars, funding], 'candles', script, { funding: false }).result.costs.funding).toBe(0)
})

test('a leveraged position is closed at the price where its margin ends', () => {
  const script = { 0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 400 }) }
  const { result, fills } = run([flatBars([100, 100, 80, 70])], 'candles', script, {
    leverage: 5,
    maintenanceMargin: 0.05,
  })
  // 10,000 - 400 x (100 - p) = 5 % of 400 p at p = 78.9, which no bar shows: the open of 70 has passed it.
  expect(fills).toEqual(['1 buy 400@100', '3 sell 400@70'])
  expect(result.liquidations).toBe(1)
  expect(result.trades).toMatchObject([{ exitReason: 'liquidation', pnl: -12_000 }])
})

test('a gap is told and counted, with what was held across it', () => {
  const bars = flatBars([100, 100, 100])
  const openTimeUs = bars.openTimeUs.map((timeUs, row) => (row === 2 ? timeUs + 5 * MINUTE_US : timeUs))
  const script = { 0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 1 }) }
  const { result } = run([{ ...bars, openTimeUs }], 'candles', script, {})
  expect(result.gaps).toEqual([{ ...names, fromUs: BEGAN_US + 2 * MINUTE_US, toUs: BEGAN_US + 7 * MINUTE_US, held: 1 }])
})

test('a market order leaves as live does: an open beyond the protection band expires it', () => {
  const script = { 0: (ctx: Context<unknown>) => void ctx.buy({ quantity: 1 }) }
  const near = run([flatBars([100, 100.4, 100.4])], 'candles', script, { riskGate: true, accountLimits: true })
  expect(near.fills).toEqual(['1 buy 1@100.4'])
  const far = run([flatBars([100, 100.6, 100.6])], 'candles', script, { riskGate: true, accountLimits: true })
  expect(far.fills).toEqual([])
  expect(far.result.orders).toMatchObject([{ status: 'expired' }])
})

test('rows before the run are history: seen, and what is asked for on them is dropped', () => {
  const seen: boolean[] = []
  const definition = defineStrategy({
    name: 'warm',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'candles', ...names, timeframe: '1m' }],
    lookback: () => 3,
    state: () => ({}),
    onCandle(ctx) {
      seen.push(ctx.warm)
      ctx.buy({ quantity: 0.1 })
    },
  })
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [BTC],
    series: [flatBars([100, 100, 100, 100, 100, 100])],
    fromUs: BEGAN_US + 5 * MINUTE_US,
    cash: 1_000,
    assumptions: { ...defaultAssumptions, riskGate: false },
  })
  expect(seen).toEqual([false, false, false, true, true])
  expect(result.decisionCount).toBe(2)
  expect(result.events).toBe(2)
  expect(result.refused).toEqual({ dropped: 3 })
})

test('a rebate does not pay for what is bought with all: the fill comes first', () => {
  const { fills, result } = run(
    [flatBars([100, 100, 100])],
    'candles',
    { 0: (ctx) => void ctx.buy({ quantity: 0.1 }) },
    {
      sizing: { kind: 'fraction', fraction: 1 },
      fees: { kind: 'bps', makerBps: -1, takerBps: -1, perOrder: 0 },
    },
  )
  expect(fills).toEqual(['1 buy 100@100'])
  expect(result.finalEquity).toBe(10_001)
})
