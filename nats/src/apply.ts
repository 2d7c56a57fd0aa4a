import { refuse } from '@contrail/contracts'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { makePlan } from './plan.ts'
import type { Change } from './plan.ts'
import type { StreamOptions } from './streams.ts'

export type ApplyOptions = StreamOptions & {
  /** Say what would be done, and do nothing. */
  dryRun?: boolean
  say?: (line: string) => void
}
export type Applied = { readonly changes: readonly Change[]; readonly applied: boolean }

/** Makes the server's streams, consumers and buckets what the data says. Nothing is done when anything is refused. */
export async function applyStreams(target: string | NatsConnection, options: ApplyOptions = {}): Promise<Applied> {
  if (typeof target !== 'string') return applyWith(target, options)
  const connection = await connectAdmin(target)
  try {
    return await applyWith(connection, options)
  } finally {
    await connection.close()
  }
}

async function applyWith(connection: NatsConnection, options: ApplyOptions): Promise<Applied> {
  const jsm = await jetstreamManager(connection)
  const { changes, refusals } = await makePlan(jsm, options)
  for (const line of changes.flatMap(describeChange)) options.say?.(line)
  if (refusals.length > 1) for (const refusal of refusals) options.say?.(`refused: ${refusal.message}`)
  const [first] = refusals
  if (first) throw first
  if (options.dryRun) return { changes, applied: false }
  for (const change of changes) await applyChange(jsm, change)
  return { changes, applied: true }
}

async function applyChange(jsm: JetStreamManager, change: Change): Promise<void> {
  if (change.kind === 'stream') {
    const { wanted, action } = change
    if (action === 'create') await jsm.streams.add(wanted)
    else await jsm.streams.update(wanted.name, { ...(await jsm.streams.info(wanted.name)).config, ...wanted })
    return
  }
  const { stream, ...config } = change.wanted
  if (change.action === 'create') await jsm.consumers.add(stream, config)
  else await jsm.consumers.update(stream, config.durable_name, config)
}

export function describeChange(change: Change): string[] {
  const { wanted, action } = change
  const name = change.kind === 'stream' ? wanted.name : `${change.wanted.stream}/${change.wanted.durable_name}`
  if (action === 'create') return [`+ ${change.kind} ${name}`]
  return change.fields.map(
    ({ field, from, to }) => `~ ${change.kind} ${name} ${field}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
  )
}

export async function connectAdmin(url: string, options: { keep?: boolean } = {}): Promise<NatsConnection> {
  const parsed = new URL(url)
  const user = decodeURIComponent(parsed.username)
  try {
    return await connect({
      servers: parsed.host,
      name: 'nats-apply',
      ...(options.keep ? { maxReconnectAttempts: -1, reconnectTimeWait: 50 } : {}),
      ...(user === '' ? {} : { user, pass: decodeURIComponent(parsed.password), inboxPrefix: `_INBOX_${user}` }),
    })
  } catch (cause) {
    const refusal = refuse('unavailable', 'nats', parsed.host, 'is nats-server there, and are user and password right?')
    refusal.cause = cause
    throw refusal
  }
}
