import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { encodeJson, encodeTick } from '@contrail/contracts'
import type { Confirm, Us } from '@contrail/contracts'
import { testInstrument } from '../testing/messages.ts'
import { testStrategy } from '../testing/strategy-test.ts'
import { createStrategyActor } from './actor.ts'
import { defineStrategy } from './api.ts'
import type { Context } from './api.ts'
import { StrategyFailure } from './handlers.ts'

type Ctx = Context<{ size: number }>
const parameters = z.strictObject({ size: z.number().positive().default(1) })
const inputs = () => [{ kind: 'ticks' as const, venue: 'sim', instrument: 'BTC-USDT' }]
/** A strategy that does what the test says, on every tick. */
const doing = (onTick: (ctx: Ctx, price: number) => void, more: object = {}) =>
  defineStrategy({
    name: 'doing',
    parameters,
    inputs,
    state: () => ({ ticks: 0 }),
    onTick(ctx, state, tick) {
      state.ticks++
      onTick(ctx, tick.price)
    },
    ...more,
  })
const instrument = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never })
const actorOf = (definition: ReturnType<typeof doing>, given: unknown = {}) =>
  createStrategyActor(definition, {
    strategy: 's1',
    tenant: 'main',
    account: 'paper',
    parameters: given,
    instruments: [instrument],
  })
const tick = (sequence: number, receiveTimeUs = sequence, price = 100) => ({
  stream: 'MD',
  sequence,
  subject: 'md.ticks.sim.BTC-USDT',
  data: encodeTick({
    tradeId: '1',
    side: 'buy',
    price,
    quantity: 1,
    venueTimeUs: 1 as Us,
    receiveTimeUs: receiveTimeUs as Us,
  }),
})

describe('the mailbox', () => {
  test('has the inputs, own confirms and own control', () => {
    expect(actorOf(doing(() => {})).mailbox).toEqual({
      MD: ['md.ticks.sim.BTC-USDT'],
      TRADES: ['trades.confirm.paper.s1'],
      CONTROL: ['strategy.control.s1'],
    })
  })

  test('has the clock only for a timer, and feed status only for gaps', () => {
    const actor = actorOf(doing(() => {}, { onTimer() {}, onGap() {} }))
    expect(actor.mailbox['MD']).toEqual(['md.ticks.sim.BTC-USDT', 'md.status.sim.BTC-USDT', 'md.clock'])
  })

  test('an instrument that is not there, and a parameter that is wrong, are refused by name', () => {
    const elsewhere = doing(() => {}, { inputs: () => [{ kind: 'ticks', venue: 'sim', instrument: 'XXX-USDT' }] })
    expect(() => actorOf(elsewhere)).toThrow(/inputs: "sim.XXX-USDT"/)
    expect(() =>
      actorOf(
        doing(() => {}),
        { size: -1 },
      ),
    ).toThrow(/parameters.size: -1/)
    expect(() =>
      actorOf(
        doing(() => {}),
        { sise: 1 },
      ),
    ).toThrow(/parameters.*sise/)
  })
})

