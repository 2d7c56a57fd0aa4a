import { refuse } from '@contrail/contracts'
import {
  connectNats,
  createLogger,
  createMetrics,
  describeConfig,
  loadConfig,
  runUntilSignal,
  systemClock,
} from '@contrail/runtime'
import { configSchema } from './config.ts'
import { start } from './start.ts'

const log = createLogger({ name: 'ingest' })
const config = loadConfig(configSchema, process.env)
log.info({ config: describeConfig(config, configSchema) }, 'starting')
if (!config.natsUrl) throw refuse('missing', 'CONTRAIL_NATS_URL', 'nothing', 'set it: nats://ingest:password@host:port')
const bus = await connectNats({ url: config.natsUrl, name: 'ingest' })
const metrics = createMetrics('contrail', { process: true })
const ingest = await start(config, { bus, log, clock: systemClock, metrics })
await runUntilSignal({ name: 'bus', stop: () => bus.close() }, ingest)
