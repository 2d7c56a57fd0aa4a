import { defineStrategy, StandardDeviation } from '@contrail/trading'
import { z } from 'zod'

export default defineStrategy({
  name: 'template-name',
  description: 'Trades the ratio of two instruments back to its mean; needs an account that may be short',
  parameters: z.object({
    venue: z.string().default('sim'),
    first: z.string().default('BTC-USDT'),
    second: z.string().default('ETH-USDT'),
    period: z.number().int().min(5).max(500).default(40),
    entry: z.number().positive().default(1.8).describe('Deviations from the mean'),
    exit: z.number().min(0).default(0.3),
    notional: z.number().positive().default(300).describe('Of each leg, in quote'),
  }),
  inputs: ({ venue, first, second }) => [
    { kind: 'candles', venue, instrument: first, timeframe: '1m' },
    { kind: 'candles', venue, instrument: second, timeframe: '1m' },
  ],
  lookback: ({ period }) => period,
  state: ({ period }) => ({ ratio: new StandardDeviation(period), firstUs: 0, secondUs: 0 }),
  onCandle(ctx, state, candle) {
    const { first, second, entry, exit, notional } = ctx.parameters
    if (candle.instrument === first) state.firstUs = candle.openTimeUs
    else state.secondUs = candle.openTimeUs
    const [a, b] = [ctx.lastPrice(first), ctx.lastPrice(second)]
    // The ratio is taken where both have a bar of the same time.
    if (state.firstUs !== state.secondUs || a === undefined || b === undefined) return
    const ratio = Math.log(a / b)
    state.ratio.update(ratio)
    if (!state.ratio.ready || state.ratio.value === 0) return
    const deviations = (ratio - state.ratio.mean) / state.ratio.value
    ctx.note('deviations', deviations)
    if (ctx.openOrders(first).length + ctx.openOrders(second).length > 0) return
    const held = ctx.position(first).quantity
    const hedge = ctx.position(second).quantity
    if (held === 0 && hedge === 0) {
      if (Math.abs(deviations) < entry) return
      const cheap = deviations < 0 ? first : second
      const dear = deviations < 0 ? second : first
      ctx.buy({ instrument: cheap, quantity: notional / (cheap === first ? a : b), tag: 'cheap' })
      ctx.sell({ instrument: dear, quantity: notional / (dear === first ? a : b), tag: 'dear' })
      return
    }
    const over = held > 0 ? deviations > -exit : deviations < exit
    if (!over && held !== 0 && hedge !== 0) return
    for (const [instrument, quantity] of [
      [first, held],
      [second, hedge],
    ] as const) {
      if (quantity > 0) ctx.sell({ instrument, quantity, tag: 'close' })
      if (quantity < 0) ctx.buy({ instrument, quantity: -quantity, tag: 'close' })
    }
  },
})
