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
  function prune(): void {
    for (const [key, entry] of entries) {
      if (entry.untilMs > clock.monotonicMs() && entries.size <= KEYS_MAX) break
      entries.delete(key)
    }
  }
  return {
    async run(key, scope, body, work) {
      const name = sha256Hex(`${scope}\n${key}`)
      const bodyHash = sha256Hex(JSON.stringify(body))
      const known = entries.get(name) ?? (await remembered(redis, name))
      if (known) {
        if (known.bodyHash !== bodyHash) throw reused(key)
        return known.answer
      }
      const entry = { bodyHash, untilMs: clock.monotonicMs() + KEEP_MS, answer: work() }
      entries.set(name, entry)
      prune()
      try {
        const answer = await entry.answer
        await remember(redis, name, bodyHash, answer)
        return answer
      } catch (error) {
        // What surely did nothing may be tried again under the same key; what may have acted keeps its answer.
        if (!(error instanceof HttpProblem && error.status === 504)) entries.delete(name)
        throw error
      }
    },
  }
}

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

async function remembered(redis: Redis | undefined, name: string): Promise<Entry | undefined> {
  const text = await redis?.get(`contrail:idempotency:${name}`).catch(() => null) // memory still guards this copy
  if (!text) return undefined
  const { bodyHash, answer } = JSON.parse(text) as { bodyHash: string; answer: unknown }
  return { bodyHash, untilMs: 0, answer: Promise.resolve(answer) }
}

async function remember(redis: Redis | undefined, name: string, bodyHash: string, answer: unknown): Promise<void> {
  await redis
    ?.set(`contrail:idempotency:${name}`, JSON.stringify({ bodyHash, answer }), 'PX', KEEP_MS)
    .catch(() => undefined) // memory still guards this copy
}
