export { configSchema } from './config.ts'
export type { Config } from './config.ts'
export { clOrdIdOf } from './identity.ts'
export { start } from './start.ts'
