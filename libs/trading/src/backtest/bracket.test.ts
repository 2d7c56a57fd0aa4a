import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import type { Context, OrderOptions, StrategyDefinition } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { runBacktest } from './backtest.ts'
import { defaultAssumptions } from './assumptions.ts'
import type { CandleColumns } from './columns.ts'
import type { Assumptions } from './types.ts'

const NO_FEES = { kind: 'bps', makerBps: 0, takerBps: 0, perOrder: 0 } as const
type Bar = readonly [open: number, high: number, low: number, close: number]
const MINUTE_US = 60_000_000
const BEGAN_US = 1_704_067_200_000_000

function columnsOf(bars: readonly Bar[]): CandleColumns {
  const column = (value: (bar: Bar, row: number) => number) => Float64Array.from(bars, value)
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'BTC-USDT',
    timeframe: '1m',
    rows: bars.length,
    openTimeUs: column((_, row) => BEGAN_US + row * MINUTE_US),
    open: column(([open]) => open),
    high: column(([, high]) => high),
    low: column(([, , low]) => low),
    close: column(([, , , close]) => close),
    volume: column(() => 10),
    quoteVolume: column(() => 1000),
    trades: column(() => 1),
  }
}

/** Asks once, on the first bar, which closes at 100; the second opens there. */
function run(options: OrderOptions, side: 'buy' | 'sell', ...bars: Bar[]) {
  return backtest(once(options, side), ...bars)
}

function once(options: OrderOptions, side: 'buy' | 'sell'): StrategyDefinition {
  return defineStrategy({
    name: 'once',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'candles' as const, venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' as const }],
    state: () => ({ asked: false }),
    onCandle(ctx, state) {
      if (!state.asked) ctx[side](options)
      state.asked = true
    },
  })
}

const backtest = (definition: StrategyDefinition, ...bars: Bar[]) => backtestWith({}, definition, ...bars)

function backtestWith(given: Partial<Assumptions>, definition: StrategyDefinition, ...bars: Bar[]) {
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never })],
    series: [columnsOf([[100, 100, 100, 100], ...bars])],
    cash: 10_000,
    assumptions: { ...defaultAssumptions, fees: NO_FEES, ...given },
  })
  const fills = result.fills.map((fill) => `${fill.row} ${fill.side} ${fill.quantity}@${fill.price}`)
  const left = result.positions.map(({ quantity }) => quantity).filter((quantity) => quantity !== 0)
  return {
    fills,
    left,
    ends: result.orders.map((order) => order.status),
    trades: result.trades,
    reasons: result.trades.map((trade) => trade.exitReason),
  }
}

describe('a bracket on bars', () => {
  const BRACKET = { quantity: 1, takeProfit: 105, stopLoss: 97 } as const
  test('the target fills at its price, and the stop is cancelled', () => {
    const { fills, left, ends, reasons } = run(BRACKET, 'buy', [100, 103, 99, 102], [102, 106, 101, 105.5])
    expect(reasons).toEqual(['take_profit'])
    expect(fills).toEqual(['1 buy 1@100', '2 sell 1@105'])
    expect(ends).toEqual(['filled', 'filled', 'cancelled'])
    expect(left).toEqual([])
  })
  test('stop before target where one bar has both', () => {
    expect(run(BRACKET, 'buy', [100, 103, 99, 102], [102, 106, 96, 105.5]).fills).toEqual([
      '1 buy 1@100',
      '2 sell 1@97',
    ])
  })
  test('already in the bar of the entry', () => {
    expect(run(BRACKET, 'buy', [100, 106, 96, 105.5]).fills).toEqual(['1 buy 1@100', '1 sell 1@97'])
  })
  test('a gap through the stop fills at the open, a gap over the target at the better open', () => {
    expect(run(BRACKET, 'buy', [100, 103, 99, 102], [90, 92, 89, 91]).fills).toEqual(['1 buy 1@100', '2 sell 1@90'])
    expect(run(BRACKET, 'buy', [100, 103, 99, 102], [110, 112, 109, 111]).fills).toEqual([
      '1 buy 1@100',
      '2 sell 1@110',
    ])
  })
  test('an entry that is never reached leaves nothing behind', () => {
    const { fills, ends } = run({ ...BRACKET, price: 98.5, timeInForce: 'IOC' }, 'buy', [100, 103, 99, 102])
    expect(fills).toEqual([])
    expect(ends).toEqual(['expired', 'cancelled', 'cancelled'])
  })
  test('an entry within the bar: its high may have been before, its low counts', () => {
    const entry = { ...BRACKET, price: 99, stopLoss: 94 } as const
    expect(run(entry, 'buy', [100, 106, 98, 100], [100, 106, 99, 100]).fills).toEqual(['1 buy 1@99', '2 sell 1@105'])
    expect(run(entry, 'buy', [100, 106, 93, 100]).fills).toEqual(['1 buy 1@99', '1 sell 1@94'])
  })
  test('an entry that the gate denies takes its exits along', () => {
    const denied = { ...BRACKET, quantity: 101 }
    const { fills, ends } = backtestWith({ accountLimits: true }, once(denied, 'buy'), [100, 103, 99, 102])
    expect([fills, ends]).toEqual([[], ['denied', 'denied', 'denied']])
  })
  test('exits cover what sizing has made of their entry, more of it or less', () => {
    const sized = (base: number) =>
      backtestWith(
        { sizing: { kind: 'quantity', base } },
        once(BRACKET, 'buy'),
        ...([
          [100, 103, 99, 102],
          [102, 106, 101, 105.5],
        ] as const),
      )
    expect(sized(3)).toMatchObject({ fills: ['1 buy 3@100', '2 sell 3@105'], left: [] })
    expect(sized(0.5)).toMatchObject({ fills: ['1 buy 0.5@100', '2 sell 0.5@105'], left: [] })
  })
  test('a short one is its mirror', () => {
    const short = { quantity: 1, takeProfit: 95, stopLoss: 103 }
    const { fills, left } = run(short, 'sell', [100, 101, 99, 100], [100, 101, 94, 95])
    expect(fills).toEqual(['1 sell 1@100', '2 buy 1@95'])
    expect(left).toEqual([])
  })
})

