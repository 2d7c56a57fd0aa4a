export { startTestNats } from './nats.ts'
export type { TestNats, TestNatsOptions } from './nats.ts'
export { ensureBucket, ensureConsumer, ensureObjects, ensureStream } from './streams.ts'
export { until } from './until.ts'
