import { keepStreams } from '@contrail/nats'
import { connectNats, createLogger, createMetrics, loadConfig, systemClock } from '@contrail/runtime'
import type { Running, ServiceContext } from '@contrail/runtime'
import type { z } from 'zod'
import type { HostSpec } from './child.ts'

/** One process that hosts several apps, each with its own bus user and settings. Its parent sends them over IPC. */
type App = {
  configSchema: z.ZodType<Record<string, unknown>>
  start(config: Record<string, unknown>, context: ServiceContext): Promise<Running>
}
const running: Running[] = []

async function startApp(name: string, env: Record<string, string>): Promise<string | undefined> {
  const app = (await import(`@contrail/${name}`)) as App
  const config = loadConfig(app.configSchema, env)
  const log = createLogger({ name })
  const bus = await connectNats({ url: env['CONTRAIL_NATS_URL'] as string, name })
  running.push({ name: `${name} bus`, stop: () => bus.close() })
  const started = await app.start(config, { bus, log, clock: systemClock, metrics: createMetrics() })
  running.push(started)
  return started.url
}

async function startAll(spec: HostSpec): Promise<void> {
  if (spec.keepStreams) {
    const log = createLogger({ name: 'streams' })
    const keeper = await keepStreams(spec.keepStreams, {
      onApplied: () => log.info('streams and consumers are as they should be'),
      onError: (err) => log.error({ err }, 'streams could not be made anew'),
    })
    running.push({ name: 'streams', stop: () => keeper.stop() })
  }
  const urls: Record<string, string> = {}
  for (const [name, env] of Object.entries(spec.apps)) urls[name] = (await startApp(name, env)) ?? ''
  process.send?.({ ready: { urls } })
}

/** As long as its parent waits. Without a parent the services are going too, and a part may wait for them for ever. */
const STOP_MS_MAX = 15_000

async function stopAll(): Promise<void> {
  setTimeout(() => process.exit(1), STOP_MS_MAX)
  for (const one of running.reverse()) await one.stop()
  process.exit(0)
}

function fail(error: unknown): void {
  console.error(error)
  process.send?.({ failed: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}

process.once('message', (spec: HostSpec) => void startAll(spec).catch(fail))
process.on('SIGTERM', () => void stopAll())
process.on('SIGINT', () => undefined) // the parent decides
process.on('disconnect', () => void stopAll())
process.on('unhandledRejection', fail)
