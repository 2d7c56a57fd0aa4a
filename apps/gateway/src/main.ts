import { connectNats, createLogger, createMetrics, loadConfig, runUntilSignal, systemClock } from '@contrail/runtime'
import { configSchema } from './config.ts'
import { start } from './start.ts'

const config = loadConfig(configSchema, process.env)
const log = createLogger({ name: 'gateway' })
const bus = await connectNats({ url: config.natsUrl, name: 'gateway' })
const running = await start(config, {
  bus,
  log,
  clock: systemClock,
  metrics: createMetrics('contrail', { process: true }),
})
await runUntilSignal({ name: 'bus', stop: () => bus.close() }, running)
