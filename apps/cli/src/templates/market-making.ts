import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  description: 'Quotes both sides of the market and leans against what it holds',
  parameters: z.object({
    venue: z.string().default('sim'),
    instrument: z.string().default('BTC-USDT'),
    spreadBps: z.number().positive().default(4).describe('Between our two prices'),
    moveBps: z.number().positive().default(2).describe('Quotes again when the middle has moved so far'),
    quantity: z.number().positive().default(0.005).describe('Of each side, in base'),
    holdMax: z.number().positive().default(0.02).describe('Holds at most so much, in base'),
  }),
  inputs: ({ venue, instrument }) => [{ kind: 'quotes', venue, instrument }],
  // `middle`: around what it last quoted; 0 before the first.
  state: () => ({ middle: 0 }),
  onQuote(ctx, state, quote) {
    const { spreadBps, moveBps, quantity, holdMax } = ctx.parameters
    const middle = (quote.bid + quote.ask) / 2
    const moved = state.middle === 0 || Math.abs(middle / state.middle - 1) * 10_000 >= moveBps
    const open = ctx.openOrders()
    if (open.length === 2 && !moved) return
    if (open.length > 0) {
      ctx.cancelAll()
      return
    }
    const held = ctx.position().quantity
    // Holding makes both prices worse for the side that would add to it.
    const fair = middle * (1 - (held / holdMax) * (spreadBps / 20_000))
    const half = (fair * spreadBps) / 20_000
    state.middle = middle
    ctx.note('fair', fair)
    if (held + quantity <= holdMax)
      ctx.buy({ quantity, price: Math.min(fair - half, quote.bid), postOnly: true, tag: 'bid' })
    if (held - quantity >= -holdMax)
      ctx.sell({ quantity, price: Math.max(fair + half, quote.ask), postOnly: true, tag: 'ask' })
  },
})
