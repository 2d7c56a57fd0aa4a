import type { BucketName, StreamName } from '@contrail/contracts'

/** Streams, consumers and buckets as data. Sizes in bytes, times in milliseconds. */
export type StreamSpec = {
  readonly name: StreamName
  readonly subjects: readonly string[]
  readonly storage: 'file' | 'memory'
  /** `old`: the oldest falls out. `new`: a full stream refuses, nothing is lost. */
  readonly discard: 'old' | 'new'
  readonly bytesMax: number
  readonly ageMsMax: number
  readonly messageBytesMax: number
  readonly duplicateWindowMs: number
  readonly consumersMax: number
  /** Nothing is deleted or purged: money. */
  readonly keepAll: boolean
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const MB = 1024 * 1024
const GB = 1024 * MB

const money = {
  storage: 'file',
  discard: 'new',
  ageMsMax: 0,
  messageBytesMax: MB,
  duplicateWindowMs: 10 * MINUTE_MS,
  consumersMax: 1000,
  keepAll: true,
} as const

export const STREAM_SPECS: readonly StreamSpec[] = [
  {
    name: 'MD',
    subjects: ['md.>'],
    storage: 'memory',
    discard: 'old',
    bytesMax: 256 * MB,
    ageMsMax: 2 * HOUR_MS,
    messageBytesMax: MB,
    duplicateWindowMs: MINUTE_MS,
    consumersMax: 20_000,
    keepAll: false,
  },
  { name: 'ORDERS', subjects: ['orders.>'], bytesMax: 4 * GB, ...money },
  { name: 'TRADES', subjects: ['trades.>'], bytesMax: 4 * GB, ...money },
  { name: 'CONTROL', subjects: ['strategy.control.*', 'strategy.event.*'], bytesMax: GB, ...money },
  {
    name: 'ALERTS',
    subjects: ['alerts.>'],
    bytesMax: 256 * MB,
    ...money,
    discard: 'old',
    ageMsMax: 90 * DAY_MS,
    keepAll: false,
  },
  { name: 'PLATFORM', subjects: ['users.event.>', 'billing.event.>'], bytesMax: GB, ...money },
  { name: 'DLQ', subjects: ['dlq.>', 'redrive.>'], bytesMax: GB, ...money },
]

export type ConsumerSpec = {
  readonly stream: StreamName
  readonly durable: string
  readonly filter: string
  /** `md` may begin at what is there now; money begins with the first message. */
  readonly ackWaitMs: number
  readonly inHandMax: number
  /** Attempts before the dead letter; counted by the runtime, because the server would drop without one. */
  readonly attemptsMax: number
}

const consumer = (
  stream: StreamName,
  durable: string,
  filter: string,
  more: Partial<ConsumerSpec> = {},
): ConsumerSpec => ({
  stream,
  durable,
  filter,
  ackWaitMs: 30_000,
  inHandMax: 1000,
  attemptsMax: 8,
  ...more,
})
export const CONSUMER_SPECS: readonly ConsumerSpec[] = [
  consumer('ORDERS', 'orders', 'orders.>'),
  consumer('TRADES', 'portfolio', 'trades.confirm.>'),
  consumer('MD', 'recorder', 'md.>', { inHandMax: 20_000 }),
  consumer('CONTROL', 'strategies', 'strategy.event.*'),
  ...(['ORDERS/orders', 'TRADES/portfolio', 'MD/recorder', 'CONTROL/strategies'] as const).map((name) => {
    const [stream, durable] = name.split('/') as [string, string]
    return consumer('DLQ', `redrive_${stream}_${durable}`, `redrive.${stream}.${durable}.*`)
  }),
]

export type BucketSpec = {
  readonly name: BucketName
  readonly bytesMax: number
  readonly ttlMs: number
  readonly storage: 'file' | 'memory'
}
export const BUCKET_SPECS: readonly BucketSpec[] = [
  { name: 'strategies', bytesMax: 256 * MB, ttlMs: 0, storage: 'file' },
  { name: 'actors', bytesMax: 2 * GB, ttlMs: 0, storage: 'file' },
  { name: 'positions', bytesMax: 256 * MB, ttlMs: 0, storage: 'file' },
  { name: 'halts', bytesMax: 16 * MB, ttlMs: 0, storage: 'file' },
  { name: 'workers', bytesMax: 16 * MB, ttlMs: 5000, storage: 'memory' },
]
export const OBJECT_STORE_SPECS = [{ name: 'bundles', bytesMax: 4 * GB }] as const
