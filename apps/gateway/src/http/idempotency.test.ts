import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { manualClock } from '@contrail/runtime'
import { createIdempotency } from './idempotency.ts'
import { HttpProblem } from './problem.ts'

const clock = manualClock(1_767_225_600_000_000)
function counted(answer: () => unknown) {
  const work = { calls: 0, run: async () => (work.calls++, answer()) }
  return work
}

test('repeats at the same time and later are one piece of work', async () => {
  const once = createIdempotency(clock, undefined)
  const work = counted(() => ({ orderId: 'manual-1-0' }))
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => once.run('k', 'post /orders', { a: 1 }, work.run)),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  await once.run('k', 'post /orders', { a: 1 }, work.run)
  expect(work.calls).toBe(1)
})

test('another body under the same key is refused; another scope is another key', async () => {
  const once = createIdempotency(clock, undefined)
  const work = counted(() => 1)
  await once.run('k', 'post /orders', { a: 1 }, work.run)
  await expect(once.run('k', 'post /orders', { a: 2 }, work.run)).rejects.toMatchObject({ status: 422 })
  await once.run('k', 'post /halts', { a: 1 }, work.run)
  expect(work.calls).toBe(2)
})

test('what surely did nothing may be tried again', async () => {
  const once = createIdempotency(clock, undefined)
  const answers = [new HttpProblem(503, 'service_unavailable', 'away'), undefined]
  const work = counted(() => {
    const error = answers.shift()
    if (error) throw error
    return 'done'
  })
  await expect(once.run('k', 's', {}, work.run)).rejects.toMatchObject({ status: 503 })
  expect(await once.run('k', 's', {}, work.run)).toBe('done')
})

test('what may have acted is not tried again under the same key', async () => {
  const once = createIdempotency(clock, undefined)
  const work = counted(() => {
    throw new HttpProblem(504, 'outcome_unknown', 'nobody knows')
  })
  await expect(once.run('k', 's', {}, work.run)).rejects.toMatchObject({ status: 504 })
  await expect(once.run('k', 's', {}, work.run)).rejects.toMatchObject({ status: 504 })
  expect(work.calls).toBe(1)
})

test('a key is forgotten after a day', async () => {
  const own = manualClock(1_767_225_600_000_000)
  const once = createIdempotency(own, undefined)
  const work = counted(() => 1)
  await once.run('k', 's', {}, work.run)
  own.advanceMs(24 * 3_600_000 + 1)
  await once.run('k', 's', {}, work.run)
  expect(work.calls).toBe(2)
})

const redisUrl = process.env['CONTRAIL_REDIS_URL']
test.skipIf(!redisUrl)('another gateway knows the key through Redis (needs CONTRAIL_REDIS_URL)', async () => {
  const redis = new Redis(redisUrl as string)
  const key = `test-${process.pid}-${performance.now()}`
  const work = counted(() => ({ orderId: 'manual-1-0' }))
  await createIdempotency(clock, redis).run(key, 's', { a: 1 }, work.run)
  expect(await createIdempotency(clock, redis).run(key, 's', { a: 1 }, work.run)).toEqual({ orderId: 'manual-1-0' })
  await expect(createIdempotency(clock, redis).run(key, 's', { a: 2 }, work.run)).rejects.toMatchObject({ status: 422 })
  expect(work.calls).toBe(1)
  const race = counted(() => ({ orderId: 'manual-2-0' }))
  const both = [createIdempotency(clock, redis), createIdempotency(clock, redis)]
  const results = await Promise.allSettled(both.map((one) => one.run(`${key}-race`, 's', {}, race.run)))
  expect(race.calls).toBe(1)
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 409, code: 'in_progress' })
  await redis.quit()
})
