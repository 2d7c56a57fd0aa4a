import { timeframeField } from '@contrail/contracts'
import { defineStrategy, Sma } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  description: 'Long while the fast average is above the slow one',
  parameters: z.object({
    venue: z.string().default('sim'),
    instrument: z.string().default('BTC-USDT'),
    timeframe: timeframeField.default('1s'),
    fast: z.number().int().min(1).max(100).default(3),
    slow: z.number().int().min(2).max(300).default(8),
    quantity: z.number().positive().default(0.01).describe('In base'),
  }),
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  lookback: ({ slow }) => slow,
  state: ({ fast, slow }) => ({ fast: new Sma(fast), slow: new Sma(slow) }),
  onCandle(ctx, state, candle) {
    state.fast.update(candle.close)
    state.slow.update(candle.close)
    if (!state.slow.ready) return
    ctx.note('fast', state.fast.value)
    ctx.note('slow', state.slow.value)
    const wanted = state.fast.value > state.slow.value ? ctx.parameters.quantity : 0
    const difference = wanted - ctx.position().quantity
    if (ctx.openOrders().length > 0) return
    if (difference > 0) ctx.buy({ quantity: difference })
    if (difference < 0) ctx.sell({ quantity: -difference })
  },
})
