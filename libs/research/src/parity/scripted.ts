import type { Intent, PlaceIntent } from '@contrail/contracts'
import type { Context, InputSpec, MarketColumns, OrderOptions, StrategyDefinition } from '@contrail/trading'
import { z } from 'zod'

/** What was decided, and when in the market's own time. */
export type GivenDecision = { readonly atUs: number; readonly intents: readonly Intent[] }

type State = { next: number; ids: Record<string, string> }

/**
 * A strategy that asks for what another one has asked for, at the first input that is not earlier. What it placed has ids
 * of its own, so cancels and links of the record are carried over to them.
 */
export function scripted(decisions: readonly GivenDecision[], series: readonly MarketColumns[]): StrategyDefinition {
  const play = (ctx: Context<unknown>, state: State): void => {
    for (let given = decisions[state.next]; given && given.atUs <= ctx.nowUs; given = decisions[state.next]) {
      for (const intent of given.intents) carryOut(ctx, state, intent)
      state.next++
    }
  }
  return {
    name: 'as-recorded',
    parameters: z.object({}),
    inputs: () => inputsOf(series),
    state: (): State => ({ next: 0, ids: {} }),
    onTick: play,
    onQuote: play,
    onBook: play,
    onCandle: play,
  }
}

/** Whatever moves time: a bar that closes between two trades is the moment of a decision on it. */
const inputsOf = (series: readonly MarketColumns[]): InputSpec[] =>
  series.flatMap((columns): InputSpec[] => {
    const { venue, instrument, kind } = columns
    if (kind === 'funding') return []
    return kind === 'candles'
      ? [{ kind, venue, instrument, timeframe: columns.timeframe }]
      : [{ kind, venue, instrument }]
  })

function carryOut(ctx: Context<unknown>, { ids }: State, intent: Intent): void {
  if (intent.type === 'place') {
    const options = optionsOf(intent, ids)
    ids[intent.orderId] = intent.side === 'buy' ? ctx.buy(options) : ctx.sell(options)
    return
  }
  const id = ids[intent.orderId]
  if (!id) return
  if (intent.type === 'cancel') return ctx.cancel(id)
  const { quantity, price, stopPrice } = intent
  ctx.amend(id, { ...numbers({ quantity, price, stopPrice }) })
}

/** The options that give this intent again. */
function optionsOf(intent: PlaceIntent, ids: Readonly<Record<string, string>>): OrderOptions {
  const { venue, instrument, timeInForce, expireAtUs, postOnly, reduceOnly, tag, quantity, price } = intent
  const link = (id: string | undefined) => (id === undefined ? undefined : ids[id])
  const links = { parent: link(intent.parent), oco: link(intent.oco) }
  const named = { venue, instrument, timeInForce, quantity: Number(quantity), reduceOnly }
  const limit = numbers({ price })
  return {
    ...named,
    ...defined({ expireAtUs, tag, ...links }),
    ...triggerOf(intent),
    ...limit,
    ...(postOnly && { postOnly }),
  } as OrderOptions
}

function triggerOf({ orderType, stopPrice, trailingOffset, trailingPercent }: PlaceIntent): Partial<OrderOptions> {
  if (trailingOffset !== undefined) return { trailing: { offset: Number(trailingOffset) } }
  if (trailingPercent !== undefined) return { trailing: { percent: Number(trailingPercent) } }
  if (stopPrice === undefined) return {}
  return orderType.startsWith('take_profit') ? { touchPrice: Number(stopPrice) } : { stopPrice: Number(stopPrice) }
}

const defined = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
const numbers = (fields: Record<string, string | undefined>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, text]) => (text === undefined ? [] : [[name, Number(text)] as const])),
  )
