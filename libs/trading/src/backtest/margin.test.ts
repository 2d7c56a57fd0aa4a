import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns, MarketColumns, TickColumns } from './columns.ts'
import type { Assumptions } from './types.ts'

const BEGAN_US = 1_704_067_200_000_000
const MINUTE_US = 60_000_000
const BTC = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never, tickSize: '0.1', lotSize: '0.1' })
const names = { venue: 'sim', instrument: 'BTC-USDT' } as const
const NO_FEES = { kind: 'bps', makerBps: 0, takerBps: 0, perOrder: 0 } as const
type Bar = readonly [open: number, high: number, low: number, close: number]
type Script = Record<number, (ctx: Context<unknown>) => void>

function barsOf(bars: readonly Bar[]): CandleColumns {
  const column = (value: (bar: Bar, row: number) => number) => Float64Array.from(bars, value)
  const ones = column(() => 1)
  return {
    kind: 'candles',
    ...names,
    timeframe: '1m',
    rows: bars.length,
    openTimeUs: column((_, row) => BEGAN_US + row * MINUTE_US),
    open: column(([open]) => open),
    high: column(([, high]) => high),
    low: column(([, , low]) => low),
    close: column(([, , , close]) => close),
    volume: ones,
    quoteVolume: ones,
    trades: ones,
  }
}

const flat = (...closes: number[]): CandleColumns => barsOf(closes.map((close) => [close, close, close, close]))

function prints(prices: readonly number[]): TickColumns {
  const timeUs = Float64Array.from(prices, (_, row) => BEGAN_US + row * MINUTE_US)
  return {
    kind: 'ticks',
    ...names,
    rows: prices.length,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    price: Float64Array.from(prices),
    quantity: Float64Array.from(prices, () => 1_000_000),
    side: Int8Array.from(prices, () => 1),
    tradeId: Float64Array.from(prices, (_, row) => row),
  }
}

/** On the row of that number, counted from 0, it does that. `hears`: every order goes the way of all orders. */
function run(series: MarketColumns, script: Script, given: Partial<Assumptions> = {}, hears = false) {
  const act = (ctx: Context<unknown>, state: { count: number }) => script[state.count++]?.(ctx)
  const definition = defineStrategy({
    name: 'script',
    parameters: z.strictObject({}),
    inputs: () => [
      series.kind === 'ticks' ? { kind: 'ticks', ...names } : { kind: 'candles', ...names, timeframe: '1m' },
    ],
    state: () => ({ count: 0 }),
    onTick: (ctx, state) => act(ctx as Context<unknown>, state),
    onCandle: (ctx, state) => act(ctx as Context<unknown>, state),
    ...(hears && { onOrder: () => undefined }),
  })
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [BTC],
    series: [series],
    cash: 10_000,
    assumptions: {
      ...defaultAssumptions,
      riskGate: false,
      fees: NO_FEES,
      fillModel: series.kind === 'ticks' ? 'trade' : 'bar',
      ...given,
    },
  })
  return { result, fills: result.fills.map((fill) => `${fill.row} ${fill.side} ${fill.quantity}@${fill.price}`) }
}

const buy = (quantity: number) => (ctx: Context<unknown>) => void ctx.buy({ quantity })
const sell = (quantity: number) => (ctx: Context<unknown>) => void ctx.sell({ quantity })

