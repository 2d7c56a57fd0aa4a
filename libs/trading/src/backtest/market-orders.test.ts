import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'
import { Ema } from '../indicators/ema.ts'
import { Sma } from '../indicators/sma.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns, TickColumns } from './columns.ts'
import { seeded } from './costs.ts'
import type { Assumptions, BacktestOptions, BacktestResult } from './types.ts'

/*
 * Plain market orders of a strategy that hears of no report go a shorter way than all others. The same strategy with
 * handlers that do nothing goes the long one, and every byte of the result is the same.
 */
const MINUTE_US = 60_000_000
const DAY_US = 1_440 * MINUTE_US
const BEGAN_US = 1_704_067_200_000_000
const BTC = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never })

function candles(seed: number, rows: number, gapPart: number): CandleColumns {
  const next = seeded(seed)
  const column = () => new Float64Array(rows)
  const [openTimeUs, open, high, low, close] = [column(), column(), column(), column(), column()]
  let [atUs, price] = [BEGAN_US, 100]
  for (let row = 0; row < rows; row++) {
    atUs += MINUTE_US * (next() < gapPart ? 4 : 1)
    const from = next() < 0.9 ? price : price * (0.99 + next() / 50)
    price = Math.round(Math.max(1, from * (0.99 + next() / 50)) * 100) / 100
    openTimeUs[row] = atUs
    open[row] = Math.round(from * 100) / 100
    close[row] = price
    high[row] = Math.max(from, price) + 0.5
    low[row] = Math.min(from, price) - 0.5
  }
  const [volume, quoteVolume, trades] = [column().fill(5), close.map((value) => 5 * value), column().fill(1)]
  const names = { venue: 'sim', instrument: 'BTC-USDT', kind: 'candles', timeframe: '1m' } as const
  return { ...names, rows, openTimeUs, open, high, low, close, volume, quoteVolume, trades }
}

/** Some of them too small for an order, and some at one instant. */
function ticks(seed: number, rows: number, smallPart: number): TickColumns {
  const next = seeded(seed)
  const column = () => new Float64Array(rows)
  const [timeUs, price, quantity, tradeId] = [column(), column(), column(), column()]
  let [atUs, last] = [BEGAN_US, 100]
  for (let row = 0; row < rows; row++) {
    atUs += next() < 0.2 ? 0 : Math.floor(next() * next() * 40_000_000)
    last = Math.round(Math.max(1, last * (0.998 + next() / 250)) * 100) / 100
    timeUs[row] = atUs
    price[row] = last
    quantity[row] = next() < smallPart ? Math.ceil(next() * 3_000) / 10_000 : 5
    tradeId[row] = row
  }
  const names = { venue: 'sim', instrument: 'BTC-USDT', kind: 'ticks' } as const
  const side = Int8Array.from(price, (_, row) => (row % 3) - 1)
  return { ...names, rows, receiveTimeUs: timeUs, venueTimeUs: timeUs, price, quantity, side, tradeId }
}

type Parameters = { kind: 'candles' | 'ticks'; seed: number; odd: number; every: boolean; lookback: number }
type State = { fast: Sma; slow: Ema; isLong: boolean; bits: number; seen: string }

/** `odd`: how often, in percent, it does more than a plain order; what it sees of itself goes into its notes. */
const base = {
  parameters: z.strictObject({
    kind: z.enum(['candles', 'ticks']),
    seed: z.number(),
    odd: z.number(),
    every: z.boolean(),
    lookback: z.number(),
  }),
  inputs: ({ kind }: Parameters) => {
    const names = { venue: 'sim', instrument: 'BTC-USDT' }
    return [kind === 'ticks' ? { kind, ...names } : { kind, ...names, timeframe: '1m' as const }]
  },
  lookback: ({ lookback }: Parameters) => lookback,
  state: ({ seed }: Parameters): State => ({
    fast: new Sma(2),
    slow: new Ema(5),
    isLong: false,
    bits: seed >>> 0,
    seen: '',
  }),

  onCandle: (ctx: Context<Parameters>, state: State, { close }: { close: number }) => act(ctx, state, close),
  onTick: (ctx: Context<Parameters>, state: State, { price }: { price: number }) => act(ctx, state, price),
}

