import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  parameters: z.object({ venue: z.string().default('sim'), instrument: z.string().default('BTC-USDT') }),
  inputs: ({ venue, instrument }) => [{ kind: 'ticks', venue, instrument }],
  state: () => ({ ticks: 0 }),
  onTick(ctx, state, tick) {
    state.ticks += 1
    ctx.note('price', tick.price)
  },
})