describe('a decision', () => {
  test('is one message of known bytes', () => {
    const actor = actorOf(
      doing((ctx) => {
        ctx.note('why', 'test')
        ctx.note('nothing', NaN)
        ctx.sell({ quantity: 0.5, price: 101.001, stopPrice: 99, timeInForce: 'GTD', expireAtUs: 9, tag: 't' })
        ctx.buy({ quantity: 0.12345 })
      }),
    )
    expect(JSON.stringify(actor.step(tick(3), 7))).toBe(
      '{"body":{"atUs":3,"reasons":{"why":"test","nothing":null},"intents":[' +
        '{"type":"place","orderId":"s1-7-0","venue":"sim","instrument":"BTC-USDT","side":"sell","quantity":"0.5",' +
        '"orderType":"stop_limit","price":"101.01","stopPrice":"99","timeInForce":"GTD","expireAtUs":9,' +
        '"postOnly":false,"reduceOnly":false,"tag":"t"},' +
        '{"type":"place","orderId":"s1-7-1","venue":"sim","instrument":"BTC-USDT","side":"buy","quantity":"0.1234",' +
        '"orderType":"market","timeInForce":"GTC","postOnly":false,"reduceOnly":false}]}}',
    )
  })

  test('is not made for notes alone, but they are there to be read', () => {
    const t = testStrategy(doing((ctx, price) => ctx.note('price', price)))
    expect(t.tick(100)).toBeUndefined()
    expect(t.reasons).toEqual({ price: 100 })
  })

  test('tells a refused order once, and again after an order has left', () => {
    const t = testStrategy(doing((ctx, price) => void ctx.buy({ quantity: price === 200 ? 1 : 0.00001 })))
    expect(t.tick(100)).toMatchObject({
      intents: [],
      reasons: { 'refused quantity_below_lot': expect.stringMatching(/less than one lot/) },
    })
    expect(t.tick(100)).toBeUndefined()
    expect(t.tick(200)?.intents.length).toBe(1)
    expect(t.tick(100)?.intents).toEqual([])
    expect(t.refused).toEqual({ quantity_below_lot: 3 })
    expect(t.decisions[0]?.intents).toEqual([])
  })

  test('with more than 64 intents, or more than 50 open orders, stops short', () => {
    const many = testStrategy(doing((ctx) => Array.from({ length: 60 }, () => ctx.buy({ quantity: 1 }))))
    expect(many.tick(100)?.intents.length).toBe(50)
    expect(many.refused).toEqual({ open_orders_above_limit: 10 })
    const cancels = testStrategy(
      doing((ctx) => {
        ctx.cancelAll()
        for (let i = 0; i < 50; i++) ctx.buy({ quantity: 1, price: 50 })
        ctx.openOrders().forEach(({ orderId }) => ctx.amend(orderId, { quantity: 2 }))
      }),
      { fills: 'by-hand' },
    )
    expect(() => cancels.tick(100)).toThrow(/too_many_intents/)
  })
})

