import { BUCKETS, OBJECT_STORES } from '@contrail/contracts'
import type { BucketName, ObjectStoreName, StreamName } from '@contrail/contracts'
import type { StreamConfig } from '@nats-io/jetstream'

/** What is kept, and for how long, as data. `applyStreams` makes the server agree. */
export type StreamOptions = {
  /** Market data is in memory, bounded by age and bytes. */
  marketAgeMs?: number
  marketBytesMax?: number
  /** Each of ORDERS and TRADES. When it is full, publishing is refused: nothing is dropped. */
  moneyBytesMax?: number
  /** A worker that does not renew its entry for this long is gone. */
  workerTtlMs?: number
  replicas?: number
}
export type WantedStream = Partial<StreamConfig> & { name: string; subjects: string[] }

const NANOS = 1_000_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MEBI = 1024 * 1024
/** The server's own default is 1000 per stream, which it does not show. */
const CONSUMERS_MAX = 10_000
/** The server's clean-up of repeated message ids; a convenience, never the guarantee. */
const DUPLICATE_MS = 10 * 60_000
const DEFAULTS: Required<StreamOptions> = {
  marketAgeMs: 2 * HOUR_MS,
  marketBytesMax: 256 * MEBI,
  moneyBytesMax: 2048 * MEBI,
  workerTtlMs: 5000,
  replicas: 1,
}

export const STREAM_SUBJECTS: Readonly<Record<StreamName, readonly string[]>> = {
  MD: ['md.>'],
  ORDERS: ['orders.>'],
  TRADES: ['trades.>'],
  CONTROL: ['strategy.>'],
  ALERTS: ['alerts.>'],
  PLATFORM: ['users.event.>', 'billing.event.>'],
  RESEARCH: ['research.>'],
  RESULTS: ['results.>'],
  // `redrive.>`: dead letters on their way back to their consumer; `aside.>`: those that need nothing any more.
  DLQ: ['dlq.>', 'redrive.>', 'aside.>'],
}

/** Words for subjects.md. */
export const STREAM_KEPT: Readonly<Record<StreamName, string>> = {
  MD: 'memory, 2 h or 256 MiB, oldest out',
  ORDERS: 'file, for ever, refuses when full',
  TRADES: 'file, for ever, refuses when full',
  CONTROL: 'file, 90 days',
  ALERTS: 'file, 90 days',
  PLATFORM: 'file, 1 year',
  RESEARCH: 'file, a work queue: until it is done, 7 days at most, refuses when full',
  RESULTS: 'file, 90 days',
  DLQ: 'file, 1 year',
}

/** Streams whose acknowledged messages must survive a power cut. */
export const MONEY_STREAMS: readonly StreamName[] = ['ORDERS', 'TRADES', 'CONTROL']

export function wantedStreams(options: StreamOptions = {}): WantedStream[] {
  const given = { ...DEFAULTS, ...options }
  const money = { ...kept(given), deny_delete: true, deny_purge: true, discard: 'new' as const }
  return [
    {
      ...stream('MD', given),
      storage: 'memory',
      discard: 'old',
      max_age: given.marketAgeMs * NANOS,
      max_bytes: given.marketBytesMax,
      // Nothing on MD carries a message id; an age below the window would be refused.
      duplicate_window: Math.min(DUPLICATE_MS, given.marketAgeMs) * NANOS,
    },
    { ...stream('ORDERS', given), ...money, max_bytes: given.moneyBytesMax },
    { ...stream('TRADES', given), ...money, max_bytes: given.moneyBytesMax },
    { ...stream('CONTROL', given), ...money, ...rolling(90 * DAY_MS, 256 * MEBI) },
    { ...stream('ALERTS', given), ...rolling(90 * DAY_MS, 64 * MEBI) },
    { ...stream('PLATFORM', given), ...rolling(365 * DAY_MS, 256 * MEBI) },
    {
      ...stream('RESEARCH', given),
      ...rolling(7 * DAY_MS, 64 * MEBI),
      retention: 'workqueue',
      discard: 'new',
    },
    { ...stream('RESULTS', given), ...rolling(90 * DAY_MS, 256 * MEBI) },
    { ...stream('DLQ', given), ...rolling(365 * DAY_MS, 256 * MEBI) },
    ...BUCKETS.map((bucket) => bucketStream(bucket, given)),
    ...OBJECT_STORES.map((store) => objectStream(store, given)),
  ]
}

const kept = (given: Required<StreamOptions>) => ({
  retention: 'limits' as const,
  storage: 'file' as const,
  num_replicas: given.replicas,
  allow_direct: true,
  max_consumers: CONSUMERS_MAX,
  duplicate_window: DUPLICATE_MS * NANOS,
})

const stream = (name: StreamName, given: Required<StreamOptions>) => ({
  name,
  subjects: [...STREAM_SUBJECTS[name]],
  ...kept(given),
})

const rolling = (ageMs: number, bytes: number) => ({
  discard: 'old' as const,
  max_age: ageMs * NANOS,
  max_bytes: bytes,
})

const BUCKET_BYTES: Readonly<Record<BucketName, number>> = {
  strategies: 64 * MEBI,
  actors: 512 * MEBI,
  positions: 64 * MEBI,
  halts: 8 * MEBI,
  workers: 8 * MEBI,
  studies: 16 * MEBI,
}

/** A bucket is a stream with one value per subject. Only `workers` forgets, and says so with a marker. */
function bucketStream(bucket: BucketName, given: Required<StreamOptions>): WantedStream {
  const age = given.workerTtlMs * NANOS
  const forgets = {
    max_age: age,
    duplicate_window: age,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: 60_000 * NANOS,
  }
  return {
    ...kept(given),
    name: `KV_${bucket}`,
    subjects: [`$KV.${bucket}.>`],
    max_msgs_per_subject: 1,
    max_bytes: BUCKET_BYTES[bucket],
    discard: 'new',
    allow_rollup_hdrs: true,
    deny_delete: true,
    ...(bucket === 'workers' ? forgets : {}),
  }
}

const OBJECT_BYTES: Readonly<Record<ObjectStoreName, number>> = { bundles: 512 * MEBI, datasets: 1024 * MEBI }

/** Data sets are copies of what somebody has in files: they go after a month. */
function objectStream(store: ObjectStoreName, given: Required<StreamOptions>): WantedStream {
  return {
    ...kept(given),
    name: `OBJ_${store}`,
    subjects: [`$O.${store}.C.>`, `$O.${store}.M.>`],
    max_bytes: OBJECT_BYTES[store],
    ...(store === 'datasets' ? { max_age: 30 * DAY_MS * NANOS } : {}),
    discard: 'new',
    allow_rollup_hdrs: true,
  }
}
