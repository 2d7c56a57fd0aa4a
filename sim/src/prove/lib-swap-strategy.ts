export type EditKind = 'good' | 'throws' | 'broken'
export type Folded = { count: number; hash: number }

/** It decides on every so manieth tick. */
export const EVERY = 100
export const FOLD_MODULUS = 1_000_003

/** What the strategy does with each tick, done here for comparison. */
export function foldTick(state: Folded, price: number, tradeId: number): void {
  state.count += 1
  state.hash = (state.hash * 31 + Math.round(price * 100) + tradeId) % FOLD_MODULUS
}

/** One edit of the file. What it decides carries the number of the edit; what it knows does not depend on it. */
export function strategyText(edit: number, kind: EditKind): string {
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
    const held = ctx.position().quantity
    if (held > 0) ctx.sell({ quantity: held })
    else ctx.buy({ quantity: 0.001 })
  },
})
`
}
