import { expect, test } from 'vitest'
import { z } from 'zod'
import { Sma } from '../indicators/sma.ts'
import { defineStrategy } from './api.ts'

/*
 * These are checks of the compiler: a line under `@ts-expect-error` that compiles is an error of `npm run types`. Each
 * misuse stands in a function that is never called.
 */
const parameters = z.object({ size: z.number().default(1) })
const inputs = () => [{ kind: 'ticks' as const, venue: 'sim', instrument: 'BTC-USDT' }]
const base = { name: 'x', parameters, inputs }

test('a right strategy compiles: typed parameters, typed state that widens', () => {
  const definition = defineStrategy({
    ...base,
    state: ({ size }) => ({ sma: new Sma(size), on: false, side: 'none', list: [1], deep: { at: 0 } }),
    onTick(ctx, state, tick) {
      state.on = tick.price > state.sma.update(tick.price)
      state.side = 'long'
      if (state.on) ctx.buy({ quantity: ctx.parameters.size })
      const entry = ctx.buy({ quantity: 1, takeProfit: 120, stopLoss: 90, trailingStop: { percent: 5 } })
      ctx.sell({ quantity: 1, touchPrice: 130, parent: entry, oco: entry })
      ctx.sell({ quantity: 1, trailing: { offset: 3 }, reduceOnly: true })
    },
  })
  expect(definition.name).toBe('x')
})

test('misuse does not compile', () => {
  const misuse = () => {
    // @ts-expect-error a handler is synchronous
    defineStrategy({ ...base, state: () => ({ n: 0 }), async onTick() {} })
    // @ts-expect-error a Map has no place in a state
    defineStrategy({ ...base, state: () => ({ map: new Map<string, number>() }) })
    // @ts-expect-error nor a Date
    defineStrategy({ ...base, state: () => ({ when: new Date() }) })
    // @ts-expect-error nor a function
    defineStrategy({ ...base, state: () => ({ f: () => 1 }) })
    // @ts-expect-error nor a promise
    defineStrategy({ ...base, state: async () => ({ n: 0 }) })
    defineStrategy({
      ...base,
      // @ts-expect-error no such kind of input
      inputs: () => [{ kind: 'trades', venue: 'a', instrument: 'b' }],
      state: () => ({ n: 0 }),
    })
    defineStrategy({
      ...base,
      // @ts-expect-error no such timeframe
      inputs: () => [{ kind: 'candles', venue: 'a', instrument: 'b', timeframe: '7m' }],
      state: () => ({ n: 0 }),
    })
    defineStrategy({
      ...base,
      // @ts-expect-error candles want a timeframe
      inputs: () => [{ kind: 'candles', venue: 'a', instrument: 'b' }],
      state: () => ({ n: 0 }),
    })
    defineStrategy({
      ...base,
      state: () => ({ n: 0 }),
      onTick(ctx, state) {
        // @ts-expect-error one trigger, not two
        ctx.sell({ quantity: 1, stopPrice: 1, touchPrice: 2 })
        // @ts-expect-error an order has a quantity
        ctx.buy({ price: 1 })
        // @ts-expect-error a stop and a target are two orders
        ctx.buy({ quantity: 1, stopPrice: 1, touchPrice: 2 })
        // @ts-expect-error a trailing stop has no price of its own
        ctx.sell({ quantity: 1, trailing: { percent: 1 }, price: 2 })
        // @ts-expect-error its distance is one of the two
        ctx.sell({ quantity: 1, trailing: { percent: 1, offset: 1 } })
        // @ts-expect-error and must be there
        ctx.buy({ quantity: 1, trailingStop: {} })
        // @ts-expect-error an order hangs on one order, by its id
        ctx.sell({ quantity: 1, price: 1, parent: 7 })
        // @ts-expect-error parameters are what the schema says
        state.n = ctx.parameters.sized
        // @ts-expect-error time is read, not set
        ctx.nowUs = 1
        // @ts-expect-error no such state
        state.m = 1
      },
    })
  }
  expect(misuse).toBeTypeOf('function')
})
