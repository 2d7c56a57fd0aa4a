import { timeframeField } from '@contrail/contracts'
import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  description: 'Buys at each step down and sells each lot one step higher',
  parameters: z.object({
    venue: z.string().default('sim'),
    instrument: z.string().default('BTC-USDT'),
    timeframe: timeframeField.default('1m'),
    levels: z.number().int().min(1).max(20).default(5),
    stepPercent: z.number().positive().max(20).default(0.15),
    quantity: z.number().positive().default(0.005).describe('Of each level, in base'),
  }),
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  // `anchor`: the price that the grid hangs from; 0 before there is one.
  state: () => ({ anchor: 0 }),
  onCandle(ctx, state, candle) {
    const { levels, stepPercent, quantity } = ctx.parameters
    const step = stepPercent / 100
    const flat = ctx.position().quantity === 0
    const away = state.anchor > 0 && candle.close > state.anchor * (1 + step)
    if (flat && away && ctx.openOrders().length > 0) {
      ctx.note('why', 'the market has left the grid: it is hung anew')
      ctx.cancelAll()
      return
    }
    if (!flat || ctx.openOrders().length > 0) return
    state.anchor = candle.close
    ctx.note('anchor', state.anchor)
    for (let level = 1; level <= levels; level++)
      ctx.buy({ quantity, price: state.anchor * (1 - step * level), tag: `level ${level}` })
  },
  onFill(ctx, _, report) {
    if (report.side !== 'buy' || report.fill === undefined) return
    const price = Number(report.fill.price) * (1 + ctx.parameters.stepPercent / 100)
    ctx.sell({ quantity: Number(report.fill.quantity), price, tag: 'one step higher' })
  },
})