/** Does on bar n what `steps` says for it. */
function scripted(steps: Record<number, (ctx: Context<unknown>, ids: string[]) => unknown>): StrategyDefinition {
  return defineStrategy({
    name: 'scripted',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'candles' as const, venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' as const }],
    state: () => ({ bars: 0, ids: [] as string[] }),
    onCandle: (ctx, state) => void steps[++state.bars]?.(ctx, state.ids),
  })
}

test('two entries within one bar: the exits of each follow from the price of their own', () => {
  const grid = scripted({
    1: (ctx) => {
      ctx.buy({ quantity: 1, price: 96, trailingStop: { offset: 2 } })
      ctx.buy({ quantity: 2, price: 99, trailingStop: { offset: 2 } })
    },
  })
  const { fills, left } = backtest(grid, [100, 100, 95, 98])
  // The first was bought at 96: its stop stands at 94, and not behind the 99 at which the second filled.
  expect([fills, left]).toEqual([['1 buy 1@96', '1 buy 2@99', '1 sell 2@97'], [1]])
})

test('an exit made smaller while its entry is open stays smaller', () => {
  const definition = scripted({
    1: (ctx, ids) => ids.push(ctx.buy({ quantity: 2, price: 98, takeProfit: 110, stopLoss: 95 })),
    2: (ctx) => {
      const stop = ctx.openOrders().find((order) => order.stopPrice !== undefined)
      ctx.amend(stop?.orderId ?? '', { quantity: 1 })
    },
  })
  const { fills, left } = backtest(definition, [100, 100, 99, 99], [99, 99, 97, 97], [97, 97, 94, 94])
  expect([fills, left]).toEqual([['2 buy 2@98', '3 sell 1@95'], [1]])
})

test('a stop that may only reduce ends when nothing is left to reduce: it never closes what is bought later', () => {
  const definition = scripted({
    1: (ctx) => ctx.buy({ quantity: 2 }),
    2: (ctx) => ctx.sell({ quantity: 2, stopPrice: 95, reduceOnly: true }),
    3: (ctx) => ctx.sell({ quantity: 1 }),
    5: (ctx, ids) => ids.push(`${ctx.openOrders().length}`, ctx.buy({ quantity: 1 })),
  })
  const bars: Bar[] = [
    [100, 100, 100, 100],
    [100, 100, 99, 99],
    [99, 99, 94, 94],
    [94, 95, 94, 95],
    [95, 95, 95, 95],
    [95, 95, 95, 95],
  ]
  const { fills, left, ends } = backtest(definition, ...bars)
  expect(fills).toEqual(['1 buy 2@100', '3 sell 1@99', '3 sell 1@95', '5 buy 1@95'])
  expect([left, ends]).toEqual([[1], ['filled', 'expired', 'filled', 'filled']])
})

