import { defineStrategy, Rsi } from '@contrail/trading'
import { z } from 'zod'

const PLACED_MAX = 40

/** Decides on bars and ticks alone: places below and above, and amends in turn what it has placed. */
export default defineStrategy({
  name: 'tick-rsi',
  parameters: z.strictObject({
    venue: z.string(),
    instrument: z.string(),
    period: z.number().int().min(2),
    low: z.number(),
    high: z.number(),
  }),
  inputs: ({ venue, instrument }) => [
    { kind: 'candles', venue, instrument, timeframe: '1m' },
    { kind: 'ticks', venue, instrument },
  ],
  state: ({ period }) => ({ rsi: new Rsi(period), zone: 0, turns: 0, ids: [] as string[], ticks: 0 }),
  onTick(_ctx, state) {
    state.ticks += 1
  },
  onCandle(ctx, state, candle) {
    const rsi = state.rsi.update(candle.close)
    if (!state.rsi.ready) return
    const { low, high } = ctx.parameters
    const zone = rsi < low ? -1 : rsi > high ? 1 : 0
    if (zone === state.zone || zone === 0) return
    state.zone = zone
    ctx.note('rsi', rsi)
    ctx.note('ticks', state.ticks)
    state.turns += 1
    const options = {
      quantity: 25,
      price: candle.close * (1 + zone * 0.001),
      tag: zone < 0 ? 'oversold' : 'overbought',
    }
    if (state.ids.length < PLACED_MAX) state.ids.push(zone < 0 ? ctx.buy(options) : ctx.sell(options))
    else ctx.amend(state.ids[state.turns % PLACED_MAX] as string, { price: options.price })
  },
})
