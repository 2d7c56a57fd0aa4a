import { connectNats, createLogger, createMetrics, loadConfig, runUntilSignal, systemClock } from '@contrail/runtime'
import { configSchema, start } from './index.ts'

const config = loadConfig(configSchema, process.env)
if (!config.natsUrl) throw new Error('CONTRAIL_NATS_URL is missing')
const bus = await connectNats({ url: config.natsUrl, name: 'portfolio' })
const context = {
  bus,
  log: createLogger({ name: 'portfolio' }),
  clock: systemClock,
  metrics: createMetrics('contrail', { process: true }),
}
await runUntilSignal({ name: 'bus', stop: () => bus.close() }, await start(config, context))
