/** One strategy of the corpus: its whole source, and a file it reads where it reads one. */
export type Entry = {
  readonly name: string
  readonly source: string
  readonly beside?: Readonly<Record<string, string>>
}

type Parts = {
  /** Before the definition. */
  readonly module?: string
  /** Ends with a boolean `up`: long while it is true. */
  readonly body: string
  readonly state?: string
  readonly imports?: string
  readonly beside?: Readonly<Record<string, string>>
  /** Members of the definition beside `onCandle`. */
  readonly more?: string
}

/** A strategy on bars of one minute that is long while `up` is true, whatever `up` comes from. */
export function onBars(name: string, parts: Parts): Entry {
  const { module = '', body, state = '{ n: 0, close: 0 }', imports = '', beside, more = '' } = parts
  const source = `import { defineStrategy, Sma } from '@contrail/trading'
import { z } from 'zod'
${imports}
${module}
export default defineStrategy({
  name: '${name}',
  parameters: z.object({ fast: z.number().default(5), quantity: z.number().default(0.01) }),
  inputs: () => [{ kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' }],
  state: () => (${state}),
  ${more}
  onCandle(ctx, state, candle) {
    state.n += 1
    ${body}
    ctx.note('up', up)
    const held = ctx.position().quantity
    if (ctx.openOrders().length > 0) return
    if (up && held <= 0) ctx.buy({ quantity: ctx.parameters.quantity })
    if (!up && held > 0) ctx.sell({ quantity: held })
  },
})
export const used = [Sma]
`
  return { name, source, ...(beside && { beside }) }
}