describe('an account with nothing left is closed out, with no maintenance margin asked for', () => {
  const cases: [string, CandleColumns, Script, Partial<Assumptions>, string[], number][] = [
    [
      'within the bar, at the price where equity is 0',
      barsOf([
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [99, 100, 40, 95],
        [95, 95, 95, 95],
      ]),
      { 0: buy(500) },
      { leverage: 5 },
      ['1 buy 500@100', '2 sell 500@80'],
      0,
    ],
    [
      'at the open that has passed it',
      flat(100, 100, 70, 60),
      { 0: buy(500) },
      { leverage: 5 },
      ['1 buy 500@100', '2 sell 500@70'],
      -5_000,
    ],
    [
      'in the bar at whose open it was bought',
      barsOf([
        [100, 100, 100, 100],
        [100, 101, 79, 99],
        [99, 99, 99, 99],
      ]),
      { 0: buy(500) },
      { leverage: 5 },
      ['1 buy 500@100', '1 sell 500@80'],
      0,
    ],
    [
      'a short position without leverage',
      flat(100, 100, 150, 190, 250, 400),
      { 0: sell(100) },
      {},
      ['1 sell 100@100', '4 buy 100@250'],
      -5_000,
    ],
    [
      'a short position without leverage, within the bar',
      barsOf([
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [150, 300, 150, 160],
      ]),
      { 0: sell(100) },
      {},
      ['1 sell 100@100', '2 buy 100@200'],
      0,
    ],
    [
      'before a target in the same bar',
      barsOf([
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [100, 120, 70, 100],
      ]),
      { 0: (ctx) => void ctx.buy({ quantity: 500, takeProfit: 110 }) },
      { leverage: 5 },
      ['1 buy 500@100', '2 sell 500@80'],
      0,
    ],
    [
      'after a stop on the way there',
      barsOf([
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [100, 120, 70, 100],
      ]),
      { 0: (ctx) => void ctx.buy({ quantity: 500, stopLoss: 90 }) },
      { leverage: 5 },
      ['1 buy 500@100', '2 sell 500@90'],
      5_000,
    ],
    [
      'not before a stop that lies beyond',
      barsOf([
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [100, 120, 70, 100],
      ]),
      { 0: (ctx) => void ctx.buy({ quantity: 500, stopLoss: 75 }) },
      { leverage: 5 },
      ['1 buy 500@100', '2 sell 500@80'],
      0,
    ],
  ]
  test.each(cases)('%s', (_, series, script, given, expected, left) => {
    for (const hears of [false, true]) {
      const { fills, result } = run(series, script, given, hears)
      expect(fills).toEqual(expected)
      expect(result.finalEquity).toBe(left)
      expect(result.residual).toBe('0')
    }
  })

  test('by name', () => {
    const { result } = run(flat(100, 100, 70, 60), { 0: buy(500) }, { leverage: 5 })
    expect(result.liquidations).toBe(1)
    expect(result.trades).toMatchObject([{ exitReason: 'liquidation', exitRow: 2 }])
    expect(result.orders[1]).toMatchObject({ reason: 'LIQUIDATION', status: 'filled' })
  })

  test('by trades as by bars', () => {
    for (const hears of [false, true]) {
      const { fills } = run(prints([100, 100, 90, 79, 50, 100]), { 0: buy(500) }, { leverage: 5 }, hears)
      expect(fills).toEqual(['1 buy 500@100', '3 sell 500@79'])
    }
  })

  test('a long position that is paid for is never closed out', () => {
    const { result, fills } = run(flat(100, 100, 0.1, 0.1, 50), { 0: buy(100) })
    expect(fills).toEqual(['1 buy 100@100'])
    expect(result.liquidations).toBe(0)
  })
})

