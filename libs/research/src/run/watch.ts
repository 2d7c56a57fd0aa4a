import type { StrategyDefinition } from '@contrail/trading'

/*
 * What the thread of a run says about itself through shared memory, so that it can be read while its code hangs: which handler it
 * is in, how many calls there were and which event it was given.
 */
const CALLS = 0
const INSIDE = 1
const EVENT_US = 2
const HANDLER = 3
const SLOTS = 4

export const HANDLERS = [
  'state',
  'inputs',
  'lookback',
  'onTick',
  'onQuote',
  'onBook',
  'onCandle',
  'onFill',
  'onOrder',
  'onTimer',
  'onGap',
] as const

export type Pulse = { readonly view: Float64Array; readonly stop: Int32Array }
export const PULSE_BYTES = 8 * SLOTS + 4
export const pulseOf = (memory: SharedArrayBuffer): Pulse => ({
  view: new Float64Array(memory, 0, SLOTS),
  stop: new Int32Array(memory, 8 * SLOTS, 1),
})

export type Reading = {
  readonly calls: number
  readonly inside: boolean
  readonly handler: string
  readonly eventUs: number
}
export const readPulse = ({ view }: Pulse): Reading => ({
  calls: view[CALLS] as number,
  inside: view[INSIDE] === 1,
  handler: HANDLERS[view[HANDLER] as number] ?? 'handler',
  eventUs: view[EVENT_US] as number,
})

/** The same strategy, which marks each call of its handlers. */
export function watched(definition: StrategyDefinition, { view }: Pulse): StrategyDefinition {
  const marked = { ...definition } as Record<string, unknown>
  for (const [index, name] of HANDLERS.entries()) {
    const handler = (definition as unknown as Record<string, unknown>)[name]
    if (typeof handler === 'function') marked[name] = mark(handler as Handler, index, definition, view)
  }
  return marked as unknown as StrategyDefinition
}
type Handler = (...args: unknown[]) => unknown
type MaybeContext = { nowUs?: number } | undefined

function mark(handler: Handler, index: number, definition: StrategyDefinition, view: Float64Array): Handler {
  return (first: unknown, second?: unknown, third?: unknown) => {
    view[CALLS] = (view[CALLS] as number) + 1
    view[HANDLER] = index
    view[EVENT_US] = (first as MaybeContext)?.nowUs ?? 0
    view[INSIDE] = 1
    const answer = handler.call(definition, first, second, third)
    view[INSIDE] = 0
    return answer
  }
}
/** It goes on: of a strategy whose calls are not marked. */
export const beat = ({ view }: Pulse): void => {
  view[CALLS] = (view[CALLS] as number) + 1
}
/** What a handler threw leaves it inside: the thread calls this when it has caught it. */
export const leave = ({ view }: Pulse): void => {
  view[INSIDE] = 0
}
