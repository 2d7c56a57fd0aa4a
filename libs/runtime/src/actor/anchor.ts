import type { KvBucket } from '../bus/bus.ts'
import type { Actor } from './actor.ts'
import type { StoredCheckpoint } from './checkpoint.ts'
import { decodeValue } from './messages.ts'
import type { Positions } from './types.ts'

/** Anchors are checkpoints that are kept, one per slot of time, so that a replay has a place to begin. */
export const ANCHOR_SLOTS = 8
/** Eight of them reach back as far as market data is kept: two hours. */
export const ANCHOR_MS = 15 * 60_000

const periodOf = (atUs: number): number => Math.floor(atUs / 1000 / ANCHOR_MS)
export const anchorKeys = (id: string): string[] =>
  Array.from({ length: ANCHOR_SLOTS }, (_, slot) => `${id}.anchor.${slot}`)

/** Where the version that runs now took over: a replay is of one version, and begins there at the earliest. */
export const versionKey = (id: string): string => `${id}.version`

type Ports = { readonly checkpoints: KvBucket; readonly onTrouble: (id: string, cause: Error) => void }
/** Beside the way: nothing waits for it. */
export function keepBeginning({ checkpoints, onTrouble }: Ports, id: string, bytes: Uint8Array): void {
  checkpoints
    .put(versionKey(id), bytes)
    .catch((error: unknown) => onTrouble(id, error instanceof Error ? error : new Error(String(error))))
}

/**
 * The first checkpoint of each period stays. A later one of the same period, also of another copy, leaves it alone unless
 * a stream was made anew since: what came before it can't be read any more.
 */
export async function putAnchor(bucket: KvBucket, actor: Actor, bytes: Uint8Array, nowUs: number): Promise<void> {
  const period = periodOf(nowUs)
  if (actor.checkpoint.anchorPeriod === period) return
  const key = anchorKeys(actor.spec.id)[period % ANCHOR_SLOTS] as string
  const there = await bucket.get(key)
  const kept = there?.value && stands(decodeValue(there.value) as StoredCheckpoint, period, actor.positions)
  if (!kept) await bucket.put(key, bytes)
  actor.checkpoint.anchorPeriod = period
}

const stands = ({ atUs, cursors }: StoredCheckpoint, period: number, positions: Positions): boolean =>
  periodOf(atUs) === period &&
  Object.entries(positions).every(([stream, { incarnation }]) => cursors[stream]?.incarnation === incarnation)
