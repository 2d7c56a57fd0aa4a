import {
  DECIMAL_PATTERN,
  ID_PATTERN,
  INSTRUMENT_PATTERN,
  ORDER_TYPES,
  STRATEGY_ID_PATTERN,
  TIMES_IN_FORCE,
} from '@contrail/contracts'
import type { Signal } from '@contrail/contracts'

/*
 * The usual decision, checked by hand: an order waits for it, and the schema takes several times as long. The schema is the
 * law, and is asked about whatever is not plainly right (plain.test.ts: both agree).
 */
type Given = Readonly<Record<string, unknown>>
type Test = (value: unknown) => boolean
type Fields = readonly (readonly [name: string, test: Test])[]

const text: Test = (value) => typeof value === 'string'
const like =
  (pattern: RegExp): Test =>
  (value) =>
    typeof value === 'string' && pattern.test(value)
const whole = (value: unknown, from: number): boolean => Number.isSafeInteger(value) && (value as number) >= from
const from0: Test = (value) => whole(value, 0)
const from1: Test = (value) => whole(value, 1)
const flag: Test = (value) => typeof value === 'boolean'
const among = (values: readonly string[]): Test => values.includes.bind(values) as Test
const amount: Test = (value) =>
  typeof value === 'string' && DECIMAL_PATTERN.test(value) && value[0] !== '-' && /[1-9]/.test(value)
const id = like(ID_PATTERN)

const HEAD: Fields = [
  ['schema', (value) => value === 1],
  ['tenant', id],
  ['account', id],
  ['strategy', like(STRATEGY_ID_PATTERN)],
  ['epoch', from1],
  ['number', from0],
  ['kind', (value) => value === 'decision'],
  ['cause', (value) => plain(value, CAUSE)],
  ['trail', (value) => Array.isArray(value) && value.every(isRun)],
  ['atUs', from0],
  ['reasons', isReasons],
  ['intents', (value) => Array.isArray(value) && value.length === 1 && plain(value[0], PLACE, PRICES)],
]
const CAUSE: Fields = [
  ['stream', text],
  ['sequence', from1],
  ['subject', text],
]
const PLACE: Fields = [
  ['type', (value) => value === 'place'],
  ['orderId', id],
  ['venue', id],
  ['instrument', like(INSTRUMENT_PATTERN)],
  ['side', among(['buy', 'sell'])],
  ['quantity', amount],
  ['orderType', among(ORDER_TYPES)],
  ['timeInForce', among(TIMES_IN_FORCE)],
  ['postOnly', flag],
  ['reduceOnly', flag],
]
/** May be left out. An order with more than these is not the usual one. */
const PRICES: Fields = [
  ['price', amount],
  ['stopPrice', amount],
]

/** All of the first fields, of the second as many as there are, and none beside them. */
function plain(value: unknown, fields: Fields, others: Fields = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  let left = 0
  for (const _ in value) left++
  for (const [name, test] of fields) if (!test((value as Given)[name])) return false
  left -= fields.length
  for (const [name, test] of left > 0 ? others : []) {
    if (!(name in value)) continue
    if (!test((value as Given)[name])) return false
    left--
  }
  return left === 0
}

function isRun(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && text(value[0]) && from0(value[1])
}

function isReasons(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  for (const name in value) {
    const one = (value as Given)[name]
    const right = Number.isFinite(one) || typeof one === 'string' || typeof one === 'boolean' || one === null
    if (!right || name === '__proto__') return false
  }
  return true
}

const reader = new TextDecoder('utf-8', { fatal: true })

/** A decision to place one order; undefined = ask the schema. */
export function plainDecision(bytes: Uint8Array): Extract<Signal, { kind: 'decision' }> | undefined {
  try {
    const value: unknown = JSON.parse(reader.decode(bytes))
    return plain(value, HEAD) ? (value as Extract<Signal, { kind: 'decision' }>) : undefined
  } catch {
    return undefined
  }
}
