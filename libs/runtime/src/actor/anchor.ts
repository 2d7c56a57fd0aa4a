import type { KvBucket } from '../bus/bus.ts'
import type { Actor } from './actor.ts'
import { decodeValue } from './messages.ts'

/** Anchors are checkpoints that are kept, one per slot of time, so that a replay has a place to begin. */
export const ANCHOR_SLOTS = 8
/** Eight of them reach back as far as market data is kept: two hours. */
export const ANCHOR_MS = 15 * 60_000

const periodOf = (atUs: number): number => Math.floor(atUs / 1000 / ANCHOR_MS)
export const anchorKeys = (id: string): string[] =>
  Array.from({ length: ANCHOR_SLOTS }, (_, slot) => `${id}.anchor.${slot}`)

/** The first checkpoint of each period stays. A later one of the same period, also of another copy, leaves it alone. */
export async function putAnchor(bucket: KvBucket, actor: Actor, bytes: Uint8Array, nowUs: number): Promise<void> {
  const period = periodOf(nowUs)
  if (actor.checkpoint.anchorPeriod === period) return
  const key = anchorKeys(actor.spec.id)[period % ANCHOR_SLOTS] as string
  const there = await bucket.get(key)
  const kept = there?.value && periodOf((decodeValue(there.value) as { atUs: number }).atUs) === period
  if (!kept) await bucket.put(key, bytes)
  actor.checkpoint.anchorPeriod = period
}