describe('the account as the strategy sees it', () => {
  test('an order is open from the moment it is asked for, until its report says otherwise', () => {
    const seen: unknown[] = []
    const t = testStrategy(
      doing((ctx) => {
        seen.push(ctx.openOrders().map(({ orderId, status, filled }) => `${orderId} ${status} ${filled}`))
        if (seen.length === 1) {
          ctx.buy({ quantity: 1, price: 90 })
          seen.push(ctx.openOrders().map(({ status }) => status))
        }
        if (seen.length === 4) ctx.cancel('test-1-0')
        if (seen.length === 5) ctx.cancel('test-1-0')
      }),
      { fills: 'by-hand' },
    )
    t.tick(100)
    t.report('test-1-0', { type: 'accepted', status: 'new' })
    t.tick(100)
    expect(t.tick(100)?.intents).toEqual([{ type: 'cancel', orderId: 'test-1-0' }])
    expect(t.tick(100)).toBeUndefined()
    t.report('test-1-0', { type: 'cancelled', status: 'cancelled' })
    t.tick(100)
    expect(seen).toEqual([
      [],
      ['pending_new'],
      ['test-1-0 new 0'],
      ['test-1-0 new 0'],
      ['test-1-0 pending_cancel 0'],
      [],
    ])
  })

  const partly = {
    quantity: '0.4',
    price: '100',
    fee: '0.1',
    feeAsset: 'USDT',
    liquidity: 'taker' as const,
    venueTimeUs: 1 as Us,
  }
  test('a repeated report and a repeated trade change nothing', () => {
    const t = testStrategy(
      doing((ctx) => void (ctx.openOrders().length === 0 && ctx.buy({ quantity: 1 }))),
      {
        fills: 'by-hand',
      },
    )
    t.tick(100)
    const fill = { ...partly, tradeId: 't1' } as const
    const change = { type: 'filled', status: 'partially_filled', cumQuantity: '0.4', fill } as const
    t.report('test-1-0', { ...change, reportId: 'a' })
    expect(t.position()).toMatchObject({ quantity: 0.4, averagePrice: 100, realised: -0.1 })
    t.report('test-1-0', { ...change, reportId: 'a', fill: { ...fill, tradeId: 't2' } })
    t.report('test-1-0', { ...change, reportId: 'b' })
    expect(t.position().quantity).toBe(0.4)
    expect(t.openOrders[0]).toMatchObject({ filled: 0.4, status: 'partially_filled' })
    t.report('test-1-0', { ...change, reportId: 'c', fill: { ...fill, tradeId: 't2' }, cumQuantity: '0.8' })
    expect(t.position().quantity).toBe(0.8)
  })

  test('a fill that implies the acceptance is told as the two reports would be', () => {
    const heard: unknown[] = []
    const tell = (ctx: Ctx, report: Confirm) => {
      const { type, status, cumQuantity, leavesQuantity, fill } = report
      const open = ctx.openOrders().map((order) => `${order.status} ${order.filled}`)
      heard.push([type, status, cumQuantity, leavesQuantity, fill?.tradeId, open, ctx.position().quantity])
    }
    const definition = doing((ctx) => void (ctx.openOrders().length === 0 && ctx.buy({ quantity: 1 })), {
      onOrder: (ctx: Ctx, state: { ticks: number }, report: Confirm) => {
        tell(ctx, report)
        ctx.note('heard', report.type)
        ctx.sell({ quantity: 0.1, price: 120 })
      },
      onFill: (ctx: Ctx, _: unknown, report: Confirm) => {
        tell(ctx, report)
        ctx.sell({ quantity: 0.2, price: 130 })
      },
    })
    const fill = { ...partly, tradeId: 't1' } as const
    const change = {
      type: 'filled',
      status: 'partially_filled',
      cumQuantity: '0.4',
      leavesQuantity: '0.6',
      fill,
    } as const
    const one = testStrategy(definition, { fills: 'by-hand' })
    one.tick(100)
    const decided = one.report('test-1-0', { ...change, reportId: '7', venueOrderId: 'v1' })
    const told = heard.splice(0)
    expect(told).toEqual([
      ['accepted', 'new', '0', '1', undefined, ['new 0'], 0],
      ['filled', 'partially_filled', '0.4', '0.6', 't1', ['partially_filled 0.4', 'pending_new 0'], 0.4],
    ])
    // One input, so one decision with what both calls asked for.
    expect(decided).toMatchObject({
      number: 2,
      intents: [{ quantity: '0.1' }, { orderId: 'test-2-1', quantity: '0.2' }],
    })
    const two = testStrategy(definition, { fills: 'by-hand' })
    two.tick(100)
    two.report('test-1-0', { type: 'accepted', status: 'new', venueOrderId: 'v1', reportId: '6' })
    two.report('test-1-0', { ...change, reportId: '7' })
    expect(heard).toEqual(told)
    expect(one.position()).toEqual(two.position())
    one.report('test-1-0', { ...change, reportId: '7', venueOrderId: 'v1' })
    one.restart()
    one.report('test-1-0', { ...change, reportId: '7', venueOrderId: 'v1' })
    expect(heard).toEqual(told)
  })

  test('average cost, realised profit, turning over, and fees in base', () => {
    const t = testStrategy(
      doing((ctx, price) => void (price > 0 && (price < 105 ? ctx.buy({ quantity: 1 }) : ctx.sell({ quantity: 3 })))),
      { fills: 'by-hand' },
    )
    t.tick(100)
    t.tick(104)
    t.tick(110)
    t.fill('test-1-0', 100)
    t.fill('test-2-0', 104)
    expect(t.position()).toMatchObject({ quantity: 2, averagePrice: 102, realised: 0 })
    t.fill('test-3-0', 110)
    expect(t.position()).toMatchObject({ quantity: -1, averagePrice: 110, realised: 16 })
    t.tick(100)
    const fill = { ...partly, quantity: '1', price: '100', fee: '0.001', feeAsset: 'BTC', tradeId: 'x' } as const
    t.report('test-4-0', { type: 'filled', status: 'filled', cumQuantity: '1', fill })
    expect(t.position().quantity).toBe(-0.001)
    // The fee is given away at 100; 0.001 of what was sold at 110 is still open.
    expect(t.position().realised).toBe(16 + 9.99 - 0.1)
  })
})

