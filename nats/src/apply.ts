import { refuse } from '@contrail/contracts'
import { jetstreamManager } from '@nats-io/jetstream'
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { connect, nanos } from '@nats-io/transport-node'
import { BUCKET_SPECS, CONSUMER_SPECS, OBJECT_STORE_SPECS, STREAM_SPECS } from './streams.ts'
import type { ConsumerSpec, StreamSpec } from './streams.ts'

export type Change = { readonly what: string; readonly change: string }
export type ApplyOptions = {
  /** Say what would change, change nothing. */
  readonly dryRun?: boolean
  /** Memory for market data, bytes. */
  readonly marketBytesMax?: number
}

type Wanted = Partial<StreamConfig> & { name: string; subjects: string[] }

/** Makes what is missing, updates what can be updated in place, and refuses whatever would lose a message. */
export async function applyStreams(url: string, options: ApplyOptions = {}): Promise<Change[]> {
  const parsed = new URL(url)
  const user = decodeURIComponent(parsed.username)
  const nc = await connect({
    servers: parsed.host,
    name: 'apply',
    ...(user ? { user, pass: decodeURIComponent(parsed.password), inboxPrefix: `_INBOX_${user}` } : {}),
  })
  try {
    const jsm = await jetstreamManager(nc)
    const changes: Change[] = []
    for (const wanted of wantedStreams(options))
      changes.push(...(await applyStream(jsm, wanted, options.dryRun === true)))
    for (const spec of CONSUMER_SPECS) changes.push(...(await applyConsumer(jsm, spec, options.dryRun === true)))
    return changes
  } finally {
    await nc.close()
  }
}

function wantedStreams(options: ApplyOptions): Wanted[] {
  const streams = STREAM_SPECS.map((spec) =>
    streamConfig(spec.name === 'MD' && options.marketBytesMax ? { ...spec, bytesMax: options.marketBytesMax } : spec),
  )
  const buckets = BUCKET_SPECS.map(({ name, bytesMax, ttlMs, storage }) =>
    bucketConfig(`KV_${name}`, [`$KV.${name}.>`], bytesMax, {
      storage,
      max_age: nanos(ttlMs),
      max_msgs_per_subject: 1,
    }),
  )
  const objects = OBJECT_STORE_SPECS.map(({ name, bytesMax }) =>
    bucketConfig(`OBJ_${name}`, [`$O.${name}.C.>`, `$O.${name}.M.>`], bytesMax, { storage: 'file' }),
  )
  return [...streams, ...buckets, ...objects]
}

function streamConfig(spec: StreamSpec): Wanted {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    storage: spec.storage,
    discard: spec.discard,
    retention: 'limits',
    max_bytes: spec.bytesMax,
    max_age: nanos(spec.ageMsMax),
    max_msg_size: spec.messageBytesMax,
    duplicate_window: nanos(spec.duplicateWindowMs),
    max_consumers: spec.consumersMax,
    num_replicas: 1,
    deny_delete: spec.keepAll,
    deny_purge: spec.keepAll,
    allow_direct: true,
  }
}

function bucketConfig(name: string, subjects: string[], bytesMax: number, more: Partial<StreamConfig>): Wanted {
  return {
    name,
    subjects,
    retention: 'limits',
    discard: 'new',
    max_bytes: bytesMax,
    num_replicas: 1,
    allow_rollup_hdrs: true,
    deny_delete: name.startsWith('KV_'),
    allow_direct: true,
    max_consumers: 1000,
    ...more,
  }
}

/** Changing one of these would need the stream to be made anew. */
const FIXED = ['storage', 'retention', 'max_consumers', 'deny_delete', 'deny_purge'] as const

async function applyStream(jsm: JetStreamManager, wanted: Wanted, dryRun: boolean): Promise<Change[]> {
  const info = await jsm.streams.info(wanted.name).catch(unlessMissing)
  if (!info) {
    if (!dryRun) await jsm.streams.add(wanted)
    return [{ what: wanted.name, change: 'made' }]
  }
  const changes = differences(info.config, wanted)
  for (const { key, from, to } of changes) {
    if ((FIXED as readonly string[]).includes(key))
      throw refuse(
        'would_lose_messages',
        `${wanted.name}.${key}`,
        `${from} -> ${to}`,
        'it needs a new stream; move the messages by hand',
      )
    if (key === 'subjects' && info.config.subjects.some((one) => !wanted.subjects.includes(one)))
      throw refuse(
        'would_lose_messages',
        `${wanted.name}.subjects`,
        `${from} -> ${to}`,
        'a subject may be added, not removed',
      )
    if (key === 'max_bytes' && Number(to) >= 0 && Number(to) < info.state.bytes)
      throw refuse(
        'would_lose_messages',
        `${wanted.name}.max_bytes`,
        to,
        `keep it above the ${info.state.bytes} bytes stored`,
      )
  }
  if (changes.length > 0 && !dryRun) await jsm.streams.update(wanted.name, wanted)
  return changes.map(({ key, from, to }) => ({ what: wanted.name, change: `${key}: ${from} -> ${to}` }))
}

function differences(found: StreamConfig, wanted: Wanted): { key: string; from: string; to: string }[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const now = found[key as keyof StreamConfig]
    const [from, to] = [JSON.stringify(now ?? defaultOf(value)), JSON.stringify(value)]
    return from === to ? [] : [{ key, from, to }]
  })
}
const defaultOf = (value: unknown): unknown =>
  typeof value === 'boolean' ? false : typeof value === 'number' ? 0 : value

async function applyConsumer(jsm: JetStreamManager, spec: ConsumerSpec, dryRun: boolean): Promise<Change[]> {
  const what = `${spec.stream}/${spec.durable}`
  const config: Partial<ConsumerConfig> = {
    durable_name: spec.durable,
    ack_policy: 'explicit',
    deliver_policy: 'all',
    filter_subject: spec.filter,
    ack_wait: nanos(spec.ackWaitMs),
    max_ack_pending: spec.inHandMax,
    max_deliver: -1,
    metadata: { attempts_max: String(spec.attemptsMax) },
  }
  const info = await jsm.consumers.info(spec.stream, spec.durable).catch(unlessMissing)
  if (!info) {
    if (!dryRun) await jsm.consumers.add(spec.stream, config)
    return [{ what, change: 'made' }]
  }
  if (info.config.filter_subject !== spec.filter)
    throw refuse(
      'would_lose_messages',
      `${what}.filter`,
      `${info.config.filter_subject} -> ${spec.filter}`,
      'give the consumer a new name',
    )
  const changed = info.config.ack_wait !== config.ack_wait || info.config.max_ack_pending !== config.max_ack_pending
  if (changed && !dryRun) await jsm.consumers.update(spec.stream, spec.durable, config)
  return changed ? [{ what, change: 'limits updated' }] : []
}

function unlessMissing(error: unknown): undefined {
  const code = (error as { code?: number }).code
  if (code === 10059 || code === 10014) return undefined
  throw error
}
