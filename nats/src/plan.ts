import { refuse } from '@contrail/contracts'
import type { Refusal } from '@contrail/contracts'
import { JetStreamApiError } from '@nats-io/jetstream'
import type { ConsumerConfig, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { wantedConsumers } from './consumers.ts'
import type { WantedConsumer } from './consumers.ts'
import { wantedStreams } from './streams.ts'
import type { StreamOptions, WantedStream } from './streams.ts'

export type FieldChange = { readonly field: string; readonly from: unknown; readonly to: unknown }
export type Change =
  | { readonly kind: 'stream'; readonly action: 'create' | 'update'; fields: FieldChange[]; wanted: WantedStream }
  | { readonly kind: 'consumer'; readonly action: 'create' | 'update'; fields: FieldChange[]; wanted: WantedConsumer }
export type Plan = { readonly changes: Change[]; readonly refusals: Refusal[] }

const BY_HAND = 'back it up, make the new one by hand, and move what must be kept'

/** What differs between the data and the server, and what of it cannot be done without losing messages. */
export async function makePlan(jsm: JetStreamManager, options: StreamOptions): Promise<Plan> {
  const changes: Change[] = []
  const refusals: Refusal[] = []
  for (const wanted of wantedStreams(options)) {
    const info = await found(() => jsm.streams.info(wanted.name))
    const fields = info ? differences(info.config, wanted, []) : []
    if (!info) changes.push({ kind: 'stream', action: 'create', fields: [], wanted })
    else if (fields.length > 0) {
      changes.push({ kind: 'stream', action: 'update', fields, wanted })
      refusals.push(...fields.flatMap((field) => streamRefusal(info, field) ?? []))
    }
  }
  for (const wanted of wantedConsumers()) {
    const info = await found(() => jsm.consumers.info(wanted.stream, wanted.durable_name))
    const fields = info ? differences(info.config, wanted, ['stream']) : []
    if (!info) changes.push({ kind: 'consumer', action: 'create', fields: [], wanted })
    else if (fields.length > 0) {
      changes.push({ kind: 'consumer', action: 'update', fields, wanted })
      refusals.push(...fields.flatMap((field) => consumerRefusal(wanted, field) ?? []))
    }
  }
  return { changes, refusals }
}

async function found<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof JetStreamApiError && (error.code === 10059 || error.code === 10014)) return undefined
    throw error
  }
}

type Config = Partial<StreamConfig> | Partial<ConsumerConfig>

/** Only what the data names is compared; a server's own defaults and metadata are its business. */
function differences(have: Config, want: Config & object, skip: readonly string[]): FieldChange[] {
  const current = have as Record<string, unknown>
  const changes: FieldChange[] = []
  for (const [field, to] of Object.entries(want)) {
    if (skip.includes(field)) continue
    const from = valueOf(current, field)
    if (!same(field, from, to)) changes.push({ field, from, to })
  }
  return changes
}

/** One filter is answered as `filter_subject`, several as `filter_subjects`. */
function valueOf(current: Record<string, unknown>, field: string): unknown {
  if (field === 'filter_subjects' && current['filter_subject'] !== undefined) return [current['filter_subject']]
  return current[field]
}

function same(field: string, from: unknown, to: unknown): boolean {
  if (field === 'metadata') {
    const have = (from ?? {}) as Record<string, string>
    return Object.entries(to as Record<string, string>).every(([key, value]) => have[key] === value)
  }
  if (Array.isArray(to)) return sortedText((from ?? []) as string[]) === sortedText(to as string[])
  if (to === false || to === 0) return !from
  return from === to
}

const sortedText = (items: readonly string[]): string => JSON.stringify(items.toSorted((a, b) => (a < b ? -1 : 1)))

/** Why a change of a stream may not be made, if so. */
function streamRefusal(info: StreamInfo, change: FieldChange): Refusal | undefined {
  const { name } = info.config
  const { field, from, to } = change
  const at = `${name}.${field}`
  const shown = `${JSON.stringify(from)} -> ${JSON.stringify(to)}`
  switch (field) {
    case 'storage':
    case 'retention':
    case 'max_consumers':
      return refuse('needs_recreate', at, shown, `the server cannot change it in place; ${BY_HAND}`)
    case 'subjects': {
      const gone = (from as string[]).filter((subject) => !(to as string[]).includes(subject))
      const text = `their messages would be unreachable by name; keep them in the list, or ${BY_HAND}`
      return gone.length > 0 ? refuse('would_lose', at, gone.join(', '), text) : undefined
    }
    case 'deny_delete':
    case 'deny_purge':
      return from === true
        ? refuse('needs_recreate', at, shown, `a protection is not taken back; ${BY_HAND}`)
        : undefined
    case 'max_bytes':
      return Number(to) > 0 && Number(to) < info.state.bytes
        ? tooSmall(at, shown, `${info.state.bytes} bytes are stored`)
        : undefined
    case 'max_msgs_per_subject':
      return below(to, from) && info.state.messages > 0 ? tooSmall(at, shown, 'older values are stored') : undefined
    case 'max_age':
      return ageRefusal(info, change, at, shown)
    default:
      return undefined
  }
}

/** Is the new limit below the old one? A limit of 0 or -1 is none. */
const below = (limit: unknown, before: unknown): boolean => {
  const [now, then] = [Number(limit ?? 0), Number(before ?? 0)]
  return now > 0 && (then <= 0 || now < then)
}

const tooSmall = (at: string, shown: string, why: string): Refusal =>
  refuse('would_lose', at, shown, `${why}; choose a larger limit, or ${BY_HAND}`)

function ageRefusal(info: StreamInfo, change: FieldChange, at: string, shown: string): Refusal | undefined {
  if (info.state.messages === 0 || !below(change.to, change.from)) return undefined
  const oldestMs = Date.parse(info.state.first_ts)
  const nowMs = Date.parse(info.ts ?? info.state.last_ts)
  const limitMs = Number(change.to) / 1e6
  return nowMs - oldestMs > limitMs ? tooSmall(at, shown, `its oldest message is of ${info.state.first_ts}`) : undefined
}

function consumerRefusal(wanted: WantedConsumer, { field, from, to }: FieldChange): Refusal | undefined {
  if (!['ack_policy', 'deliver_policy', 'replay_policy'].includes(field)) return undefined
  const shown = `${JSON.stringify(from)} -> ${JSON.stringify(to)}`
  const at = `${wanted.stream}/${wanted.durable_name}.${field}`
  return refuse('needs_recreate', at, shown, 'the server cannot change it in place; delete the consumer by hand first')
}
