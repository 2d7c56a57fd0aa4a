import { createLogger, createMemoryBus, manualClock } from '@contrail/runtime'
import { until } from '@contrail/runtime/testing'
import { expect, test } from 'vitest'
import { Workers } from './workers.ts'

const TTL_MS = 1_000
const log = createLogger({ name: 'test', level: 'silent' })

async function setUp() {
  const bus = createMemoryBus()
  const bucket = await bus.kv('workers')
  const join = async (worker: string, clock = manualClock(1_000_000), name?: string) => {
    let changes = 0
    const onChange = () => (changes += 1)
    const workers = new Workers({ bucket, clock, log, worker, name, ttlMs: TTL_MS, actors: () => 0, onChange })
    await workers.start()
    return { workers, clock, changes: () => changes }
  }
  return { bucket, join }
}

test('a worker that is silent for its time to live is dead, by the clock of the one who looks', async () => {
  const { join } = await setUp()
  const a = await join('a')
  const b = await join('b')
  await until('a knows b', () => a.workers.isAlive('b'))
  // Clock of b stands still: it says nothing more. Looks of a: three per time to live.
  for (let i = 0; i < 3; i++) a.clock.advanceMs(TTL_MS / 3)
  expect(a.workers.alive()).toEqual(['a', 'b'])
  a.clock.advanceMs(TTL_MS / 3)
  expect(a.workers.alive()).toEqual(['a'])
  expect(a.changes()).toBeGreaterThan(1)
  await Promise.all([a.workers.stop(), b.workers.stop()])
})

test('a worker that was itself stopped does not take the silence for the death of the others', async () => {
  const { join } = await setUp()
  const a = await join('a')
  const b = await join('b')
  await until('a knows b', () => a.workers.isAlive('b'))
  // All of its timers and looks come late, at once: as after SIGCONT.
  Object.assign(a.clock, { monotonicMs: () => 60_000 })
  expect(a.workers.alive()).toEqual(['a', 'b'])
  Object.assign(a.clock, { monotonicMs: () => 60_000 + TTL_MS / 2 })
  expect(a.workers.alive()).toEqual(['a', 'b'])
  await Promise.all([a.workers.stop(), b.workers.stop()])
})

test('a new life of a named worker ends the entry of the one before at once', async () => {
  const { join, bucket } = await setUp()
  const other = await join('other-1', manualClock(1), 'other')
  const before = await join('w-1', manualClock(1), 'w')
  await until('it is known', () => other.workers.isAlive('w-1'))
  const after = await join('w-2', manualClock(1), 'w')
  await until('the old life is gone', () => !other.workers.isAlive('w-1') && other.workers.isAlive('w-2'))
  expect((await bucket.keys()).sort()).toEqual(['other-1', 'w-2'])
  await Promise.all([other.workers.stop(), after.workers.stop(), before.workers.stop()])
})

test('a worker whose sign of life is not stored says so, and no more once it is', async () => {
  const bucket = await createMemoryBus().kv('workers')
  const clock = manualClock(1)
  let isFull = false
  const stored = bucket.put.bind(bucket)
  bucket.put = (key, value) => (isFull ? Promise.reject(new Error('no space left on device')) : stored(key, value))
  const workers = new Workers({ bucket, clock, log, worker: 'a', name: undefined, ttlMs: TTL_MS, actors: () => 0, onChange: () => undefined }) // prettier-ignore
  await workers.start()
  expect(workers.trouble).toEqual([])
  for (const full of [true, false]) {
    isFull = full
    clock.advanceMs(TTL_MS / 3)
    await until('it has tried', () => workers.trouble.length === (full ? 1 : 0))
  }
  expect(workers.trouble).toEqual([])
  await workers.stop()
})
