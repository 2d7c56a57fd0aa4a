import type { z } from 'zod'
import { refuse } from './refusal.ts'
import { check } from './check.ts'
import { isTime } from './frame-views.ts'
import { decodeCandleFrame, isCandleFrame } from './frames.ts'
import { candleSchema, clockSchema } from './messages/market.ts'
import type { Candle, Clock } from './messages/market.ts'
import { confirmSchema } from './messages/confirm.ts'
import type { Confirm } from './messages/confirm.ts'
import { scanConfirm } from './confirm-scan.ts'

const text = new TextEncoder()
const reader = new TextDecoder('utf-8', { fatal: true })

export const encodeJson = (value: unknown): Uint8Array => text.encode(JSON.stringify(value))

/** Parses and checks. A refusal names the first field that is wrong, its value and the mend. */
export const decodeJson = <T>(schema: z.ZodType<T>, bytes: Uint8Array, name: string): T =>
  check(schema, parseJson(bytes, name), name)

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(reader.decode(bytes))
  } catch {
    throw refuse('bad_json', name, `${bytes.length} bytes`, 'send one JSON object in UTF-8')
  }
}

/** Candles of before there were frames are JSON. */
export const decodeCandle = (bytes: Uint8Array): Candle =>
  isCandleFrame(bytes) ? decodeCandleFrame(bytes) : decodeJson(candleSchema, bytes, 'candle')

/*
 * Clock messages and execution reports are checked by hand, because a worker checks every one of them: the schema is the law,
 * takes ten times as long, and is asked about whatever is not plainly right (codec.test.ts: both agree).
 */
export function decodeClock(bytes: Uint8Array): Clock {
  const value = parseJson(bytes, 'clock')
  return plainClock(value) ?? check(clockSchema, value, 'clock')
}

export const decodeConfirm = (bytes: Uint8Array): Confirm =>
  scanConfirm(bytes) ?? decodeJson(confirmSchema, bytes, 'confirm')

const CLOCK_FIELDS = Object.keys(clockSchema.shape).length

function plainClock(value: unknown): Clock | undefined {
  if (!hasFields(value, CLOCK_FIELDS)) return undefined
  const { schema, receiveTimeUs } = value as Clock
  return schema === 1 && isTime(receiveTimeUs) ? { schema, receiveTimeUs } : undefined
}

/** With all fields read, none beside them. */
function hasFields(value: unknown, count: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  let found = 0
  for (const _ in value) found++
  return found === count
}