describe('time, pause and warm-up', () => {
  test('now never runs back', () => {
    const times: number[] = []
    const actor = actorOf(doing((ctx) => times.push(ctx.nowUs)))
    ;[5, 3, 9, 9, 8].forEach((time, i) => actor.step(tick(i + 1, time), 1))
    expect(times).toEqual([5, 5, 9, 9, 9])
  })

  test('a paused strategy goes on thinking, and nothing leaves', () => {
    const t = testStrategy(doing((ctx) => void ctx.buy({ quantity: 1 })))
    t.pause()
    expect(t.tick(100)).toBeUndefined()
    expect(t.state.ticks).toBe(1)
    expect(t.openOrders).toEqual([])
    t.resume()
    expect(t.tick(100)?.intents.length).toBe(1)
  })

  test('until the look-back is complete only what reduces the position leaves', () => {
    const lookback = { lookback: () => 3 }
    const t = testStrategy(
      doing((ctx, price) => {
        if (price > 100) ctx.buy({ quantity: 1 })
        else ctx.sell({ quantity: 1 })
      }, lookback),
      { fills: 'by-hand' },
    )
    expect([t.tick(101), t.tick(101)]).toEqual([undefined, undefined])
    expect(t.tick(101)?.intents.length).toBe(1)
    t.fill('test-1-0', 101)
    t.gap()
    expect(t.warm).toBe(false)
    expect(t.tick(101)).toBeUndefined()
    expect(t.tick(99)?.intents).toMatchObject([{ side: 'sell', quantity: '1' }])
    expect(t.refused).toEqual({ not_warm: 3 })
  })

  test('history counts for the look-back, and leaves nothing', () => {
    const warm: boolean[] = []
    const actor = actorOf(
      doing(
        (ctx) => {
          warm.push(ctx.warm)
          ctx.buy({ quantity: 1 })
        },
        { lookback: () => 2 },
      ),
    )
    actor.warmup(tick(1))
    actor.warmup(tick(2))
    expect(actor.readout.openOrders).toEqual([])
    expect(actor.step(tick(3), 1)?.body.intents.length).toBe(1)
    expect(warm).toEqual([false, false, true])
  })
})

describe('what goes wrong', () => {
  test('a handler that throws is told with the input that did it', () => {
    const actor = actorOf(
      doing(() => {
        throw new Error('boom')
      }),
    )
    const input = tick(12)
    const failure = (() => {
      try {
        actor.step(input, 1)
      } catch (error) {
        return error as StrategyFailure
      }
      return undefined
    })()
    expect(failure).toBeInstanceOf(StrategyFailure)
    expect(failure?.message).toBe('s1: onTick threw on MD 12 (md.ticks.sim.BTC-USDT): boom')
    expect(failure?.input).toBe(input)
    expect(failure?.handler).toBe('onTick')
  })

  test('a handler that returns a promise, an unknown instrument and a bad quantity are failures too', () => {
    expect(() => actorOf(doing(() => {}, { onTick: () => Promise.resolve() })).step(tick(1), 1)).toThrow(/synchronous/)
    const wrong = (options: object) => () => actorOf(doing((ctx) => void ctx.buy(options as never))).step(tick(1), 1)
    expect(wrong({ quantity: 1, instrument: 'XXX-USDT' })).toThrow(/unknown_instrument/)
    expect(wrong({ quantity: NaN })).toThrow(/quantity: NaN/)
    expect(wrong({ quantity: 1, timeInForce: 'GTD' })).toThrow(/expireAtUs/)
    expect(wrong({ quantity: 1, postOnly: true })).toThrow(/postOnly/)
  })

  test('market data that cannot be read is counted and passed over; a report that cannot be read is not', () => {
    const actor = actorOf(doing(() => {}))
    expect(actor.step({ ...tick(1), data: new Uint8Array([9, 9]) }, 1)).toBeUndefined()
    expect(actor.readout.refused).toEqual({ unreadable_input: 1 })
    const report = {
      stream: 'TRADES',
      sequence: 1,
      subject: 'trades.confirm.paper.s1',
      data: encodeJson({ schema: 1 }),
    }
    expect(() => actor.step(report, 1)).toThrow(/confirm/)
  })
})

test('a snapshot of code with another state is refused whole', () => {
  const onTick = () => {}
  const [before, after] = [{ n: 0 }, { n: 0, more: 1 }].map((made) => {
    const definition = defineStrategy({ name: 'x', parameters, inputs, state: () => ({ ...made }), onTick })
    return actorOf(definition as never)
  })
  before!.step(tick(5), 1)
  expect(() => after!.restore(before!.snapshot())).toThrow(/state_misfit.*{n:number,more:number}/)
  expect(after!.readout.nowUs).toBe(0)
  expect(() => after!.restore({ version: 1 })).toThrow(/version: 1/)
})
