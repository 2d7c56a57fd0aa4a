import type { Redis } from 'ioredis'
import { sha256Hex } from '../auth/token.ts'
import { HttpProblem } from './problem.ts'

/** RFC draft idempotency-key: same key and body = the first answer; another body = refused. */
export const IDEMPOTENCY_HEADER = 'idempotency-key'
const KEY_PATTERN = /^[\x21-\x7e]{1,64}$/
const KEEP_MS = 24 * 3_600_000
const KEYS_MAX = 10_000

type Entry = { bodyHash: string; untilMs: number; answer: Promise<unknown> }
export type Idempotency = {
  run(key: string, scope: string, body: unknown, work: () => Promise<unknown>): Promise<unknown>
}

export function createIdempotency(clock: { monotonicMs(): number }, redis: Redis | undefined): Idempotency {
  const entries = new Map<string, Entry>()
  /** Oldest first: all entries live equally long. */
  function prune(): void {
    for (const [key, entry] of entries) {
      if (entry.untilMs > clock.monotonicMs() && entries.size <= KEYS_MAX) return
      entries.delete(key)
    }
  }
  async function first(name: string, bodyHash: string, key: string, work: () => Promise<unknown>): Promise<unknown> {
    const known = await claim(redis, name, bodyHash)
    if (known) return answerOf(known, bodyHash, key)
    try {
      const answer = await work()
      await remember(redis, name, { bodyHash, answer })
      return answer
    } catch (error) {
      // What surely did nothing may be tried again under the same key; what may have acted keeps its claim.
      if (!mayHaveActed(error)) {
        entries.delete(name)
        await forget(redis, name)
      }
      throw error
    }
  }
  return {
    // Not async: between the look and the claim there must be no moment in which a repeat slips through.
    run(key, scope, body, work) {
      prune()
      const name = sha256Hex(`${scope}\n${key}`)
      const bodyHash = sha256Hex(JSON.stringify(body) ?? '')
      const known = entries.get(name)
      if (known) return known.bodyHash === bodyHash ? known.answer : Promise.reject(reused(key))
      const answer = first(name, bodyHash, key, work)
      entries.set(name, { bodyHash, untilMs: clock.monotonicMs() + KEEP_MS, answer })
      return answer
    },
  }
}

const mayHaveActed = (error: unknown): boolean => error instanceof HttpProblem && error.status === 504

export function idempotencyKey(header: string | undefined, required: boolean): string | undefined {
  if (header === undefined && !required) return undefined
  if (header === undefined || !KEY_PATTERN.test(header))
    throw new HttpProblem(400, 'idempotency_key', 'this request needs an Idempotency-Key of 1 to 64 characters', {
      field: 'Idempotency-Key',
      value: header ?? 'nothing',
      mend: 'send a new UUID with each new order, and the same one when you repeat it',
    })
  return header
}

const reused = (key: string) =>
  new HttpProblem(422, 'idempotency_key_reused', 'this Idempotency-Key was used with another body', {
    field: 'Idempotency-Key',
    value: key,
    mend: 'use a new key for a new request',
  })

type Claim = { bodyHash: string; answer?: unknown }
const nameOf = (name: string): string => `contrail:idempotency:${name}`

/** Ours, or what another gateway knows of this key. With Redis away each copy guards for itself. */
async function claim(redis: Redis | undefined, name: string, bodyHash: string): Promise<Claim | undefined> {
  if (!redis) return undefined
  try {
    const value = JSON.stringify({ bodyHash } satisfies Claim)
    if ((await redis.set(nameOf(name), value, 'PX', KEEP_MS, 'NX')) === 'OK') return undefined
    const text = await redis.get(nameOf(name))
    return text === null ? undefined : (JSON.parse(text) as Claim)
  } catch {
    return undefined
  }
}

function answerOf(known: Claim, bodyHash: string, key: string): unknown {
  if (known.bodyHash !== bodyHash) throw reused(key)
  if ('answer' in known) return known.answer
  throw new HttpProblem(409, 'in_progress', 'another gateway has this request in hand, or ended in the middle of it', {
    field: 'Idempotency-Key',
    value: key,
    mend: 'repeat in a moment; if this stays, look at the list: nobody knows whether it acted',
  })
}

async function remember(redis: Redis | undefined, name: string, known: Claim): Promise<void> {
  await redis?.set(nameOf(name), JSON.stringify(known), 'PX', KEEP_MS).catch(() => undefined) // the claim stays
}
async function forget(redis: Redis | undefined, name: string): Promise<void> {
  await redis?.del(nameOf(name)).catch(() => undefined) // it expires by itself
}
