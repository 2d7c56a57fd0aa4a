import path from 'node:path'
import { decodeJson, strategyEventSchema } from '@contrail/contracts'
import { openDatabase } from '@contrail/db'
import { createHttp, listen } from '@contrail/runtime'
import type { BusMessage, Running, ServiceContext } from '@contrail/runtime'
import { builtInCatalogue } from './catalogue.ts'
import type { Config } from './config.ts'
import { routes } from './http.ts'
import { jobRoutes } from './jobs/http.ts'
import { createJobs } from './jobs/jobs.ts'
import type { JobsOptions } from './jobs/jobs.ts'
import { createOutbox } from './outbox.ts'
import { createStore } from './store.ts'
import { restoreBuckets, rollBack } from './verbs.ts'
import type { VerbContext } from './verbs.ts'

export { configSchema } from './config.ts'

/** A bundle of 4 MB and its source, as JSON. */
const BODY_BYTES_MAX = 8_000_000

/** Definitions, versions, desired state; actual state from what the engine says. */
export async function start(config: Config, { bus, log, clock, metrics }: ServiceContext): Promise<Running> {
  const database = openDatabase(config.strategyDbUrl, { name: 'strategies', tenant: config.tenant })
  const store = createStore(database, config.tenant)
  const outbox = createOutbox(store, bus, clock, log)
  const { tenant, account } = config
  const context: VerbContext = { tenant, account, store, catalogue: builtInCatalogue(), outbox, bus, clock }
  const restored = await restoreBuckets(context)
  if (restored > 0) log.info({ restored }, 'desired state was put back from Postgres')
  await outbox.poke()
  const consumer = await consumeEvents(context)
  const app = createHttp({
    name: 'strategies',
    log,
    metrics,
    internalToken: config.internalToken,
    bodyBytesMax: BODY_BYTES_MAX,
    ready: async () => (bus.connected ? [] : ['the bus is not connected']),
  })
  routes(app, context)
  const jobs = createJobs({ database, context, clock, log, ...jobSettings(config) })
  jobRoutes(app, jobs)
  const server = await listen(app, config)
  jobs.start()
  return {
    name: 'strategies',
    url: server.url,
    async stop() {
      await jobs.stop()
      await server.close()
      await consumer.stop()
      await outbox.stop()
      await database.close()
    },
  }
}

function jobSettings(config: Config): Pick<JobsOptions, 'limits' | 'places'> {
  return {
    limits: {
      slots: config.strategiesJobs,
      queuedMax: config.strategiesJobsQueued,
      secondsMax: config.strategiesJobSeconds,
      rowsMax: config.strategiesJobRows,
      leaseMs: config.strategiesJobLeaseMs,
    },
    places: {
      runsDir: path.resolve(config.strategiesRunsDir ?? path.join(config.home, 'runs')),
      studiesDir: path.join(config.home, 'studies'),
      dataDir: path.resolve(config.strategiesDataDir ?? path.join(config.home, 'data')),
      marketDbUrl: config.marketDbUrl,
    },
  }
}

async function consumeEvents(context: VerbContext) {
  const { bus, store } = context
  let incarnation = (await bus.streamState('CONTROL'))?.incarnation ?? ''
  bus.onStatus((status) => {
    if (status !== 'connected') return
    void bus.streamState('CONTROL').then(
      (state) => {
        incarnation = state?.incarnation ?? incarnation
      },
      () => undefined,
    ) // the next reconnect asks again
  })
  const onMessage = async (message: BusMessage) => {
    const event = decodeJson(strategyEventSchema, message.data, 'strategy.event')
    await store.record(event, incarnation, message.sequence)
    if (event.event === 'rolled_back') await rollBack(context, event)
  }
  return await bus.consume({ stream: 'CONTROL', durable: 'strategies', concurrency: 1, onMessage })
}
