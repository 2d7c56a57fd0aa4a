import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineStrategy } from '../strategy/api.ts'
import type { Context, OrderOptions, Trailing } from '../strategy/api.ts'
import { testInstrument } from '../testing/messages.ts'
import { SecondVenue } from '../testing/second-venue.ts'
import { defaultAssumptions } from './assumptions.ts'
import { runBacktest } from './backtest.ts'
import type { CandleColumns } from './columns.ts'
import { seeded } from './costs.ts'

/* Orders of every kind at random over bars that leap and gap; a second implementation of the rules must fill the same ones. */

const [TICK, LOT, MINUTE_US, BEGAN_US] = [0.1, 0.01, 60_000_000, 1_704_067_200_000_000]
const INSTRUMENT = testInstrument({ venue: 'sim' as never, instrument: 'X-USD' as never, tickSize: '0.1', lotSize: '0.01', minQuantity: '0.01', minNotional: '0' }) // prettier-ignore
const ROWS = 1_200

function randomBars(seed: number): CandleColumns {
  const next = seeded(seed)
  const within = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const columns = { openTimeUs: [], open: [], high: [], low: [], close: [] } as Record<string, number[]>
  let [ticks, atUs] = [1000, BEGAN_US]
  for (let row = 0; row < ROWS; row++) {
    if (next() < 0.02) atUs += MINUTE_US * within(1, 5)
    const open = ticks + (next() < 0.2 ? within(-20, 20) : 0)
    const close = Math.min(2500, Math.max(300, open + within(-25, 25)))
    const bar = { openTimeUs: atUs, open, high: Math.max(open, close) + within(0, 25), low: Math.min(open, close) - within(0, 25), close } // prettier-ignore
    for (const [name, value] of Object.entries(bar)) columns[name]?.push(name === 'openTimeUs' ? value : value / 10)
    ticks = close
    atUs += MINUTE_US
  }
  const [flat, of] = [new Float64Array(ROWS).fill(50), (name: string) => Float64Array.from(columns[name] as number[])]
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'X-USD',
    timeframe: '1m',
    rows: ROWS,
    openTimeUs: of('openTimeUs'),
    open: of('open'),
    high: of('high'),
    low: of('low'),
    close: of('close'),
    volume: flat,
    quoteVolume: flat,
    trades: flat,
  }
}

const LIVES = ['GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'DAY', 'GTD'] as const
const grid = (price: number): number => Math.max(TICK, Math.round(price / TICK) * TICK)

/** One order of a kind that chance chooses, or two that hang on each other. */
function orders(next: (below: number) => number, price: number, nowUs: number): OrderOptions[] {
  const far = (): number => (1 + next(60)) / 10
  const sign = next(2) === 0 ? 1 : -1
  const size = { quantity: (1 + next(200)) / 100, tag: sign > 0 ? 'buy' : 'sell' }
  const only = { ...size, ...(next(4) === 0 && { reduceOnly: true }) }
  const timeInForce = LIVES[next(LIVES.length)] as (typeof LIVES)[number]
  const life = { timeInForce, ...(timeInForce === 'GTD' && { expireAtUs: nowUs + MINUTE_US * (1 + next(10)) }) }
  const [worse, better] = [grid(price + sign * far()), grid(price - sign * far())]
  const limit = (from: number): number => grid(from + (next(5) - 2) * 0.3)
  const near = grid(price - sign * (far() - 1))
  const trailing: Trailing = next(2) === 0 ? { offset: far() } : { percent: 0.5 + next(40) / 10 }
  const kinds: (() => OrderOptions[])[] = [
    () => [only],
    () => [{ ...only, ...life, price: near }],
    () => [{ ...only, price: near, postOnly: true }],
    () => [{ ...only, stopPrice: worse }],
    () => [{ ...only, stopPrice: worse, price: limit(worse) }],
    () => [{ ...only, touchPrice: better }],
    () => [{ ...only, touchPrice: better, price: limit(better) }],
    () => [{ ...only, trailing }],
    () => [{ ...size, takeProfit: worse, stopLoss: better }],
    () => [{ ...size, price: near, takeProfit: grid(near + sign * far()), trailingStop: trailing }],
    () => [{ ...size, trailing, takeProfit: grid(price + sign * 9), stopLoss: grid(price - sign * 9) }],
    () => [
      { ...size, price: better },
      { ...size, stopPrice: worse, oco: 'first' },
    ],
  ]
  return (kinds[next(kinds.length)] as () => OrderOptions[])()
}

const chance = defineStrategy({
  name: 'chance',
  parameters: z.strictObject({ seed: z.number() }),
  inputs: () => [{ kind: 'candles' as const, venue: 'sim', instrument: 'X-USD', timeframe: '1m' as const }],
  state: ({ seed }) => ({ bits: (seed * 2_654_435_761) >>> 0 }),
  onCandle(ctx, state, { close, closeTimeUs }) {
    const next = (below: number): number => {
      state.bits = (Math.imul(state.bits, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state.bits / 4_294_967_296) * below)
    }
    const open = ctx.openOrders()
    if (open.length > 0 && next(10) === 0) ctx.cancel(open[next(open.length)]?.orderId ?? '')
    if (open.length > 0 && next(8) === 0) amend(ctx, open[next(open.length)], grid(close + (next(60) - 30) / 10), next)
    if (next(3) > 0 || open.length > 8) return
    let first = ''
    for (const order of orders(next, close, closeTimeUs)) {
      const sent = { ...order, ...(order.oco && { oco: first }) }
      first = order.tag === 'buy' ? ctx.buy(sent) : ctx.sell(sent)
    }
  },
})

type Open = ReturnType<Context<unknown>['openOrders']>[number]
function amend(ctx: Context<unknown>, order: Open | undefined, price: number, next: (below: number) => number): void {
  if (!order) return
  const kind = next(3)
  if (kind === 0) ctx.amend(order.orderId, { quantity: (1 + next(200)) / 100 })
  else if (kind === 1 && order.stopPrice !== undefined) ctx.amend(order.orderId, { stopPrice: price })
  else if (order.price !== undefined) ctx.amend(order.orderId, { price })
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('a second implementation fills the same orders: %i', (seed) => {
  const bars = randomBars(seed)
  const {
    decisions,
    fills,
    orders: placed,
  } = runBacktest({
    definition: chance,
    parameters: { seed },
    instruments: [INSTRUMENT],
    series: [bars],
    cash: 1_000_000,
    assumptions: { ...defaultAssumptions, riskGate: false },
  })
  const second = new SecondVenue(TICK, LOT)
  const ticks = (column: Float64Array, row: number): number => Math.round((column[row] as number) / TICK)
  let at = 0
  for (let row = 0; row < ROWS; row++) {
    const openUs = bars.openTimeUs[row] as number
    const closeUs = openUs + MINUTE_US
    const [open, high, low, close] = [bars.open, bars.high, bars.low, bars.close].map((one) => ticks(one, row)) as [number, number, number, number] // prettier-ignore
    second.bar(row, { openUs, closeUs, open, high, low, close })
    for (; decisions[at]?.row === row; at++) second.decide(decisions[at]?.intents ?? [], closeUs)
  }
  const told = fills.map(({ orderId, row, quantity, price, liquidity }) => ({ orderId, row, lots: Math.round(quantity / LOT), price: Math.round(price / TICK), liquidity })) // prettier-ignore
  expect(told).toEqual(second.fills)
  expect(told.length).toBeGreaterThan(200)
  expect(new Set(placed.map(({ orderType }) => orderType)).size).toBe(7)
})