function act(ctx: Context<Parameters>, state: State, close: number): void {
  const [fast, slow] = [state.fast.update(close), state.slow.update(close)]
  const next = (below: number) => {
    state.bits = (Math.imul(state.bits, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state.bits / 4_294_967_296) * below)
  }
  const waiting = ctx.openOrders().map(({ filled, status }) => `${filled} ${status}`)
  if (waiting.length > 0) ctx.note('waiting', waiting.join())
  const isAbove = ctx.parameters.every ? next(3) === 0 : fast > slow
  if (isAbove === state.isLong) return
  state.isLong = isAbove
  const side = isAbove ? 'buy' : 'sell'
  const quantity = [0.1, 0.5, 3][next(3)]!
  if (next(100) >= ctx.parameters.odd) {
    state.seen = ctx[side](next(2) === 0 ? { quantity } : { quantity, tag: side })
    return
  }
  ctx.note('before', state.seen)
  ctx.note('held', ctx.position().quantity)
  switch (next(8)) {
    case 0:
      state.seen = ctx[side]({ quantity })
      ctx.note(
        'open',
        ctx
          .openOrders()
          .map(({ orderId, status }) => `${orderId} ${status}`)
          .join(),
      )
      break
    case 1:
      ctx.cancel(ctx[side]({ quantity, tag: 'cancelled' }))
      break
    case 2:
      ctx.amend(ctx[side]({ quantity }), { quantity: 0.2 })
      break
    case 3:
      ctx.buy({ quantity })
      ctx.sell({ quantity: 0.1, tag: 'second' })
      break
    case 4:
      ctx[side]({ quantity, price: close, timeInForce: 'GTC' })
      break
    case 5:
      ctx[side]({ quantity: [1e-9, 1e9][next(2)]!, reduceOnly: false })
      break
    case 6:
      ctx.cancelAll()
      ctx[side]({ quantity, timeInForce: 'IOC' })
      break
    case 7:
      ctx[side]({ quantity, takeProfit: close * (isAbove ? 1.02 : 0.98) })
  }
}
const short = defineStrategy({ name: 'turns', ...base })
const long = defineStrategy({ name: 'turns', ...base, onFill: () => undefined, onOrder: () => undefined })

const assumptions: fc.Arbitrary<Assumptions> = fc
  .record({
    slippage: fc.constantFrom(
      { kind: 'none' } as const,
      { kind: 'bps', bps: 3 } as const,
      { kind: 'volume', impact: 0.02 } as const,
    ),
    spreadBps: fc.constantFrom(0, 4),
    fees: fc.constantFrom(
      { kind: 'instrument' } as const,
      {
        kind: 'bps',
        makerBps: 1,
        takerBps: 3,
        perOrder: 0.5,
      } as const,
    ),
    latency: fc.constantFrom({ kind: 'fixed', us: 0 } as const, { kind: 'fixed', us: 0.4 } as const),
    sizing: fc.constantFrom(
      { kind: 'strategy' } as const,
      { kind: 'fraction', fraction: 0.5 } as const,
      { kind: 'notional', quote: 50 } as const,
      { kind: 'quantity', base: 0.2 } as const,
    ),
    leverage: fc.constantFrom(1, 3),
    maintenanceMargin: fc.constantFrom(0, 0, 0.1),
    atEnd: fc.constantFrom('mark' as const, 'close_at_open' as const, 'close_at_close' as const),
    riskGate: fc.boolean(),
    accountLimits: fc.constantFrom(false, false, true),
  })
  .map((drawn) => ({ ...defaultAssumptions, ...drawn }))

const textOf = (result: BacktestResult): string => {
  const { timeUs, value, exposure } = result.equity
  const { decisions, orders, fills, trades } = result
  return JSON.stringify({
    ...result,
    decisions,
    orders,
    fills,
    trades,
    equity: [[...timeUs], [...value], [...exposure]],
  })
}

function placeOf(one: string, other: string): string {
  let at = 0
  while (one[at] === other[at]) at++
  return `${one.slice(Math.max(0, at - 200), at + 100)}\nand\n${other.slice(Math.max(0, at - 200), at + 100)}`
}

