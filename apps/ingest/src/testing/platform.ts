import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { applyStreams } from '@contrail/nats'
import { connectNats, createLogger, createMetrics, systemClock } from '@contrail/runtime'
import type { Bus, BusMessage, ServiceContext } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { configSchema } from '../config.ts'
import type { IngestConfig } from '../config.ts'

export type TestPlatform = {
  readonly nats: TestNats
  readonly databases: TestDatabases
  readonly bus: Bus
  readonly context: ServiceContext
  readonly marketDbUrl: string
  /** Everything on MD so far, oldest first. */
  onMd(filterSubjects?: readonly string[]): Promise<BusMessage[]>
  /** The archive holds all that MD held when it was asked. */
  recorded(): Promise<void>
  stop(): Promise<void>
}

/** A write that failed is tried again after a pause that grows; on a busy machine that takes its time. */
const RECORDED_MS = 60_000

/** A nats-server and databases of one's own, with the streams of the platform. */
export async function startTestPlatform(options: { timescale?: 'none' } = {}): Promise<TestPlatform> {
  const nats = await startTestNats()
  const databases = await createTestDatabases(options)
  await applyStreams(nats.url)
  const bus = await connectNats({ url: nats.url, name: 'ingest-test' })
  const log = createLogger({ name: 'ingest-test', level: 'silent' })
  const context = { bus, log, clock: systemClock, metrics: createMetrics() }
  const { sql } = databases.open('admin', 'market')
  return {
    nats,
    databases,
    bus,
    context,
    marketDbUrl: databases.urls.recorder.market as string,
    onMd: async (filterSubjects) => await readMd(bus, filterSubjects),
    async recorded() {
      const wanted = (await bus.streamState('MD'))?.lastSequence ?? 0
      const isThere = async (): Promise<boolean> => {
        const [row] = await sql<{ through: number | null }[]>`
          select last_sequence as through from sources where kind = 'stream' order by source_id desc limit 1`
        return (row?.through ?? 0) >= wanted
      }
      await until(`message ${wanted} is recorded`, isThere, RECORDED_MS)
    },
    async stop() {
      await bus.close()
      await databases.drop()
      await nats.stop()
    },
  }
}

async function readMd(bus: Bus, filterSubjects: readonly string[] = []): Promise<BusMessage[]> {
  const messages: BusMessage[] = []
  const state = await bus.streamState('MD')
  if (!state || state.lastSequence < state.firstSequence) return []
  // Unfiltered, so that the last message is seen whatever its subject.
  const reader = await bus.read({
    stream: 'MD',
    fromSequence: state.firstSequence,
    onMessage: (message) => void messages.push(message),
  })
  await until('MD is read', () => (messages.at(-1)?.sequence ?? 0) >= state.lastSequence)
  await reader.stop()
  return messages.filter(
    ({ subject }) => filterSubjects.length === 0 || filterSubjects.some((prefix) => subject.startsWith(prefix)),
  )
}

export const testConfig = (config: Partial<IngestConfig>): IngestConfig => configSchema.parse(config)
