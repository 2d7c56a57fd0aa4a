import type { StrategyDefinition } from './api.ts'
import type { StrategyInput } from './program.ts'

export type HandlerName = 'onTick' | 'onQuote' | 'onBook' | 'onCandle' | 'onFill' | 'onOrder' | 'onTimer' | 'onGap'

/** By the kind of market data. */
export const HANDLER_OF = {
  tick: 'onTick',
  quote: 'onQuote',
  book: 'onBook',
  candle: 'onCandle',
  feedStatus: 'onGap',
} as const satisfies Record<string, HandlerName>

/** The author's code threw. The host halts this strategy and shows the input that did it. */
export class StrategyFailure extends Error {
  override readonly name = 'StrategyFailure'
  readonly handler: string
  readonly input: StrategyInput | undefined
  constructor(strategy: string, handler: string, input: StrategyInput | undefined, cause: unknown) {
    const where = input ? ` on ${input.stream} ${input.sequence} (${input.subject})` : ''
    super(`${strategy}: ${handler} threw${where}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.handler = handler
    this.input = input
  }
}

export type Handler = (ctx: unknown, state: unknown, value: unknown) => unknown
export type Handlers = Readonly<Record<HandlerName, Handler | undefined>>

/** The author's code and what it is called with. */
export type Direct = {
  readonly definition: StrategyDefinition
  readonly context: unknown
  readonly state: unknown
  readonly strategy: string
}

/** Of fixed names, because they are looked up for every input. */
export function handlersOf(definition: StrategyDefinition): Handlers {
  const { onTick, onQuote, onBook, onCandle, onFill, onOrder, onTimer, onGap } = definition as unknown as Handlers
  return { onTick, onQuote, onBook, onCandle, onFill, onOrder, onTimer, onGap }
}

/** What a handler gave back must be nothing to wait for. */
export function refusePromise(returned: unknown): void {
  if (typeof (returned as { then?: unknown } | null)?.then !== 'function') return
  // It is refused as it is; what comes of it must not end the process of its neighbours.
  if (returned instanceof Promise) returned.catch(() => undefined) // tidy-ok: nothing waits for it
  const refusal = new TypeError('it returned a promise; a handler is synchronous')
  // The place is the author's, which nobody knows any more, and not this one.
  refusal.stack = String(refusal)
  throw refusal
}
