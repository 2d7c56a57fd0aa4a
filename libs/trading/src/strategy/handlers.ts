import type { StrategyDefinition } from './api.ts'
import type { StrategyInput } from './program.ts'

export type HandlerName = 'onTick' | 'onQuote' | 'onBook' | 'onCandle' | 'onFill' | 'onOrder' | 'onTimer' | 'onGap'

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

type Handler = (ctx: unknown, state: unknown, value: unknown) => unknown

/** Calls the author's code. Whatever it throws comes out as a `StrategyFailure` with the input that did it. */
export function callHandler(
  definition: StrategyDefinition,
  strategy: string,
  name: HandlerName,
  input: StrategyInput | undefined,
  given: { readonly context: unknown; readonly state: unknown; readonly value: unknown },
): void {
  const handler = definition[name] as Handler | undefined
  if (!handler) return
  try {
    const returned = handler.call(definition, given.context, given.state, given.value)
    if (typeof (returned as { then?: unknown } | null | undefined)?.then === 'function')
      throw new TypeError('it returned a promise; a handler is synchronous')
  } catch (error) {
    throw new StrategyFailure(strategy, name, input, error)
  }
}
