import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'

/**
 * The smallest strategy that decides for ever without a venue: one order, then amendments of it. Decides on every n-th
 * tick, or, with 0, on marked ticks (side `sell`) where it is told to answer, or never.
 */
const parameters = z.strictObject({
  venue: z.string(),
  instruments: z.array(z.string()),
  every: z.number().int().nonnegative(),
  answers: z.boolean(),
})

export default defineStrategy({
  name: 'bench',
  parameters,
  inputs: ({ venue, instruments }) => instruments.map((instrument) => ({ kind: 'ticks', venue, instrument })),
  state: () => ({ ticks: 0, total: 0, orderId: '', up: false }),
  onTick(ctx, state, tick) {
    const { every, answers } = ctx.parameters
    state.ticks++
    state.total += tick.price
    const decides = every > 0 ? state.ticks % every === 0 : answers && tick.side === 'sell'
    if (!decides) return
    state.up = !state.up
    if (state.orderId === '') state.orderId = ctx.buy({ quantity: 1, price: 100 })
    else ctx.amend(state.orderId, { price: state.up ? 101 : 100 })
    ctx.note('ticks', state.ticks)
    ctx.note('mean', state.total / state.ticks)
  },
})
