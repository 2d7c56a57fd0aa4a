import { instrumentField, timeframeField, venueField } from '@contrail/contracts'
import { z } from 'zod'
import { StandardDeviation } from '../indicators/standard-deviation.ts'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'

const parameters = z
  .strictObject({
    venue: venueField.default('sim' as never).describe('Venue of both instruments'),
    first: instrumentField.default('SOL-USDT' as never).describe('Bought when it is cheap against the second'),
    second: instrumentField.default('ETH-USDT' as never).describe('Sold when the first is cheap'),
    timeframe: timeframeField.default('1m').describe('Length of a bar'),
    period: z.number().int().min(5).max(5_000).default(60).describe('Bars of the mean and deviation of the spread'),
    entry: z.number().min(0.5).max(10).default(2).describe('Enters beyond so many deviations from the mean'),
    exit: z.number().min(0).max(5).default(0.5).describe('Leaves within so many deviations of the mean'),
    stop: z.number().min(1).max(20).default(4).describe('Gives up beyond so many deviations'),
    notional: z.number().positive().default(500).describe('Size of each leg, in quote'),
  })
  .refine(({ exit, entry, stop }) => exit < entry && entry < stop, {
    path: ['entry'],
    message: 'make exit less than entry, and entry less than stop',
  })
  .refine(({ first, second }) => first !== second, { path: ['second'], message: 'name two instruments' })
type Parameters = z.infer<typeof parameters>

/** The spread between two instruments comes back to its mean: buys the cheap one and sells the dear one. */
export default defineStrategy({
  name: 'pair-spread',
  description: 'Trades the ratio of two instruments back to its mean; needs an account that may be short',
  parameters,
  inputs: ({ venue, first, second, timeframe }) => [
    { kind: 'candles', venue, instrument: first, timeframe },
    { kind: 'candles', venue, instrument: second, timeframe },
  ],
  lookback: ({ period }) => period,
  state: ({ period }) => ({
    spread: new StandardDeviation(period),
    bar: { first: { timeUs: 0, close: 0 }, second: { timeUs: 0, close: 0 } },
    /** After a stop: no entry until the spread has been back at its mean. */
    stopped: false,
    /** A leg was refused: what the other has must go. */
    broken: false,
  }),

  onCandle(ctx, state, candle) {
    const { first, second } = state.bar
    const bar = candle.instrument === ctx.parameters.first ? first : second
    bar.timeUs = candle.openTimeUs
    bar.close = candle.close
    // A bar exists only where trades are: the spread is taken where both have one.
    if (first.timeUs !== second.timeUs) return
    const spread = Math.log(first.close / second.close)
    state.spread.update(spread)
    if (!state.spread.ready || state.spread.value === 0) return
    const z = (spread - state.spread.mean) / state.spread.value
    ctx.note('z', z)
    ctx.note('spread', spread)
    ctx.note('mean', state.spread.mean)
    decide(ctx, state, z)
  },

  onOrder(ctx, state, report) {
    if (report.status === 'denied' || report.status === 'rejected') state.broken = true
  },
})

function decide(ctx: Context<Parameters>, state: { stopped: boolean; broken: boolean }, z: number): void {
  const { first, second, entry, exit, stop } = ctx.parameters
  const held = ctx.position(first).quantity
  const hedge = ctx.position(second).quantity
  if (Math.abs(z) <= exit) state.stopped = false
  if (ctx.openOrders(first).length + ctx.openOrders(second).length > 0) return
  if (held === 0 && hedge === 0) {
    state.broken = false
    if (state.stopped || Math.abs(z) < entry || Math.abs(z) > stop) return
    ctx.note('why', z > 0 ? `${first} is dear against ${second}` : `${first} is cheap against ${second}`)
    open(ctx, z > 0 ? -1 : 1)
    return
  }
  // The position was entered on one side of the mean: on the other side there is nothing left to wait for.
  const over = held > 0 ? z > -exit : z < exit
  const stopping = Math.abs(z) > stop
  const oneLegged = held === 0 || hedge === 0 || state.broken
  if (!over && !stopping && !oneLegged) return
  ctx.note('why', oneLegged ? 'one leg is missing' : stopping ? `beyond ${stop} deviations` : 'back at the mean')
  if (stopping) state.stopped = true
  close(ctx, first, held)
  close(ctx, second, hedge)
}

/** `direction` 1 buys the first and sells the second. */
function open(ctx: Context<Parameters>, direction: 1 | -1): void {
  const { first, second, notional } = ctx.parameters
  for (const [instrument, sign] of [
    [first, direction],
    [second, -direction],
  ] as const) {
    const quantity = notional / (ctx.lastPrice(instrument) as number)
    if (sign > 0) ctx.buy({ instrument, quantity, tag: 'open' })
    else ctx.sell({ instrument, quantity, tag: 'open' })
  }
}

function close(ctx: Context<Parameters>, instrument: string, held: number): void {
  if (held > 0) ctx.sell({ instrument, quantity: held, tag: 'close', reduceOnly: true })
  else if (held < 0) ctx.buy({ instrument, quantity: -held, tag: 'close', reduceOnly: true })
}
