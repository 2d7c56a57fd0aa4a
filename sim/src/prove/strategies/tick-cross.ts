import { defineStrategy, Sma } from '@contrail/trading'
import { z } from 'zod'

/** A strategy may have fifty open: when nobody answers them, it amends so many in turn. */
const PLACED_MAX = 40

/** Where nobody answers its orders it decides on market data alone: the same over one stream, however often it is killed. */
export default defineStrategy({
  name: 'tick-cross',
  parameters: z.strictObject({
    venue: z.string(),
    instrument: z.string(),
    fast: z.number().int().min(1),
    slow: z.number().int().min(2),
  }),
  inputs: ({ venue, instrument }) => [{ kind: 'ticks', venue, instrument }],
  state: ({ fast, slow }) => ({
    fast: new Sma(fast),
    slow: new Sma(slow),
    trend: 0,
    crossings: 0,
    ids: [] as string[],
  }),
  onTick(ctx, state, tick) {
    const fast = state.fast.update(tick.price)
    const slow = state.slow.update(tick.price)
    if (!state.slow.ready) return
    const trend = fast > slow ? 1 : fast < slow ? -1 : state.trend
    if (trend === state.trend) return
    state.trend = trend
    state.crossings += 1
    ctx.note('fast', fast)
    ctx.note('slow', slow)
    ctx.note('crossings', state.crossings)
    const quantity = 10 + (state.crossings % 7)
    const options = { quantity, price: tick.price, tag: trend > 0 ? 'up' : 'down' }
    if (ctx.openOrders().length < PLACED_MAX) {
      state.ids.push(trend > 0 ? ctx.buy(options) : ctx.sell(options))
      if (state.ids.length > PLACED_MAX) state.ids.shift()
    } else ctx.amend(state.ids[state.crossings % PLACED_MAX] as string, { quantity, price: tick.price })
  },
})
