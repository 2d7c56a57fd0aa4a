import { connectNats, createLogger, createMetrics, describeConfig, loadConfig, runUntilSignal } from '@contrail/runtime'
import { systemClock } from '@contrail/runtime'
import { refuse } from '@contrail/contracts'
import { configSchema } from './config.ts'
import { start } from './start.ts'

const log = createLogger({ name: 'ingest' })
const config = loadConfig(configSchema, process.env) // tidy-ok: the one place where this process reads its environment
log.info({ config: describeConfig(config, configSchema) }, 'starting')
if (!config.natsUrl)
  throw refuse('missing', 'CONTRAIL_NATS_URL', 'nothing', 'set it to nats://ingest:password@host:port')
const bus = await connectNats({ url: config.natsUrl, name: 'ingest' })
const running = await start(config, {
  bus,
  log,
  clock: systemClock,
  metrics: createMetrics('contrail', { process: true }),
})
await runUntilSignal({ name: 'bus', stop: () => bus.close() }, running)
