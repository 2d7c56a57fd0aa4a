import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { PlaceIntent } from '@contrail/contracts'
import { testStrategy } from '../testing/strategy-test.ts'
import { defineStrategy } from './api.ts'
import type { Context, OrderOptions } from './api.ts'

/** Does what the test says, tick by tick. */
const strategyOf = (...steps: ((ctx: Context<unknown>) => void)[]) =>
  testStrategy(
    defineStrategy({
      name: 'steps',
      parameters: z.strictObject({}),
      inputs: () => [{ kind: 'ticks' as const, venue: 'sim', instrument: 'BTC-USDT' }],
      state: () => ({ at: 0 }),
      onTick(ctx, state) {
        steps[state.at++]?.(ctx)
      },
    }),
  )
const buying = (options: OrderOptions) => strategyOf((ctx) => ctx.buy(options))
const placed = (given: { decisions: readonly { intents: readonly unknown[] }[] }, at = 0) =>
  given.decisions[at]?.intents as PlaceIntent[]

describe('a bracket', () => {
  test('is an entry and its exits: reduce-only, asleep until it fills, one group', () => {
    const run = buying({ quantity: 2, takeProfit: 110.001, stopLoss: 95.009, trailingStop: { percent: 2.5 } })
    run.tick(100)
    const [entry, target, stop, trail] = placed(run)
    expect(placed(run)).toHaveLength(4)
    expect(entry).toMatchObject({ orderId: 'test-1-0', side: 'buy', orderType: 'market', reduceOnly: false })
    expect(entry).not.toHaveProperty('oco')
    const exit = { side: 'sell', quantity: '2', reduceOnly: true, parent: 'test-1-0', timeInForce: 'GTC' }
    // Never a worse price: both are sells, so they round up.
    expect(target).toMatchObject({
      ...exit,
      orderId: 'test-1-1',
      orderType: 'limit',
      price: '110.01',
      tag: 'take-profit',
    })
    expect(target).not.toHaveProperty('oco')
    expect(stop).toMatchObject({ ...exit, orderType: 'stop', stopPrice: '95.01', tag: 'stop-loss', oco: 'test-1-1' })
    expect(trail).toMatchObject({ ...exit, orderType: 'trailing_stop', trailingPercent: '2.5', oco: 'test-1-1' })
  })

  test.each([
    ['the target', [111], ['test-1-1'], 10],
    ['the stop', [94], ['test-1-2'], -6],
    ['the trailing stop', [108, 105], ['test-1-3'], 5],
  ] as const)('%s fills, the others go, and the position is flat', (_, prices, [winner], gain) => {
    const run = buying({ quantity: 1, takeProfit: 110, stopLoss: 95, trailingStop: { percent: 2.5 } })
    run.tick(100)
    run.tick(100)
    expect(run.position().quantity).toBe(1)
    for (const price of prices) run.tick(price)
    expect(run.position()).toMatchObject({ quantity: 0, realised: gain })
    expect(run.openOrders).toEqual([])
    expect(winner).toMatch(/^test-1-[123]$/)
  })

  test('an entry that is cancelled takes its exits along', () => {
    const run = strategyOf(
      (ctx) => ctx.buy({ quantity: 1, price: 90, takeProfit: 110, stopLoss: 80 }),
      (ctx) => ctx.cancel('test-1-0'),
    )
    run.tick(100)
    expect(run.openOrders).toHaveLength(3)
    run.tick(100)
    expect(run.openOrders).toEqual([])
  })

  test.each([
    ['a target below a buy', { takeProfit: 99 }],
    ['a stop above it', { stopLoss: 101 }],
    ['a stop above its limit', { price: 90, stopLoss: 95 }],
  ])('%s is refused whole, with the reason noted', (_, options) => {
    const run = buying({ quantity: 1, ...options })
    const decision = run.tick(100)
    expect(decision?.intents).toEqual([])
    expect(Object.keys(decision?.reasons ?? {})).toEqual(['refused bracket_wrong_side'])
  })

  test('an exit that cannot be placed takes the entry along: nothing is half there', () => {
    const decision = buying({ quantity: 1, stopLoss: 0.001 }).tick(100)
    expect(decision?.intents).toEqual([])
    expect(Object.keys(decision?.reasons ?? {})).toEqual(['refused notional_below_minimum'])
  })
})

describe('orders that hang on others', () => {
  test('name an open order of this instrument; a group is named after its first', () => {
    const run = strategyOf(
      (ctx) => {
        const first = ctx.sell({ quantity: 1, price: 120 })
        const second = ctx.sell({ quantity: 1, stopPrice: 90, oco: first })
        ctx.sell({ quantity: 1, touchPrice: 125, oco: second })
      },
      (ctx) => ctx.sell({ quantity: 1, stopPrice: 80, parent: 'test-1-0' }),
    )
    run.tick(100)
    run.tick(100)
    expect(placed(run).map((intent) => [intent.orderType, intent.oco])).toEqual([
      ['limit', undefined],
      ['stop', 'test-1-0'],
      ['take_profit', 'test-1-0'],
    ])
    expect(placed(run, 1)).toMatchObject([{ parent: 'test-1-0' }])
  })

  test.each(['parent', 'oco'])('an unknown %s is refused with the reason noted', (link) => {
    const decision = buying({ quantity: 1, price: 90, [link]: 'test-9-9' }).tick(100)
    expect(decision?.intents).toEqual([])
    expect(Object.keys(decision?.reasons ?? {})).toEqual(['refused link_not_open'])
  })

  test.each([
    ['a market order cannot wait', { parent: 'test-1-0' }],
    ['nor one that ends at once', { parent: 'test-1-0', price: 90, timeInForce: 'IOC' as const }],
    ['two triggers', { stopPrice: 1, touchPrice: 2 } as never],
    ['a trailing stop without a distance', { trailing: {} as never }],
    ['a percentage that is none', { trailing: { percent: 100 } }],
    ['a distance of nothing', { trailing: { offset: 0 } }],
  ])('%s: a mistake of the author, named with its input', (_, options: object) => {
    expect(() => buying({ quantity: 1, ...options }).tick(100)).toThrow(/onTick/)
  })
})

test('a trailing distance is never nearer than asked for, whatever the tick', () => {
  const run = strategyOf((ctx) => {
    ctx.sell({ quantity: 1, trailing: { offset: 1.001 } })
    ctx.sell({ quantity: 1, trailing: { percent: 0.123_456_789 } })
  })
  run.tick(100)
  expect(placed(run).map(({ trailingOffset, trailingPercent }) => trailingOffset ?? trailingPercent)).toEqual([
    '1.01',
    '0.123457',
  ])
})
