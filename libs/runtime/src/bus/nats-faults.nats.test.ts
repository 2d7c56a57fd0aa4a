import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PublishUnknown } from './bus.ts'
import type { Bus } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import { connectNats } from './nats.ts'
import { ensureBucket, ensureConsumer, ensureStream, startTestNats, until } from '../testing/index.ts'
import type { TestNats } from '../testing/index.ts'

/** nats-server is killed with -9 and started again under everything that is open. */
describe('a server that is killed and comes back', () => {
  let server: TestNats
  let bus: Bus
  beforeAll(async () => {
    server = await startTestNats()
    bus = await connectNats({ url: server.url, name: 'faults' })
    await ensureStream(server.url, 'DLQ', ['dlq.>', 'redrive.>'])
  })
  afterAll(async () => {
    await bus.close()
    await server.stop()
  })
  const crash = async () => {
    server.kill9()
    await until('the loss of the connection is seen', () => !bus.connected)
    await server.restart()
  }

  /** As a careful writer does it: after an unknown answer it looks, then goes on from what is there. */
  async function publishSurely(subject: string, stream: string, number: number): Promise<void> {
    for (;;) {
      const last = await bus.lastOnSubject(stream, subject)
      if (Number(textOf(last?.data) || 0) >= number) return
      try {
        await bus.publish(subject, bytes(String(number)), { expectedLastSubjectSequence: last?.sequence ?? 0 })
        return
      } catch (error) {
        if (!(error instanceof PublishUnknown)) throw error
      }
    }
  }

  it('a reader hands on each message once and in order, and the fence keeps the writer exact', async () => {
    await ensureStream(server.url, 'F1', ['f1.>'])
    const seen: number[] = []
    const reader = await bus.read({
      stream: 'F1',
      fromSequence: 1,
      onMessage: (message) => void seen.push(Number(textOf(message.data))),
      onLost: (reason) => expect.fail(reason),
    })
    let written = 0
    const writer = (async () => {
      for (let i = 1; i <= 600; i++) {
        await publishSurely('f1.a', 'F1', i)
        written = i
      }
    })()
    for (const point of [100, 250, 400]) {
      await until(`${point} are written`, () => written >= point)
      await crash()
    }
    await writer
    await until('all are read', () => seen.length >= 600)
    expect(seen).toEqual(Array.from({ length: 600 }, (_, i) => i + 1))
    await reader.stop()
  })

  it('publishing while it is away ends as unknown, and works again', async () => {
    await ensureStream(server.url, 'F2', ['f2.>'])
    server.kill9()
    await until('the loss of the connection is seen', () => !bus.connected)
    await expect(bus.publish('f2.a', bytes('x'))).rejects.toBeInstanceOf(PublishUnknown)
    await server.restart()
    await publishSurely('f2.a', 'F2', 1)
    expect((await bus.streamState('F2'))?.lastSequence).toBe(1)
  })

  it('a window loses nothing unseen: every message is stored or told', async () => {
    await ensureStream(server.url, 'F3', ['f3.>'])
    const told = new Set<string>()
    const publisher = bus.windowedPublisher({
      windowMessages: 64,
      onError: (_error, _subject, data) => told.add(textOf(data)),
    })
    let sent = 0
    const sending = (async () => {
      for (let i = 1; i <= 3000; i++) {
        await publisher.send('f3.a', bytes(String(i)))
        sent = i
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await publisher.drained()
    })()
    await until('a part is sent', () => sent > 500)
    await crash()
    await sending
    const stored = new Set<string>()
    const last = (await bus.streamState('F3'))?.lastSequence ?? 0
    const reader = await bus.read({
      stream: 'F3',
      fromSequence: 1,
      onMessage: (message) => void stored.add(textOf(message.data)),
    })
    await until('all stored ones are read', () => reader.lastSequence === last)
    const missing = Array.from({ length: 3000 }, (_, i) => String(i + 1)).filter(
      (text) => !stored.has(text) && !told.has(text),
    )
    expect(missing).toEqual([])
    expect(stored.size + told.size).toBeGreaterThanOrEqual(3000)
    await reader.stop()
  })

  it('a consumer goes on: everything is handled, one key in order', async () => {
    await ensureStream(server.url, 'F4', ['f4.>'])
    await ensureConsumer(server.url, 'F4', 'worker')
    const first: number[] = []
    const known = new Set<number>()
    const consumer = await bus.consume({
      stream: 'F4',
      durable: 'worker',
      onMessage: async (message) => {
        // A repeat after a crash is normal: acknowledgements are not durable. The inbox of a service drops it.
        if (!known.has(message.sequence)) first.push(message.sequence)
        known.add(message.sequence)
      },
    })
    let written = 0
    const writer = (async () => {
      for (let i = 1; i <= 400; i++) {
        await publishSurely('f4.a', 'F4', i)
        written = i
      }
    })()
    await until('half is written', () => written >= 200)
    await crash()
    await writer
    await until('all are handled', () => known.size === 400)
    expect(first).toEqual(Array.from({ length: 400 }, (_, i) => i + 1))
    await consumer.stop()
  })

  it('a watch of a bucket goes on', async () => {
    await ensureBucket(server.url, 'f5')
    const kv = await bus.kv('f5')
    const seen: string[] = []
    const watch = await kv.watch((entry) => seen.push(`${entry.key}=${textOf(entry.value)}`))
    await kv.put('a', bytes('1'))
    await until('the first', () => seen.length === 1)
    await crash()
    await until('it is written', () =>
      kv.put('a', bytes('2')).then(
        () => true,
        () => false,
      ),
    )
    await until('the second', () => seen.at(-1) === 'a=2')
    expect(seen[0]).toBe('a=1')
    await watch.stop()
  })

  it('a reader of a stream in memory is told that the stream is gone', async () => {
    await ensureStream(server.url, 'F6', ['f6.>'], { memory: true })
    await bus.publish('f6.a', bytes('1'))
    const seen: number[] = []
    const lost: string[] = []
    await bus.read({
      stream: 'F6',
      fromSequence: 1,
      onMessage: (message) => void seen.push(message.sequence),
      onLost: (reason) => lost.push(reason),
    })
    await until('the message', () => seen.length === 1)
    await crash()
    await until('the loss', () => lost.length > 0)
    expect(lost[0]).toContain('F6')
  })
})
