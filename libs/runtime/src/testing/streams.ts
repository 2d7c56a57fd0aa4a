import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { Objm } from '@nats-io/obj'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { redriveDurable, REDRIVE_STREAM, redriveSubject } from '../bus/redrive.ts'

const NANOS = 1_000_000

async function withManager<T>(
  url: string,
  work: (jsm: JetStreamManager, nc: NatsConnection) => Promise<T>,
): Promise<T> {
  const parsed = new URL(url)
  const user = parsed.username
  const nc = await connect({
    servers: parsed.host,
    ...(user === '' ? {} : { user, pass: parsed.password, inboxPrefix: `_INBOX_${user}` }),
  })
  try {
    return await work(await jetstreamManager(nc), nc)
  } finally {
    await nc.close()
  }
}

export const ensureStream = (
  url: string,
  name: string,
  subjects: string[],
  options: { memory?: boolean; maxMessages?: number; maxAgeMs?: number } = {},
): Promise<void> =>
  withManager(url, async (jsm) => {
    await jsm.streams.add({
      name,
      subjects,
      storage: options.memory ? 'memory' : 'file',
      allow_direct: true,
      ...(options.maxMessages === undefined ? {} : { max_msgs: options.maxMessages }),
      ...(options.maxAgeMs === undefined ? {} : { max_age: options.maxAgeMs * NANOS }),
    })
  })

/** The durable, and the one for its redriven dead letters where the stream DLQ is there. */
export const ensureConsumer = (
  url: string,
  stream: string,
  durable: string,
  options: { filter?: string[]; attemptsMax?: number; ackWaitMs?: number } = {},
): Promise<void> =>
  withManager(url, async (jsm) => {
    const common = {
      ack_policy: 'explicit' as const,
      ack_wait: (options.ackWaitMs ?? 5000) * NANOS,
      max_deliver: -1,
      metadata: { attempts_max: String(options.attemptsMax ?? 8) },
    }
    const filter = options.filter ? { filter_subjects: options.filter } : {}
    await jsm.consumers.add(stream, { ...common, durable_name: durable, ...filter })
    const names: string[] = []
    for await (const name of jsm.streams.names()) names.push(name)
    if (!names.includes(REDRIVE_STREAM)) return
    const again = {
      durable_name: redriveDurable(stream, durable),
      filter_subject: redriveSubject(stream, durable, '*'),
    }
    await jsm.consumers.add(REDRIVE_STREAM, { ...common, ...again })
  })

export const ensureBucket = (url: string, bucket: string): Promise<void> =>
  withManager(url, async (_jsm, nc) => void (await new Kvm(nc).create(bucket, { history: 1 })))

export const ensureObjects = (url: string, store: string): Promise<void> =>
  withManager(url, async (_jsm, nc) => void (await new Objm(nc).create(store)))
