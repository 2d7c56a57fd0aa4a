import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createLimits } from './limits.ts'

const sizes = { read: { points: 2 }, write: { points: 1 }, auth: { points: 1 } }

test('each principal has its own budget', async () => {
  const { read } = createLimits(undefined, sizes)
  expect((await read.take('a')).allowed).toBe(true)
  expect(await read.take('a')).toMatchObject({ allowed: true, limit: 2, remaining: 0 })
  expect((await read.take('a')).allowed).toBe(false)
  expect((await read.take('b')).allowed).toBe(true)
})

test('with Redis away the count goes on in this process', async () => {
  const redis = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null })
  redis.on('error', () => undefined)
  const { auth } = createLimits(redis, sizes)
  expect((await auth.take('a')).allowed).toBe(true)
  expect((await auth.take('a')).allowed).toBe(false)
  redis.disconnect()
})

const redisUrl = process.env['CONTRAIL_REDIS_URL']
test.skipIf(!redisUrl)('two gateways share one budget through Redis (needs CONTRAIL_REDIS_URL)', async () => {
  const redis = new Redis(redisUrl as string)
  const key = `test-${process.pid}-${performance.now()}`
  expect((await createLimits(redis, sizes).write.take(key)).allowed).toBe(true)
  expect((await createLimits(redis, sizes).write.take(key)).allowed).toBe(false)
  await redis.quit()
})
