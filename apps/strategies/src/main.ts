import { connectNats, createLogger, createMetrics, loadConfig, runUntilSignal, systemClock } from '@contrail/runtime'
import { configSchema, start } from './index.ts'

const config = loadConfig(configSchema, process.env)
const bus = await connectNats({ url: config.natsUrl, name: 'strategies' })
const context = {
  bus,
  log: createLogger({ name: 'strategies' }),
  clock: systemClock,
  metrics: createMetrics('contrail', { process: true }),
}
await runUntilSignal({ name: 'bus', stop: () => bus.close() }, await start(config, context))
