import type { Context, StrategyDefinition } from '@contrail/trading'
import type { Traps } from './traps.ts'

const HANDLERS = ['onTick', 'onQuote', 'onBook', 'onCandle', 'onFill', 'onOrder', 'onTimer', 'onGap'] as const
const MAKERS = ['inputs', 'state', 'lookback'] as const
type Callable = (...args: unknown[]) => unknown

/**
 * The same strategy, watched: while its code runs the traps are armed, and what it notes or asks for that is not a number is
 * written down, because the platform drops it.
 */
export function watched(definition: StrategyDefinition, notFinite: Set<string>, traps: Traps): StrategyDefinition {
  const faces = new WeakMap<object, Context<unknown>>()
  const faceOf = (ctx: Context<unknown>): Context<unknown> => {
    const face = faces.get(ctx) ?? wrap(ctx, notFinite, traps)
    faces.set(ctx, face)
    return face
  }
  const made: Record<string, unknown> = { ...definition }
  for (const name of MAKERS) {
    const inner = definition[name] as Callable | undefined
    if (inner) made[name] = (...args: unknown[]) => traps.inside(() => inner.apply(definition, args))
  }
  for (const name of HANDLERS) {
    const inner = definition[name] as Callable | undefined
    if (inner)
      made[name] = (ctx: Context<unknown>, state: unknown, value: unknown) => {
        const face = faceOf(ctx)
        return traps.inside(() => inner.call(definition, face, state, value))
      }
  }
  return made as StrategyDefinition
}

function wrap(ctx: Context<unknown>, notFinite: Set<string>, traps: Traps): Context<unknown> {
  const face = {}
  const look = (method: string, args: readonly unknown[]) => {
    const named =
      method === 'note' ? [[args[0], args[1]]] : args.flatMap((arg) => (isObject(arg) ? Object.entries(arg) : []))
    for (const [name, value] of named)
      if (typeof value === 'number' && !Number.isFinite(value)) notFinite.add(`${method} ${String(name)} is ${value}`)
  }
  for (let at: object | null = ctx; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null)
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name === 'constructor' || Object.hasOwn(face, name)) continue
      const method = value as unknown
      if (typeof method === 'function')
        Object.defineProperty(face, name, {
          value: (...args: unknown[]) =>
            traps.outside(() => {
              look(name, args)
              return Reflect.apply(method, ctx, args) as unknown
            }),
        })
      else Object.defineProperty(face, name, { get: () => Reflect.get(ctx, name) as unknown })
    }
  return face as Context<unknown>
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
