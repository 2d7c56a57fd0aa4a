import { CandleFrame, QuoteFrame, refuse, TickFrame } from '@contrail/contracts'
import type { Restorable } from './api.ts'

/*
 * A strategy's state as JSON and back, in place: the objects that `state(parameters)` made live on, so that indicators
 * keep their arrays and two names for one indicator stay one. What JSON cannot say is written as an object with one
 * key that begins with "$".
 */
const DEPTH_MAX = 32
/** Values in one state: far above what a strategy needs, far below what a checkpoint may weigh (1 MB). */
const VALUES_MAX = 50_000

type Walk = { readonly seen: Map<object, string>; values: number }

export function snapshotState(state: unknown): unknown {
  return encode(state, 'state', { seen: new Map(), values: 0 }, 0)
}

/** Writes a snapshot into a state that `definition.state(parameters)` has just made; returns what is to be used. */
export function restoreState(live: unknown, snapshot: unknown): unknown {
  return decode(live, snapshot, 'state')
}

/**
 * What a state consists of, by name and kind, as `state(parameters)` has just made it. A snapshot of another shape was made
 * by other code: taken over, it would lack what this code counts on.
 */
export function shapeOf(value: unknown): string {
  if (isRestorable(value)) return 'restorable'
  if (Array.isArray(value)) return `[${value.map(shapeOf).join()}]`
  if (value instanceof Float64Array) return 'numbers'
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${shapeOf(item)}`)
    .join()}}`
}

export function isRestorable(value: unknown): value is Restorable {
  const candidate = value as Partial<Restorable> | null
  return (
    typeof value === 'object' &&
    candidate !== null &&
    typeof candidate.snapshot === 'function' &&
    typeof candidate.restore === 'function'
  )
}

function encode(value: unknown, path: string, walk: Walk, depth: number): unknown {
  if (++walk.values > VALUES_MAX) throw refuse('state_too_large', path, `${VALUES_MAX} values`, 'keep less history')
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return encodeNumber(value)
    case 'undefined':
      return { $undefined: true }
    case 'bigint':
      return { $bigint: value.toString() }
    case 'object':
      return value === null ? null : encodeObject(value, path, walk, depth)
    default:
      throw unstorable(path, `a ${typeof value}`)
  }
}

const encodeNumber = (value: number): unknown =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? '-0' : String(value) }

function encodeObject(value: object, path: string, walk: Walk, depth: number): unknown {
  if (depth >= DEPTH_MAX) throw refuse('state_too_deep', path, `${DEPTH_MAX} levels`, 'flatten it')
  // As the message that it is: it comes back as a plain object of the same fields.
  if (value instanceof TickFrame || value instanceof CandleFrame || value instanceof QuoteFrame)
    return encode(value.toJSON(), path, walk, depth + 1)
  if (isRestorable(value)) return { $restorable: encode(value.snapshot(), path, walk, depth + 1) }
  const before = walk.seen.get(value)
  if (before !== undefined)
    throw refuse('state_shared', path, before, 'keep one object in one place only: it would be two after a restore')
  walk.seen.set(value, path)
  if (Array.isArray(value)) return value.map((item, i) => encode(item, `${path}[${i}]`, walk, depth + 1))
  if (value instanceof Float64Array) {
    if ((walk.values += value.length) > VALUES_MAX)
      throw refuse('state_too_large', path, `${VALUES_MAX} values`, 'keep less history')
    return { $float64: Array.from(value, encodeNumber) }
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw unstorable(path, `a ${(value.constructor as { name?: string } | undefined)?.name ?? 'class instance'}`)
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (key.startsWith('$')) throw refuse('state_key', `${path}.${key}`, key, 'names that begin with "$" are taken')
    out[key] = encode(item, `${path}.${key}`, walk, depth + 1)
  }
  return out
}

function decode(live: unknown, snapshot: unknown, path: string): unknown {
  if (typeof snapshot !== 'object' || snapshot === null) return snapshot
  if (Array.isArray(snapshot)) return decodeArray(live, snapshot, path)
  const tag = Object.keys(snapshot)[0]
  if (tag?.startsWith('$')) return decodeTagged(live, tag, (snapshot as Record<string, unknown>)[tag], path)
  const target = (isPlain(live) ? live : {}) as Record<string, unknown>
  for (const key of Object.keys(target)) if (!Object.hasOwn(snapshot, key)) delete target[key]
  for (const [key, item] of Object.entries(snapshot)) target[key] = decode(target[key], item, `${path}.${key}`)
  return target
}

function decodeArray(live: unknown, snapshot: readonly unknown[], path: string): unknown[] {
  const target: unknown[] = Array.isArray(live) ? live : []
  target.length = Math.min(target.length, snapshot.length)
  for (let i = 0; i < snapshot.length; i++) target[i] = decode(target[i], snapshot[i], `${path}[${i}]`)
  return target
}

function decodeTagged(live: unknown, tag: string, value: unknown, path: string): unknown {
  switch (tag) {
    case '$undefined':
      return undefined
    case '$number':
      return Number(value)
    case '$bigint':
      return BigInt(value as string)
    case '$float64': {
      const numbers = (value as unknown[]).map((item) => Number(decode(undefined, item, path)))
      if (!(live instanceof Float64Array) || live.length !== numbers.length) return Float64Array.from(numbers)
      live.set(numbers)
      return live
    }
    case '$restorable':
      if (!isRestorable(live))
        throw refuse('state_not_restorable', path, live, 'make this object in state(parameters), so that it is there')
      live.restore(decode(undefined, value, path))
      return live
    default:
      throw refuse('state_unknown', path, tag, 'this snapshot is of another version')
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRestorable(value)
}

const unstorable = (path: string, found: string) =>
  refuse(
    'state_not_storable',
    path,
    found,
    'use plain objects, arrays, numbers, strings, or an object with snapshot/restore',
  )
