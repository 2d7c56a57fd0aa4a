import { timeframeField } from '@contrail/contracts'
import { defineStrategy, Rsi } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  description: 'Buys what has fallen too fast, with a stop and a target on every entry',
  parameters: z.object({
    venue: z.string().default('sim'),
    instrument: z.string().default('BTC-USDT'),
    timeframe: timeframeField.default('1m'),
    period: z.number().int().min(2).max(100).default(14),
    oversold: z.number().min(1).max(50).default(30),
    stopPercent: z.number().positive().max(50).default(0.6),
    targetPercent: z.number().positive().max(50).default(0.4),
    quantity: z.number().positive().default(0.01).describe('In base'),
  }),
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  // Enough for the smoothing of the RSI to forget how it began.
  lookback: ({ period }) => 8 * period,
  state: ({ period }) => ({ rsi: new Rsi(period, { flatValue: 50 }) }),
  onCandle(ctx, state, candle) {
    const rsi = state.rsi.update(candle.close)
    if (!state.rsi.ready) return
    ctx.note('rsi', rsi)
    if (ctx.position().quantity !== 0 || ctx.openOrders().length > 0) return
    const { oversold, stopPercent, targetPercent, quantity } = ctx.parameters
    if (rsi >= oversold) return
    ctx.buy({
      quantity,
      tag: 'entry',
      // With the fill come a target and a stop; what one of them fills the other loses.
      takeProfit: candle.close * (1 + targetPercent / 100),
      stopLoss: candle.close * (1 - stopPercent / 100),
    })
  },
})
