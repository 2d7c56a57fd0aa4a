import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestNats } from '../testing/nats.ts'
import type { TestNats } from '../testing/nats.ts'
import { ensureConsumer, ensureStream } from '../testing/streams.ts'
import { until } from '../testing/until.ts'
import { connectNats } from './nats.ts'

let server: TestNats
beforeAll(async () => {
  server = await startTestNats()
})
afterAll(() => server.stop())

it('a shared durable gives each process as much as it has in hand, and not what another works on', async () => {
  await ensureStream(server.url, 'QUEUE', ['queue.>'])
  await ensureConsumer(server.url, 'QUEUE', 'jobs')
  const [first, second] = await Promise.all(['first', 'second'].map((name) => connectNats({ url: server.url, name })))
  for (let i = 1; i <= 10; i++) await first!.publish('queue.job', new Uint8Array([i]))
  const [slow, quick]: [number[], number[]] = [[], []]
  const finish: (() => void)[] = []
  const consume = { stream: 'QUEUE', durable: 'jobs', shared: true }
  const hanging = await first!.consume({
    ...consume,
    concurrency: 2,
    onMessage: (message) =>
      new Promise((resolve) => {
        slow.push(message.data[0]!)
        finish.push(resolve)
      }),
  })
  await until('the first has two in hand', () => slow.length === 2)
  // Concurrency 1: the strict kind would take back what the first has in hand.
  const working = await second!.consume({
    ...consume,
    concurrency: 1,
    onMessage: async (message) => void quick.push(message.data[0]!),
  })
  await until('the second has done the rest', () => quick.length === 8)
  expect(slow).toEqual([1, 2])
  expect(quick).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
  for (const done of finish) done()
  await Promise.all([hanging.stop(), working.stop()])
  expect(slow).toEqual([1, 2])
  await Promise.all([first!.close(), second!.close()])
})