test('a plain market order that goes the short way ends as one that goes the long way', () => {
  const drawn = fc.record({
    assumptions,
    seed: fc.integer({ min: 1, max: 1e6 }),
    rows: fc.integer({ min: 1, max: 400 }),
    kind: fc.constantFrom('candles' as const, 'ticks' as const),
    // Of gaps between bars, or of small trades.
    part: fc.constantFrom(0, 0.05, 0.4),
    model: fc.constantFrom('trade' as const, 'trade' as const, 'bar' as const),
    odd: fc.constantFrom(0, 30),
    every: fc.boolean(),
    lookback: fc.constantFrom(0, 7),
    // Enough for none of it, for some of it, for all of it, and more than a double counts in whole units.
    cash: fc.constantFrom(10, 100, 1e6, 1e12),
    keep: fc.constantFrom('all' as const, 'summary' as const),
    limits: fc.constantFrom({}, {}, { notionalMax: 60 }, { strategyPerSecond: 0 }),
    from: fc.constantFrom(undefined, 20),
  })
  fc.assert(
    fc.property(drawn, ({ kind, seed, rows, part, odd, every, lookback, from, model, ...more }) => {
      const series = (kind === 'ticks' ? ticks : candles)(seed, rows, part)
      const fillModel = kind === 'ticks' ? model : 'bar'
      const run = (definition: BacktestOptions['definition']) =>
        textOf(
          runBacktest({
            definition,
            parameters: { kind, seed, odd, every, lookback },
            instruments: [BTC],
            series: [series],
            ...(from !== undefined && { fromUs: BEGAN_US + from * MINUTE_US }),
            ...more,
            assumptions: { ...more.assumptions, fillModel },
          }),
        )
      const [one, other] = [run(short), run(long)]
      // Not by `toBe`, which would print both.
      if (one !== other) throw new Error(`they part at ${placeOf(one, other)}`)
    }),
    { numRuns: 300 },
  )
})

test('a run that is stopped leaves the order that was on its way as it was', () => {
  for (const kind of ['candles', 'ticks'] as const)
    for (const rows of [2048, 2049, 5000]) {
      const series = (kind === 'ticks' ? ticks : candles)(rows, rows, 0)
      const fillModel = kind === 'ticks' ? 'trade' : 'bar'
      const run = (definition: BacktestOptions['definition']) =>
        textOf(
          runBacktest({
            definition,
            parameters: { kind, seed: 1, odd: 0, every: true, lookback: 0 },
            instruments: [BTC],
            series: [series],
            cash: 1e6,
            assumptions: { ...defaultAssumptions, fillModel },
            onProgress: (done) => done < 4096,
          }),
        )
      expect(run(short) === run(long)).toBe(true)
    }
})

test('peak, greatest fall and last points of days are those of the points, however many turns there were', () => {
  for (const [seed, gapPart] of [
    [1, 0],
    [2, 0.02],
    [3, 0],
    [4, 0.3],
  ] as const) {
    const run = (keep: 'all' | 'summary') =>
      runBacktest({
        definition: short,
        parameters: { kind: 'candles', seed, odd: seed === 3 ? 20 : 0, every: seed % 2 === 1, lookback: 0 },
        instruments: [BTC],
        series: [candles(seed, 6_000, gapPart)],
        cash: 1e6,
        assumptions: { ...defaultAssumptions, leverage: 3 },
        keep,
      })
    const [all, summary] = [run('all'), run('summary')]
    expect(all.fills.length).toBeGreaterThan(600)
    const { timeUs, value, exposure } = all.equity
    let [peak, fall] = [-Infinity, 0]
    const days: [number, number, number][] = []
    value.forEach((equity, at) => {
      peak = Math.max(peak, equity)
      fall = Math.max(fall, 1 - equity / peak)
      const dayOf = (us: number) => Math.ceil(us / DAY_US)
      if (at + 1 === value.length || dayOf(timeUs[at + 1]!) > dayOf(timeUs[at]!))
        days.push([timeUs[at]!, equity, exposure[at]!])
    })
    for (const { peakEquity, maxDrawdown, finalEquity } of [all, summary])
      expect([peakEquity, maxDrawdown, finalEquity]).toEqual([peak, fall, value.at(-1)])
    const { equity: ends } = summary
    expect(Array.from(ends.timeUs, (us, at) => [us, ends.value[at], ends.exposure[at]])).toEqual(days)
  }
})