test('no run shows equity below nothing, but for the gap of the fill that closes it out', () => {
  const walk = fc.array(fc.constantFrom(-0.1, -0.04, -0.01, 0, 0.01, 0.04, 0.1), { minLength: 30, maxLength: 30 })
  let liquidations = 0
  const property = fc.property(
    walk,
    fc.constantFrom(1, 3, 10),
    fc.constantFrom(0, 0.02),
    fc.boolean(),
    fc.boolean(),
    (steps, leverage, maintenanceMargin, isShort, isTape) => {
      let price = 1000
      const closes = steps.map((step) => (price = Math.max(1, Math.round(price * (1 + step)))))
      const bars = barsOf(
        closes.map((close, row) => {
          const open = closes[row - 1] ?? close
          return [open, Math.max(open, close), Math.min(open, close), close]
        }),
      )
      const series = isTape ? prints(closes) : bars
      const quantity = Math.floor((10_000 / (closes[1]! * 1.2)) * leverage * 10) / 10
      const script: Script = { 0: isShort ? sell(quantity) : buy(quantity), 9: isShort ? buy(0.1) : sell(0.1) }
      const given = { leverage, maintenanceMargin }
      const fast = run(series, script, given)
      const slow = run(series, script, given, true)
      expect(fast.fills).toEqual(slow.fills)
      expect([...fast.result.equity.value]).toEqual([...slow.result.equity.value])
      liquidations += fast.result.liquidations
      // Bars that open where the one before them closed have no gap: half a tick of rounding is left.
      if (!isTape)
        for (const value of fast.result.equity.value) expect(value).toBeGreaterThanOrEqual(-0.05 * quantity - 1e-6)
      for (const [index, value] of fast.result.equity.value.entries())
        if (value < -0.05 * quantity - 1e-6) expect(fast.result.equity.exposure[index]).toBe(0)
    },
  )
  fc.assert(property, { numRuns: 300 })
  expect(liquidations).toBeGreaterThan(20)
})

describe('without borrowing not even a fee is borrowed', () => {
  const fees = { kind: 'bps', makerBps: 2, takerBps: 5, perOrder: 0 } as const

  test('an order that fits without its fee and not with it is rejected by name', () => {
    const { fills, result } = run(flat(100, 100, 100), { 0: buy(100) }, { fees })
    expect(fills).toEqual([])
    expect(result.orders).toMatchObject([
      { status: 'rejected', reason: expect.stringContaining('INSUFFICIENT_MARGIN') },
    ])
    expect(run(flat(100, 100, 100), { 0: sell(100) }, { fees }).fills).toEqual([])
  })

  test('to the last unit: cash is 0 then', () => {
    const exact = { ...fees, takerBps: 0, perOrder: 10 }
    expect(run(flat(100, 100, 100), { 0: buy(99.9) }, { fees: exact }).result.cash).toBe(0)
    expect(run(flat(100, 100, 100), { 0: buy(99.9) }, { fees: { ...exact, perOrder: 10.000001 } }).fills).toEqual([])
  })

  test('the fee is that of the fill: what rests pays that of a maker', () => {
    const bars = barsOf([
      [100, 100, 100, 100],
      [100, 100, 90, 100],
    ])
    const rest = (quantity: number): Script => ({ 0: (ctx) => void ctx.buy({ quantity, price: 95 }) })
    // 105.2 x 95 = 9,994; 2 bps are 1.9988, 5 bps would be 4.997, 30 bps do not fit.
    expect(run(bars, rest(105.2), { fees }).fills).toEqual(['1 buy 105.2@95'])
    expect(run(bars, rest(105.2), { fees: { ...fees, makerBps: 30 } }).fills).toEqual([])
  })

  test('turning a position with all there is pays for both sides of it', () => {
    const script: Script = { 0: buy(0.1), 2: sell(1000), 4: buy(1000), 6: sell(1000) }
    const sizing = { kind: 'fraction', fraction: 1 } as const
    const closes = [100, 100, 101, 101, 103, 103, 99, 99, 98]
    for (const perOrder of [0, 7]) {
      const given = { fees: { ...fees, takerBps: 20, perOrder }, sizing }
      const { result } = run(flat(...closes), script, given)
      expect(result.orders.map(({ status }) => status)).toEqual(['filled', 'filled', 'filled', 'filled'])
      expect(result.refused).toEqual({})
    }
    const long = run(
      flat(100, 100, 101, 101),
      { 0: sell(0.1), 2: buy(1000) },
      { fees: { ...fees, takerBps: 20 }, sizing },
    )
    expect(long.result.cash).toBeGreaterThanOrEqual(0)
    expect(long.result.cash).toBeLessThan(10.2)
  })

  test('one that turns a position and does not fit closes it', () => {
    const { fills } = run(flat(100, 100, 100, 100), { 0: sell(50), 1: buy(150) }, { fees })
    expect(fills).toEqual(['1 sell 50@100', '2 buy 50@100'])
  })
})
