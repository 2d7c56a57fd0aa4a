import { instrumentField, timeframeField, venueField } from '@contrail/contracts'
import { z } from 'zod'
import { Rsi } from '../indicators/rsi.ts'
import { defineStrategy } from '../strategy/api.ts'
import type { Context } from '../strategy/api.ts'

const parameters = z
  .strictObject({
    venue: venueField.default('sim' as never).describe('Venue whose bars it reads and where it trades'),
    instrument: instrumentField.default('ETH-USDT' as never).describe('What it trades'),
    timeframe: timeframeField.default('1m').describe('Length of a bar'),
    period: z.number().int().min(2).max(1_000).default(14).describe('Bars of the RSI'),
    oversold: z.number().min(1).max(50).default(30).describe('Buys when the RSI falls below this'),
    exit: z.number().min(1).max(99).default(55).describe('Sells when the RSI rises above this'),
    stopPercent: z.number().min(0.01).max(50).default(0.4).describe('Stop this far below the entry, in percent'),
    targetPercent: z.number().min(0.01).max(100).default(0.3).describe('Target this far above the entry, in percent'),
    quantity: z.number().positive().default(0.1).describe('Size of the position, in base'),
  })
  .refine(({ oversold, exit }) => oversold < exit, { path: ['oversold'], message: 'make oversold less than exit' })
type Parameters = z.infer<typeof parameters>

const ENTRY = 'entry'
/** More than enough for Wilder's smoothing to forget how it began. */
const LOOKBACK_PERIODS = 5

/** Buys what has fallen too fast, and protects each position with a stop and a target. */
export default defineStrategy({
  name: 'rsi-reversion',
  description: 'Buys when the RSI is oversold; leaves at a target, at a stop, or when the RSI has recovered',
  parameters,
  inputs: ({ venue, instrument, timeframe }) => [{ kind: 'candles', venue, instrument, timeframe }],
  lookback: ({ period }) => period * LOOKBACK_PERIODS,
  // `flatValue` 50: a market that has not moved is neither oversold nor overbought.
  state: ({ period }) => ({ rsi: new Rsi(period, { flatValue: 50 }), leaving: false }),

  onCandle(ctx, state, candle) {
    const rsi = state.rsi.update(candle.close)
    if (!state.rsi.ready) return
    ctx.note('close', candle.close)
    ctx.note('rsi', rsi)
    const { oversold, exit, quantity } = ctx.parameters
    const held = ctx.position().quantity
    const open = ctx.openOrders().length
    if (held > 0 && (rsi > exit || state.leaving || open === 0)) {
      ctx.note('why', rsi > exit ? `rsi is above ${exit}` : 'the position has no stop: it is closed')
      leave(ctx, state)
    } else if (held === 0 && open === 0 && rsi < oversold) {
      ctx.note('why', `rsi is below ${oversold}`)
      state.leaving = false
      ctx.buy({ quantity, tag: ENTRY })
    }
  },

  onFill(ctx, state) {
    const { quantity: held, averagePrice } = ctx.position()
    const open = ctx.openOrders()
    if (held <= 0) {
      ctx.note('why', 'the position is closed: its other orders are cancelled')
      state.leaving = false
      ctx.cancelAll()
      // Stop and target can both fill before a cancel arrives.
      if (held < 0) ctx.buy({ quantity: -held, tag: 'both filled', reduceOnly: true })
      return
    }
    if (state.leaving || open.length > 0) return
    const stopPrice = averagePrice * (1 - ctx.parameters.stopPercent / 100)
    const price = averagePrice * (1 + ctx.parameters.targetPercent / 100)
    ctx.note('why', 'the entry has filled: stop and target are placed')
    ctx.note('entry', averagePrice)
    ctx.sell({ quantity: held, stopPrice, tag: 'stop', reduceOnly: true })
    ctx.sell({ quantity: held, price, tag: 'target', reduceOnly: true })
  },

  onOrder(ctx, state, report) {
    const refused = report.status === 'denied' || report.status === 'rejected'
    // Without its stop or its target the position is not what was meant: the next bar closes it.
    if (refused && ctx.position().quantity > 0) state.leaving = true
  },
})

/** Cancels the protection and sells; when a cancel is still under way, the next bar sells. */
function leave(ctx: Context<Parameters>, state: { leaving: boolean }): void {
  const open = ctx.openOrders()
  state.leaving = true
  if (open.length > 0) ctx.cancelAll()
  else ctx.sell({ quantity: ctx.position().quantity, tag: 'leave', reduceOnly: true })
}
