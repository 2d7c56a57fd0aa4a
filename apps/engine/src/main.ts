import {
  connectNats,
  createLogger,
  createMetrics,
  describeConfig,
  loadConfig,
  runUntilSignal,
  systemClock,
} from '@contrail/runtime'
import { configSchema, start } from './index.ts'

const log = createLogger({ name: 'engine' })
try {
  const config = loadConfig(configSchema, process.env) // tidy-ok: the door of this process
  log.info({ config: describeConfig(config, configSchema) }, 'configuration')
  const bus = await connectNats({ url: config.natsUrl, name: 'engine' })
  const running = await start(config, {
    bus,
    log,
    clock: systemClock,
    metrics: createMetrics('contrail', { process: true }),
  })
  await runUntilSignal({ name: 'bus', stop: () => bus.close() }, running)
} catch (error) {
  log.fatal({ err: error }, error instanceof Error ? error.message : String(error))
  process.exit(1)
}
process.exit()
