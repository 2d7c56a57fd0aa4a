import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { encodeTick, subjects } from '@contrail/contracts'
import type { Candle, Tick } from '@contrail/contracts'
import { createStrategyActor } from '../strategy/actor.ts'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'
import smaCross from '../strategies/sma-cross.ts'
import { candleBytes, testInstrument } from '../testing/messages.ts'
import { syntheticCloses } from '../testing/synthetic.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns, MarketColumns, TickColumns } from './columns.ts'
import type { Assumptions, BacktestResult } from './types.ts'

const MINUTE_US = 60_000_000
const BEGAN_US = 1_704_067_200_000_000
const BTC = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never })
const ETH = testInstrument({ venue: 'sim' as never, instrument: 'ETH-USDT' as never })

function candles(closes: readonly number[], instrument = 'BTC-USDT', beganUs = BEGAN_US): CandleColumns {
  const close = Float64Array.from(closes)
  const open = close.map((value, row) => close[row - 1] ?? value)
  return {
    kind: 'candles',
    venue: 'sim',
    instrument,
    timeframe: '1m',
    rows: close.length,
    openTimeUs: close.map((_, row) => beganUs + row * MINUTE_US),
    open,
    high: close.map((value, row) => Math.round(Math.max(value, open[row]!) * 100 + 30) / 100),
    low: close.map((value, row) => Math.round(Math.min(value, open[row]!) * 100 - 30) / 100),
    close,
    volume: close.map(() => 5),
    quoteVolume: close.map((value) => 5 * value),
    trades: close.map(() => 1),
  }
}

function ticks(closes: readonly number[]): TickColumns {
  const price = Float64Array.from(closes)
  const timeUs = price.map((_, row) => BEGAN_US + row * 250_000)
  return {
    kind: 'ticks',
    venue: 'sim',
    instrument: 'BTC-USDT',
    rows: price.length,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    price,
    quantity: price.map((_, row) => 0.5 + (row % 7)),
    side: Int8Array.from(closes, (_, row) => (row % 3) - 1),
    tradeId: price.map((_, row) => row),
  }
}

