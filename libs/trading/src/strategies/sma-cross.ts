import { instrumentField, timeframeField, venueField } from '@contrail/contracts'
import { z } from 'zod'
import { Sma } from '../indicators/sma.ts'
import { defineStrategy } from '../strategy/api.ts'

const parameters = z
  .strictObject({
    venue: venueField.default('sim' as never).describe('Venue whose bars it reads and where it trades'),
    instrument: instrumentField.default('BTC-USDT' as never).describe('What it trades'),
    timeframe: timeframeField.default('1m').describe('Length of a bar'),
    fast: z.number().int().min(1).max(1_000).default(10).describe('Bars in the fast average'),
    slow: z.number().int().min(2).max(5_000).default(30).describe('Bars in the slow average; more than fast'),
    quantity: z.number().positive().default(0.01).describe('Size of the position, in base'),
    allowShort: z.boolean().default(false).describe('Go short while the fast average is below; otherwise go flat'),
    enter: z
      .enum(['trend', 'cross'])
      .default('trend')
      .describe('trend: act on the side it finds itself on; cross: only when one average has strictly crossed the other'),
  })
  .refine(({ fast, slow }) => fast < slow, { path: ['fast'], message: 'make fast less than slow' })

/** Long while the fast average is above the slow one; flat, or short where allowed, while it is below. */
export default defineStrategy({
  name: 'sma-cross',
  description: 'Follows the trend: long while the fast moving average is above the slow one',
  parameters,
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  lookback: ({ slow }) => slow,
  // `before`: slow less fast of the bar before, 0 where there was none. `acted`: the trend that an order was last placed for; 0 before the first.
  state: ({ fast, slow }) => ({ fast: new Sma(fast), slow: new Sma(slow), acted: 0, before: 0 }),

  onCandle(ctx, state, candle) {
    const fast = state.fast.update(candle.close)
    const slow = state.slow.update(candle.close)
    if (!state.slow.ready) return
    const before = state.before
    state.before = slow - fast
    if (!ctx.warm) return
    const side = fast > slow ? 1 : fast < slow ? -1 : state.acted
    const trend = ctx.parameters.enter === 'trend' || side * before > 0 ? side : state.acted
    ctx.note('close', candle.close)
    ctx.note('fast', fast)
    ctx.note('slow', slow)
    ctx.note('trend', trend > 0 ? 'fast above slow' : trend < 0 ? 'fast below slow' : 'none yet')
    if (trend === state.acted) return
    if (ctx.openOrders().length > 0) {
      ctx.note('why', 'an order of the trend before is still open: it is cancelled first')
      ctx.cancelAll()
      return
    }
    const { quantity, allowShort } = ctx.parameters
    const target = trend > 0 ? quantity : allowShort ? -quantity : 0
    const difference = target - ctx.position().quantity
    ctx.note('target', target)
    // A denied order is not sent again and again: the next crossing is the next try.
    state.acted = trend
    if (difference > 0) ctx.buy({ quantity: difference, tag: 'cross up' })
    else if (difference < 0) ctx.sell({ quantity: -difference, tag: 'cross down' })
  },
})
