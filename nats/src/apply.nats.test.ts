import { connectNats } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyStreams } from './apply.ts'
import { assertDurable } from './durable.ts'
import { keepStreams } from './keep.ts'
import { wantedStreams } from './streams.ts'

describe('applying streams, consumers and buckets', () => {
  let server: TestNats
  let admin: NatsConnection
  let jsm: JetStreamManager
  // A server each: one that has just deleted a stream may refuse to make it again for a moment.
  beforeEach(async () => {
    server = await startTestNats()
    admin = await connect({ servers: server.url.slice(7) })
    jsm = await jetstreamManager(admin)
  })
  afterEach(async () => {
    await admin.close()
    await server.stop()
  })
  const sayInto = (lines: string[]) => ({ say: (line: string) => void lines.push(line) })

  it('makes everything once, then finds nothing to do', async () => {
    const first: string[] = []
    await applyStreams(server.url, sayInto(first))
    expect(first).toContain('+ stream ORDERS')
    expect(first).toContain('+ consumer TRADES/portfolio')
    expect(first.length).toBe(27)
    const second: string[] = []
    expect((await applyStreams(server.url, sayInto(second))).changes).toEqual([])
    expect(second).toEqual([])
  })

  it('the money streams keep what they are given, market data does not touch the disk', async () => {
    await applyStreams(admin)
    for (const name of ['ORDERS', 'TRADES']) {
      const { config } = await jsm.streams.info(name)
      expect(config).toMatchObject({ storage: 'file', deny_delete: true, deny_purge: true, discard: 'new' })
      await expect(jsm.streams.purge(name)).rejects.toThrow()
    }
    expect((await jsm.streams.info('MD')).config).toMatchObject({ storage: 'memory', discard: 'old' })
    expect((await jsm.consumers.info('ORDERS', 'orders')).config.metadata?.['attempts_max']).toBe('8')
  })

  it('a dry run shows the difference and does nothing', async () => {
    await applyStreams(admin)
    const lines: string[] = []
    const { applied } = await applyStreams(admin, {
      marketBytesMax: 512 * 1024 * 1024,
      dryRun: true,
      ...sayInto(lines),
    })
    expect(applied).toBe(false)
    expect(lines).toEqual(['~ stream MD max_bytes: 268435456 -> 536870912'])
    expect((await jsm.streams.info('MD')).config.max_bytes).toBe(268_435_456)
  })

  it('what can be changed in place is changed and loses nothing', async () => {
    await applyStreams(admin)
    const bus = await connectNats({ url: server.url, name: 'apply' })
    await bus.publish('md.clock', new Uint8Array([1]))
    await jsm.consumers.update('ORDERS', 'orders', { ack_wait: 60e9 })
    await applyStreams(admin, { marketBytesMax: 300 * 1024 * 1024 })
    expect((await jsm.streams.info('MD')).state.messages).toBe(1)
    expect((await jsm.streams.info('MD')).config.max_bytes).toBe(300 * 1024 * 1024)
    expect((await jsm.consumers.info('ORDERS', 'orders')).config.ack_wait).toBe(5e9)
    await bus.close()
  })

  const ofOld = (name: string) => wantedStreams().find((stream) => stream.name === name)
  it.each([
    ['storage', { ...ofOld('ORDERS'), storage: 'memory' }, 'needs_recreate', 'ORDERS.storage'],
    ['retention', { ...ofOld('ALERTS'), retention: 'workqueue' }, 'needs_recreate', 'ALERTS.retention'],
    ['a subject taken away', { ...ofOld('ALERTS'), subjects: ['alerts.>', 'old.>'] }, 'would_lose', 'ALERTS.subjects'],
  ] as const)('%s is refused, and nothing else is done either', async (_what, config, code, field) => {
    await jsm.streams.add(config as never)
    await expect(applyStreams(admin)).rejects.toMatchObject({ code, field })
    const names: string[] = []
    for await (const stream of jsm.streams.list()) names.push(stream.config.name)
    expect(names.length).toBe(1)
  })

  it('a limit below what is stored is refused', async () => {
    await jsm.streams.add({ ...ofOld('ORDERS'), name: 'ORDERS' } as never)
    const bus = await connectNats({ url: server.url, name: 'full' })
    for (let i = 0; i < 20; i++) await bus.publish('orders.signal.s1', new Uint8Array(1000))
    await expect(applyStreams(admin, { moneyBytesMax: 10_000 })).rejects.toMatchObject({
      code: 'would_lose',
      field: 'ORDERS.max_bytes',
    })
    expect((await bus.streamState('ORDERS'))?.lastSequence).toBe(20)
    await bus.close()
  })

  it('a worker that is silent is forgotten, and its watchers are told', async () => {
    await applyStreams(admin, { workerTtlMs: 1000 })
    const bus = await connectNats({ url: server.url, name: 'workers' })
    const seen: string[] = []
    const kv = await bus.kv('workers')
    await kv.watch((entry) => seen.push(`${entry.key} ${entry.operation}`))
    await kv.put('w1', new Uint8Array([1]))
    await until('it is forgotten', () => seen.length === 2)
    expect(seen).toEqual(['w1 put', 'w1 delete'])
    expect(await kv.keys()).toEqual([])
    await bus.close()
  })

  it('after a crash of the server market data is stored again without anybody doing anything', async () => {
    let applied = 0
    const keeper = await keepStreams(server.url, { onApplied: () => applied++ })
    const bus = await connectNats({ url: server.url, name: 'keeper' })
    await bus.publish('md.clock', new Uint8Array([1]))
    await bus.publish('orders.signal.s1', new Uint8Array([1]))
    server.kill9()
    await until('the loss is seen', () => !bus.connected)
    await server.restart()
    await until('the streams are there again', () => applied === 2)
    expect((await bus.publish('md.clock', new Uint8Array([1]))).sequence).toBe(1)
    expect((await bus.streamState('ORDERS'))?.lastSequence).toBe(1)
    await bus.close()
    await keeper.stop()
  })

  it('a server that flushes every two minutes is no home for money', async () => {
    await expect(assertDurable(server.monitorUrl)).rejects.toMatchObject({
      code: 'not_durable',
      field: 'jetstream.sync_interval',
      value: '"120 s"',
    })
  })

  it('one that flushes every message is', async () => {
    const config = (where: { storeDir: string }) =>
      `jetstream { store_dir: ${JSON.stringify(where.storeDir)}, sync_interval: always }`
    const durable = await startTestNats({ config })
    await assertDurable(durable.monitorUrl)
    await durable.stop()
  })
})