describe('a trailing stop on bars', () => {
  const TRAIL = { quantity: 1, trailingStop: { offset: 3 } }
  test('meets the low of a bar before it follows its high', () => {
    // Followed first, the stop would stand at 107 and the low of 103 would have filled it there.
    const { fills, reasons } = run(TRAIL, 'buy', [100, 102, 99.5, 101.5], [104.5, 110, 103, 109], [109, 109, 106, 108])
    expect(fills).toEqual(['1 buy 1@100', '3 sell 1@107'])
    expect(reasons).toEqual(['trailing_stop'])
  })
  test('a close below the stop that the high has left has passed through it', () => {
    expect(run(TRAIL, 'buy', [100, 102, 99.5, 101.5], [104, 110, 103, 105]).fills).toEqual([
      '1 buy 1@100',
      '2 sell 1@107',
    ])
  })
  test('of the bar of its entry it follows the close alone', () => {
    const entry = { quantity: 1, price: 98.5, trailingStop: { offset: 5 } }
    const { fills } = run(entry, 'buy', [100, 110, 98, 99], [99, 99, 94.5, 95], [95, 95, 93, 94.5])
    expect(fills).toEqual(['1 buy 1@98.5', '3 sell 1@94'])
  })
  test('never follows back', () => {
    const { fills } = run(TRAIL, 'buy', [100, 104, 99, 103], [103, 103, 101.5, 102], [102, 102, 100, 100.5])
    expect(fills).toEqual(['1 buy 1@100', '2 sell 1@101'].map((fill) => fill.replace('2 sell', '3 sell')))
  })
  test('a resting one can be made smaller', () => {
    const definition = defineStrategy({
      name: 'smaller',
      parameters: z.strictObject({}),
      inputs: () => [{ kind: 'candles' as const, venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' as const }],
      state: () => ({ bars: 0, id: '' }),
      onCandle(ctx, state) {
        state.bars++
        if (state.bars === 1) state.id = ctx.sell({ quantity: 2, trailing: { offset: 3 } })
        if (state.bars === 3) ctx.amend(state.id, { quantity: 1 })
      },
    })
    expect(backtest(definition, [100, 101, 99, 101], [101, 102, 101, 102], [102, 102, 98, 99]).fills).toEqual([
      '3 sell 1@99',
    ])
  })
  test('by percent, for a short', () => {
    const short = { quantity: 1, trailingStop: { percent: 2 } }
    const { fills } = run(short, 'sell', [100, 101, 99, 99.5], [99.5, 100, 90, 91], [91, 93, 91, 92])
    expect(fills).toEqual(['1 sell 1@100', '3 buy 1@91.8'])
  })
})

describe('best unrealised result of a trade that a trailing stop ends', () => {
  const trailed = (side: 'buy' | 'sell', ...bars: Bar[]) =>
    run({ quantity: 1, trailingStop: { offset: 50 } }, side, ...bars).trades.map(
      ({ exitReason, exitRow, mae, mfe }) => [exitReason, exitRow, mae, mfe],
    )
  test('the high of the bar of its exit counts where it has set the stop', () => {
    expect(trailed('buy', [100, 200, 100, 150], [150, 150, 150, 150])).toEqual([['trailing_stop', 1, 0, 100]])
    expect(trailed('buy', [100, 120, 90, 110], [110, 200, 100, 140])).toEqual([['trailing_stop', 2, -10, 100]])
    expect(trailed('sell', [100, 100, 20, 75], [75, 75, 75, 75])).toEqual([['trailing_stop', 1, 0, 80]])
  })
  test('and does not where the stop stood before: it may have come after', () => {
    expect(trailed('buy', [100, 120, 90, 110], [110, 118, 60, 100])).toEqual([['trailing_stop', 2, -30, 20]])
    expect(trailed('buy', [100, 120, 90, 110], [110, 500, 60, 100])).toEqual([['trailing_stop', 2, -30, 20]])
  })
})

describe('whatever the bars do', () => {
  const bar = fc
    .tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 900, max: 1100 })))
    .map(([a, b, c, d]): Bar => {
      const [open, close] = [a! / 10, d! / 10]
      return [open, Math.max(open, close, b! / 10), Math.min(open, close, c! / 10), close]
    })
  const options = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    limit: fc.option(fc.integer({ min: -15, max: 15 }), { nil: undefined }),
    target: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
    stop: fc.option(fc.integer({ min: 1, max: 80 }), { nil: undefined }),
    trail: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  })

  test('exits come after their entry, never more of them than of it; after a crash and a leap nothing is held', () => {
    fc.assert(
      fc.property(options, fc.array(bar, { maxLength: 15 }), ({ side, limit, target, stop, trail }, bars) => {
        if (target === undefined && stop === undefined && trail === undefined) return
        const sign = side === 'buy' ? 1 : -1
        const price = 100 + (limit ?? 0) / 10
        const given: OrderOptions = {
          quantity: 1,
          ...(limit === undefined ? {} : { price }),
          ...(target === undefined ? {} : { takeProfit: price + (sign * target) / 10 }),
          ...(stop === undefined ? {} : { stopLoss: price - (sign * stop) / 10 }),
          ...(trail === undefined ? {} : { trailingStop: { offset: trail / 10 } }),
        }
        const end: Bar[] = [
          [100, 150, 50, 100],
          [100, 150, 50, 100],
        ]
        const { fills, left, ends } = run(given, side, ...bars, ...end)
        const sides = fills.map((fill) => fill.split(' ')[1])
        expect(sides).toEqual([side, side === 'buy' ? 'sell' : 'buy'].slice(0, fills.length))
        const rows = fills.map((fill) => Number(fill.split(' ')[0]))
        expect(rows).toEqual(rows.toSorted((a, b) => a - b))
        // The last two bars reach every entry, target and stop that is left.
        expect(left).toEqual([])
        // A market order may have expired: the next open lay outside of its protection band.
        if (fills.length === 0) expect(ends[0]).toBe('expired')
        const exits = ends.slice(1)
        expect(exits.filter((status) => status === 'filled')).toHaveLength(fills.length / 2)
        expect(exits.filter((status) => status === 'cancelled')).toHaveLength(exits.length - fills.length / 2)
      }),
      { numRuns: 300 },
    )
  })
})
