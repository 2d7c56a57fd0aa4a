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

const env = process.env // tidy-ok: the entry point hands the environment over
const config = loadConfig(configSchema, env)
const log = createLogger({ name: 'orders' })
log.info({ config: describeConfig(config, configSchema) }, 'starting')
const bus = await connectNats({ url: env['CONTRAIL_NATS_URL'] ?? 'nats://127.0.0.1:4222', name: 'orders' })
const metrics = createMetrics('contrail', { process: true })
const running = await start(config, { bus, log, clock: systemClock, metrics })
process.send?.({ ready: { url: running.url } })
await runUntilSignal({ name: 'orders bus', stop: () => bus.close() }, running)
