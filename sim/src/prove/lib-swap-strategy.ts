export type EditKind = 'good' | 'throws' | 'broken'
export type Folded = { count: number; hash: number }

/** What it does when it decides: go in and out at the market, keep orders resting, or leave what rests alone. */
export type Habit = 'market' | 'resting' | 'quiet'

/** It decides on every so manieth tick. */
export const EVERY = 100
export const FOLD_MODULUS = 1_000_003
const RESTING_MAX = 8

/** What the strategy does with each tick, done here for comparison. */
export function foldTick(state: Folded, price: number, tradeId: number): void {
  state.count += 1
  state.hash = (state.hash * 31 + Math.round(price * 100) + tradeId) % FOLD_MODULUS
}

/** Limits below the market and stops above it, inside the price collar: placed, amended and cancelled by what the fold says. */
const HABITS: Readonly<Record<Habit, string>> = {
  market: `    const held = ctx.position().quantity
    if (held > 0) ctx.sell({ quantity: held })
    else ctx.buy({ quantity: 0.001 })
`,
  resting: `    const open = ctx.openOrders()
    const one = open[state.hash % Math.max(1, open.length)]
    if (open.length < 4 || (open.length < ${RESTING_MAX} && state.hash % 3 === 0)) {
      if (state.hash % 2 === 0) ctx.buy({ quantity: 0.001, price: tick.price * (0.981 + (state.hash % 13) / 1000) })
      else ctx.buy({ quantity: 0.001, stopPrice: tick.price * (1.006 + (state.hash % 13) / 1000) })
    } else if (one && state.hash % 3 === 1) ctx.cancel(one.orderId)
    else if (one?.price) ctx.amend(one.orderId, { price: tick.price * (0.981 + (state.hash % 11) / 1000) })
    else if (one) ctx.cancel(one.orderId)
`,
  quiet: '',
}

/** One edit of the file. What it decides carries the number of the edit; what it knows does not depend on it. */
export function strategyText(edit: number, kind: EditKind, habit: Habit = 'market'): string {
  return `import { defineStrategy } from '@contrail/trading'
import { z } from 'zod'

const EDIT = ${edit}

export default defineStrategy({
  name: 'swapped',
  parameters: z.object({ venue: z.string().default('sim'), instrument: z.string().default('BTC-USDT') }),
  inputs: ({ venue, instrument }) => [{ kind: 'ticks', venue, instrument }],
  state: () => ({ count: 0, hash: 0 }),
  onTick(ctx, state, tick) {
    state.count += 1
    state.hash = (state.hash * 31 + Math.round(tick.price * 100) + Number(tick.tradeId)) % ${FOLD_MODULUS}
${kind === 'throws' ? `    if (state.count % 7 === 3) throw new RangeError(\`edit \${EDIT}\`)\n` : ''}${
    kind === 'broken' ? `    const does not compile = EDIT\n` : ''
  }    if (state.count % ${EVERY} !== 0) return
    ctx.note('edit', EDIT)
    ctx.note('count', state.count)
    ctx.note('hash', state.hash)
${HABITS[habit]}  },
})
`
}
