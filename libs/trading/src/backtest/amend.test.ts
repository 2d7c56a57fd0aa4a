import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Confirm } from '@contrail/contracts'
import { defineStrategy } from '../strategy/api.ts'
import type { Context, StrategyDefinition } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { TickColumns } from './columns.ts'

const BEGAN_US = 1_704_067_200_000_000
const SECOND_US = 1_000_000
const BTC = testInstrument({ venue: 'sim' as never, instrument: 'BTC-USDT' as never, tickSize: '0.1', lotSize: '0.1' })
const names = { venue: 'sim', instrument: 'BTC-USDT' } as const

function prints(rows: readonly (readonly [price: number, quantity: number])[]): TickColumns {
  const timeUs = Float64Array.from(rows, (_, row) => BEGAN_US + row * SECOND_US)
  return {
    kind: 'ticks',
    ...names,
    rows: rows.length,
    receiveTimeUs: timeUs,
    venueTimeUs: timeUs,
    price: Float64Array.from(rows, ([price]) => price),
    quantity: Float64Array.from(rows, ([, quantity]) => quantity),
    side: Int8Array.from(rows, () => -1),
    tradeId: Float64Array.from(rows, (_, row) => row),
  }
}

/** 5 are bid at 99, 2 of them fill on the third print; then it is amended. How it goes on, and what the strategy knows of it. */
function amended(quantity: number, hears: boolean, latencyUs = 0) {
  const heard: string[] = []
  const open: number[] = []
  const definition = defineStrategy({
    name: 'amend',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'ticks', ...names }],
    state: () => ({ seen: 0, orderId: '' }),
    onTick(ctx: Context<unknown>, state: { seen: number; orderId: string }) {
      if (state.seen === 0) state.orderId = ctx.buy({ quantity: 5, price: 99 }) as string
      if (state.seen === 2) ctx.amend(state.orderId, { quantity })
      state.seen++
      open.push(ctx.openOrders().length)
    },
    ...(hears && {
      onOrder: (_: unknown, __: unknown, { type, status }: Confirm) => void heard.push(`${type} ${status}`),
    }),
  } as StrategyDefinition)
  const result = runBacktest({
    definition,
    parameters: {},
    instruments: [BTC],
    series: [
      prints([
        [100, 1],
        [100, 1],
        [98, 2],
        [98, 1],
        [98, 9],
        [98, 9],
      ]),
    ],
    cash: 10_000,
    assumptions: {
      ...defaultAssumptions,
      riskGate: false,
      fillModel: 'trade',
      latency: { kind: 'fixed', us: latencyUs },
    },
  })
  return { heard, open, orders: result.orders.map(({ status, filled }) => `${status} ${filled}`) }
}

test('an order amended to what is filled is filled, and its strategy knows', () => {
  for (const hears of [false, true]) {
    const { open, orders, heard } = amended(2, hears)
    expect(orders).toEqual(['filled 2'])
    expect(open).toEqual([1, 1, 1, 0, 0, 0])
    if (hears) expect(heard.at(-1)).toBe('replaced filled')
  }
})

test('an order amended below what is filled ends there, and its strategy knows', () => {
  for (const hears of [false, true]) {
    const { open, orders, heard } = amended(1, hears)
    expect(orders).toEqual(['cancelled 2'])
    expect(open).toEqual([1, 1, 1, 0, 0, 0])
    if (hears) expect(heard.slice(-2)).toEqual(['cancel_rejected partially_filled', 'cancelled cancelled'])
  }
})

test('fills that overtake the amend count: it ends with what they made', () => {
  // 1 more fills while it travels: 3 are filled when 2 are asked for, or just as many.
  expect(amended(2, false, 1_500_000).orders).toEqual(['cancelled 3'])
  expect(amended(3, false, 1_500_000)).toMatchObject({ orders: ['filled 3'], open: [1, 1, 1, 1, 0, 0] })
})

test('an order amended into the market meets the next trade, never the one that caused the amend', () => {
  const definition = defineStrategy({
    name: 'chase',
    parameters: z.strictObject({}),
    inputs: () => [{ kind: 'ticks' as const, ...names }],
    state: () => ({ seen: 0, orderId: '' }),
    onTick(ctx, state) {
      if (state.seen === 0) state.orderId = ctx.buy({ quantity: 1, price: 95 })
      if (state.seen === 2) ctx.amend(state.orderId, { price: 105 })
      state.seen++
    },
  })
  const rows = [100, 100, 98, 103, 104].map((price) => [price, 5] as const)
  const { fills } = runBacktest({
    definition,
    parameters: {},
    instruments: [BTC],
    series: [prints(rows)],
    cash: 10_000,
    assumptions: { ...defaultAssumptions, riskGate: false, fillModel: 'trade' },
  })
  expect(fills.map(({ row, price, liquidity }) => [row, price, liquidity])).toEqual([[3, 103, 'taker']])
})