/** Does what a seeded list says: places orders of every kind, amends, cancels. */
const wild = defineStrategy({
  name: 'wild',
  parameters: z.strictObject({ seed: z.number(), kind: z.enum(['candles', 'ticks']).default('candles') }),
  inputs: ({ kind }) => [
    kind === 'ticks'
      ? { kind, venue: 'sim', instrument: 'BTC-USDT' }
      : { kind, venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' as const },
  ],
  state: ({ seed }) => ({ bits: (seed * 2_654_435_761) >>> 0, last: '' }),
  onCandle: (ctx, state, { close }) => act(ctx, state, close),
  onTick: (ctx, state, { price }) => act(ctx, state, price),
})

function act(ctx: Context<unknown>, state: { bits: number; last: string }, price: number): void {
  const next = (below: number) => {
    state.bits = (Math.imul(state.bits, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state.bits / 4_294_967_296) * below)
  }
  ctx.note('price', price)
  ctx.note('held', ctx.position().quantity)
  const quantity = (1 + next(40)) * 0.013
  const away = 1 + (next(21) - 10) / 1000
  const side = next(2) === 0 ? 'buy' : 'sell'
  switch (next(9)) {
    case 0:
    case 1:
      ctx[side]({ quantity, tag: side })
      break
    case 2:
      state.last = ctx[side]({ quantity, price: price * away })
      break
    case 3:
      ctx[side]({ quantity, stopPrice: price * away })
      break
    case 4:
      ctx[side]({ quantity, price: price * away, stopPrice: price * (2 - away), timeInForce: 'DAY' })
      break
    case 5:
      if (ctx.openOrders().some(({ orderId }) => orderId === state.last)) ctx.amend(state.last, { price: price * away })
      break
    case 6:
      ctx.cancelAll()
      break
    case 7:
      ctx.buy({ quantity, takeProfit: price * 1.002, stopLoss: price * 0.998 })
  }
}

const models = fc.record({
  seed: fc.integer({ min: 1, max: 1e6 }),
  spreadBps: fc.constantFrom(0, 4),
  latencyUs: fc.constantFrom(0, 30_000_000),
  fee: fc.constantFrom(0, 7.5),
  kind: fc.constantFrom('candles' as const, 'ticks' as const),
})
type Model = typeof models extends fc.Arbitrary<infer T> ? T : never

const runWild = ({ seed, spreadBps, latencyUs, fee, kind }: Model, rows = 300): BacktestResult => {
  const closes = syntheticCloses(seed, 1_000, rows)
  const assumptions: Assumptions = {
    ...defaultAssumptions,
    fillModel: kind === 'ticks' ? 'trade' : 'bar',
    fees: { kind: 'bps', makerBps: fee / 2, takerBps: fee, perOrder: 0 },
    spreadBps,
    latency: { kind: 'lognormal', medianUs: latencyUs, sigma: 0.5 },
    leverage: 3,
    seed,
  }
  const series: MarketColumns[] = [kind === 'ticks' ? ticks(closes) : candles(closes)]
  return runBacktest({
    definition: wild,
    parameters: { seed, kind },
    instruments: [BTC],
    series,
    cash: 50_000,
    assumptions,
  })
}

const textOf = ({ decisions, orders, fills, trades, equity, costs }: BacktestResult): string =>
  JSON.stringify([decisions, orders, fills, trades, [...equity.value], costs])

test('the same run twice is the same to the last byte', () => {
  fc.assert(
    fc.property(models, (model) => {
      expect(textOf(runWild(model))).toBe(textOf(runWild(model)))
    }),
    { numRuns: 20 },
  )
})

test('what is decided on a prefix is the same prefix of what is decided on the whole', () => {
  fc.assert(
    fc.property(models, fc.integer({ min: 20, max: 290 }), (model, rows) => {
      // A whole and a part of one market: the closes do not depend on how many there are.
      const part = runWild(model, rows).decisions
      const whole = runWild(model).decisions.filter(({ row }) => row < rows)
      expect(JSON.stringify(part)).toBe(JSON.stringify(whole))
    }),
    { numRuns: 20 },
  )
})

test('money is conserved exactly, and the books agree with themselves, whatever is ordered', () => {
  let fills = 0
  fc.assert(
    fc.property(models, (model) => {
      const result = runWild(model)
      expect(result.residual).toBe('0')
      fills += result.fills.length
      const bought = result.fills.reduce((sum, { side, quantity }) => sum + (side === 'buy' ? quantity : -quantity), 0)
      expect(bought).toBeCloseTo(result.positions[0]?.quantity ?? 0, 9)
      expect(result.fills.reduce((sum, { fee }) => sum + fee, 0)).toBeCloseTo(result.costs.fee, 6)
      for (const order of result.orders) expect(order.filled).toBeLessThanOrEqual(order.quantity + 1e-12)
    }),
    { numRuns: 40 },
  )
  expect(fills).toBeGreaterThan(100)
})

test('money is conserved exactly beyond what doubles count', () => {
  const closes = syntheticCloses(5, 1_000, 500)
  const result = runBacktest({
    definition: wild,
    parameters: { seed: 3 },
    instruments: [BTC],
    series: [candles(closes)],
    cash: 123_456_789_012.34,
    assumptions: { ...defaultAssumptions, fees: { kind: 'bps', makerBps: 1, takerBps: 3.3, perOrder: 0.1 } },
  })
  expect(result.fills.length).toBeGreaterThan(20)
  expect(result.residual).toBe('0')
})

test('a summary has the trades and the totals of the whole', () => {
  const closes = syntheticCloses(7, 1_000, 3_000)
  const parameters = { fast: 3, slow: 9, quantity: 1, allowShort: true }
  const given = { definition: smaCross, parameters, instruments: [BTC], series: [candles(closes)], cash: 10_000 }
  const assumptions = { ...defaultAssumptions, riskGate: false }
  const whole = runBacktest({ ...given, assumptions })
  const summary = runBacktest({ ...given, assumptions, keep: 'summary' })
  expect(whole.trades.length).toBeGreaterThan(20)
  expect(summary.trades).toEqual(whole.trades)
  const totals = ({ finalEquity, peakEquity, maxDrawdown, cash, costs, decisionCount, residual }: BacktestResult) => ({
    finalEquity,
    peakEquity,
    maxDrawdown,
    cash,
    costs,
    decisionCount,
    residual,
  })
  expect(totals(summary)).toEqual(totals(whole))
  expect(summary.equity.value.at(-1)).toBe(whole.finalEquity)
})

test('rows of columns and messages on the wire lead to the same decisions', () => {
  const closes = syntheticCloses(11, 1_000, 400)
  const [bars, prints] = [candles(closes), ticks(closes)]
  const both = defineStrategy({
    name: 'both',
    parameters: z.strictObject({}),
    inputs: () => [
      { kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' },
      { kind: 'ticks', venue: 'sim', instrument: 'BTC-USDT' },
    ],
    lookback: () => 5,
    state: () => ({ sum: 0 }),
    onCandle(ctx, state, candle) {
      state.sum += candle.close - candle.open + candle.high / candle.low + candle.volume + candle.closeTimeUs / 1e15
      ctx.note('sum', state.sum)
      if (candle.openTimeUs % (7 * MINUTE_US) === 0) ctx.buy({ quantity: candle.volume / 100, price: candle.low * 0.9 })
    },
    onTick(ctx, state, tick) {
      if (Number(tick.tradeId) % 50 === 0) ctx.cancelAll()
      ctx.note('side', tick.side)
      state.sum += tick.price * tick.quantity
    },
  })
  const instruments = [BTC]
  const assumptions = { ...defaultAssumptions, riskGate: false, fillModel: 'trade' } as const
  const result = runBacktest({
    definition: both,
    parameters: {},
    instruments,
    series: [bars, prints],
    cash: 1e6,
    assumptions,
  })
  const actor = createStrategyActor(both, {
    strategy: 'run',
    tenant: 'main',
    account: 'backtest',
    parameters: {},
    instruments,
  })
  const events: { atUs: number; subject: string; data: Uint8Array }[] = []
  for (let row = 0; row < bars.rows; row++) {
    const at = (column: Float64Array) => column[row]!
    const closeTimeUs = at(bars.openTimeUs) + MINUTE_US
    const bar = {
      timeframe: '1m',
      openTimeUs: at(bars.openTimeUs),
      closeTimeUs,
      open: at(bars.open),
      high: at(bars.high),
    }
    const rest = { low: at(bars.low), close: at(bars.close), volume: at(bars.volume) }
    const data = candleBytes({ ...bar, ...rest } as unknown as Candle)
    events.push({ atUs: closeTimeUs, subject: subjects.candle('sim', 'BTC-USDT', '1m'), data })
  }
  for (let row = 0; row < prints.rows; row++) {
    const atUs = prints.receiveTimeUs[row]!
    const side = (['sell', 'unknown', 'buy'] as const)[prints.side[row]! + 1]
    const tick = { tradeId: String(row), side, price: prints.price[row], quantity: prints.quantity[row] }
    const data = encodeTick({ ...tick, venueTimeUs: atUs, receiveTimeUs: atUs } as Tick)
    events.push({ atUs, subject: subjects.tick('sim', 'BTC-USDT'), data })
  }
  // Same instant: the series that was given first.
  const ordered = events
    .map((event, index) => ({ ...event, index }))
    .sort((a, b) => a.atUs - b.atUs || a.index - b.index)
  const live: unknown[] = []
  ordered.forEach(({ subject, data }, index) => {
    const output = actor.step({ stream: 'MD', sequence: index + 1, subject, data }, live.length + 1)
    if (output) live.push({ number: live.length + 1, ...output.body })
  })
  const own = result.decisions.map(({ number, atUs, reasons, intents }) => ({ number, atUs, reasons, intents }))
  expect(own.length).toBeGreaterThan(20)
  expect(JSON.stringify(own)).toBe(JSON.stringify(live))
})

test('two instruments: both see their bars of one instant before either order meets an open', () => {
  const pair = defineStrategy({
    name: 'pair',
    parameters: z.strictObject({}),
    inputs: () => [
      { kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' },
      { kind: 'candles', venue: 'sim', instrument: 'ETH-USDT', timeframe: '1m' },
    ],
    state: () => ({ seen: 0 }),
    onCandle(ctx, state) {
      if (++state.seen !== 2) return
      ctx.buy({ quantity: 1 })
      ctx.sell({ quantity: 2, instrument: 'ETH-USDT' })
    },
  })
  const series = [candles([100, 101, 102]), candles([50, 51, 52], 'ETH-USDT')]
  const assumptions = { ...defaultAssumptions, leverage: 2, riskGate: false, atEnd: 'close_at_close' } as const
  const result = runBacktest({
    definition: pair,
    parameters: {},
    instruments: [BTC, ETH],
    series,
    cash: 1_000,
    assumptions,
  })
  expect(result.decisions).toMatchObject([{ series: 1, row: 0, atUs: BEGAN_US + MINUTE_US }])
  expect(result.fills.map(({ instrument, row, price }) => `${instrument} ${row} ${price}`)).toEqual([
    'BTC-USDT 1 100',
    'ETH-USDT 1 50',
    'BTC-USDT 2 102',
    'ETH-USDT 2 52',
  ])
  expect(result.equity.timeUs.length).toBe(3)
  expect(result.residual).toBe('0')
})
