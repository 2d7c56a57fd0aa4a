import { randomBytes } from 'node:crypto'
import { ActorHost, BATCH_MAX, createHttp, internalClient, listen } from '@contrail/runtime'
import type { Running, ServiceContext } from '@contrail/runtime'
import { blameAuthors } from './afterwards.ts'
import { Archive } from './archive.ts'
import { Bundles } from './bundles.ts'
import type { Config } from './config.ts'
import { Engine } from './engine.ts'
import { Events } from './events.ts'
import { routes } from './http.ts'
import { measure } from './measure.ts'
import { watchMemory } from './memory.ts'
import { StrategyReadouts } from './readouts.ts'
import { Watchdog } from './watchdog.ts'
import { Workers } from './workers.ts'

export { configSchema } from './config.ts'

/** Hosts strategy actors: runs what is desired and placed on this worker. */
export async function start(config: Config, context: ServiceContext): Promise<Running> {
  const { bus, log, clock, metrics } = context
  // A new id for each life: what an earlier life wrote is never taken for one's own.
  const worker = `${config.worker ?? 'worker'}-${randomBytes(5).toString('hex')}`
  const bundles = await Bundles.open(await bus.objects('bundles'), config.cacheDir)
  const archive = new Archive(internalClient(config.ingestUrl, config.internalToken))
  const events = new Events({ bus, clock, log, worker })
  const measures = measure(metrics)
  const host = new ActorHost({
    bus,
    clock,
    worker,
    checkpoints: await bus.kv('actors'),
    limits: { checkpointInputs: config.checkpointInputs, checkpointMs: config.checkpointMs },
    onEvent: (event) => {
      measures.onEvent(event)
      engine.onActorEvent(event)
    },
    onTrouble: (id, cause) => log.warn({ err: cause, strategy: id }, 'an actor is tried again'),
  })
  const workers = new Workers({
    bucket: await bus.kv('workers'),
    clock,
    log,
    worker,
    name: config.worker,
    ttlMs: config.workerTtlMs,
    actors: () => host.readouts().length,
    onChange: () => engine.onWorkers(),
  })
  const readouts = new StrategyReadouts()
  const watchdog = new Watchdog(bundles.folder, config.handlerMs, BATCH_MAX)
  const stopBlaming = blameAuthors(watchdog, log)
  const stopWatchingMemory = watchMemory(watchdog, clock, log)
  const programs = { bundles, archive, readouts, watchdog }
  const { tenant, placement } = config
  const engine = new Engine({ bus, clock, log, host, events, workers, programs, tenant, worker, placement })
  await workers.start()
  const watch = await (await bus.kv('strategies')).watch((entry) => engine.onDesired(entry))
  const stopMeasuring = measures.follow(host, clock, bus)
  const app = createHttp({
    name: 'engine',
    log,
    metrics,
    internalToken: config.internalToken,
    ready: async () => (bus.connected ? workers.trouble : ['the bus is not connected']),
  })
  routes(app, host, worker, readouts)
  const server = await listen(app, config)
  log.info({ worker, url: server.url, placement }, 'engine runs')
  return {
    name: 'engine',
    url: server.url,
    async stop() {
      engine.stop()
      stopMeasuring()
      await watch.stop()
      await server.close()
      await host.close()
      await workers.stop()
      await events.drained()
      stopBlaming()
      stopWatchingMemory()
      await watchdog.stop()
      await bundles.close()
    },
  }
}
