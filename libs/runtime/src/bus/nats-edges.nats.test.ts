import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PublishRefused } from './bus.ts'
import { bytes, textOf } from './contract.suite.ts'
import { connectNats } from './nats.ts'
import { ensureConsumer, ensureStream, startProxy, startTestNats, until } from '../testing/index.ts'
import type { TestNats } from '../testing/index.ts'

const CONFIG = `
authorization { users: [
  { user: admin, password: "admin-secret" }
  { user: small, password: "small-secret", permissions: {
      publish: { allow: ["e1.mine", "$JS.API.INFO"] }, subscribe: { allow: ["_INBOX_small.>"] } } }
] }`

describe('the edges of the NATS bus', () => {
  let server: TestNats
  let admin: string
  beforeAll(async () => {
    server = await startTestNats({ config: CONFIG })
    admin = server.url.replace('//', '//admin:admin-secret@')
  })
  afterAll(() => server.stop())

  it('what a user may not do is refused at once and by name', async () => {
    await ensureStream(admin, 'E1', ['e1.>'])
    const bus = await connectNats({ url: server.url.replace('//', '//small:small-secret@'), name: 'small' })
    expect((await bus.publish('e1.mine', bytes('x'))).sequence).toBe(1)
    await expect(bus.publish('e1.other', bytes('x'))).rejects.toBeInstanceOf(PublishRefused)
    await expect(bus.publish('e1.other', bytes('x'))).rejects.toThrow('may not publish')
    await expect(bus.streamState('E1')).rejects.toMatchObject({ code: 'forbidden', field: 'subject' })
    await bus.close()
  })

  it('a wrong password is refused without repeating it', async () => {
    const url = server.url.replace('//', '//admin:not-the-password@')
    const error = await connectNats({ url, name: 'x' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'unauthorised', field: 'CONTRAIL_NATS_URL' })
    expect((error as Error).message).not.toContain('not-the-password')
  })

  it('an old server is refused by its version', async () => {
    const old = createServer((socket) => {
      const info = { server_id: 'x', version: '2.10.27', headers: true, max_payload: 1024, proto: 1, host: '', port: 0 }
      socket.write(`INFO ${JSON.stringify(info)}\r\n`)
      socket.on('data', (data) => void (data.toString().includes('PING') && socket.write('PONG\r\n')))
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve))
    const { port } = old.address() as AddressInfo
    await expect(connectNats({ url: `nats://127.0.0.1:${port}`, name: 'x' })).rejects.toMatchObject({
      code: 'server_too_old',
      value: '"2.10.27"',
    })
    old.close()
  })

  it('what is not there is refused with the mend', async () => {
    const bus = await connectNats({ url: admin, name: 'absent' })
    const read = bus.read({ stream: 'ABSENT', fromSequence: 1, onMessage: () => {} })
    await expect(read).rejects.toMatchObject({ code: 'not_found', field: 'stream' })
    await expect(bus.kv('absent')).rejects.toMatchObject({ code: 'not_found', field: 'bucket' })
    const consume = bus.consume({ stream: 'E1', durable: 'absent', onMessage: async () => {} })
    await expect(consume).rejects.toMatchObject({ code: 'not_found', field: 'consumer' })
    await bus.close()
  })

  it('a message that is too large is refused', async () => {
    const bus = await connectNats({ url: admin, name: 'large' })
    await expect(bus.publish('e1.mine', new Uint8Array(2_000_000))).rejects.toBeInstanceOf(PublishRefused)
    await bus.close()
  })

  it('after a crash the next owner gets what was in hand at once and before anything newer', async () => {
    await ensureStream(admin, 'E2', ['e2.>'])
    // So long that the test would fail by time if it were waited for.
    await ensureConsumer(admin, 'E2', 'owner', { ackWaitMs: 600_000 })
    const wire = await startProxy(admin)
    const crashed = await connectNats({ url: wire.url, name: 'crashed' })
    for (let i = 1; i <= 20; i++) await crashed.publish('e2.a', bytes(String(i)))
    const begun: string[] = []
    await crashed.consume({
      stream: 'E2',
      durable: 'owner',
      onMessage: (message) => {
        begun.push(textOf(message.data))
        return textOf(message.data) === '3' ? new Promise(() => {}) : Promise.resolve()
      },
    })
    await until('it hangs in the third', () => begun.length === 3)
    wire.stop()
    await until('it is cut off', () => !crashed.connected)
    const next = await connectNats({ url: admin, name: 'next' })
    for (let i = 21; i <= 25; i++) await next.publish('e2.a', bytes(String(i)))
    const handled: number[] = []
    const consumer = await next.consume({
      stream: 'E2',
      durable: 'owner',
      onMessage: async (message) => void handled.push(Number(textOf(message.data))),
    })
    await until('the rest', () => handled.at(-1) === 25)
    expect(handled).toEqual([...handled].sort((a, b) => a - b))
    // The acknowledgements of 1 and 2 may have died on the wire; from 3 on nothing was acknowledged.
    expect(handled.filter((number) => number >= 3)).toEqual(Array.from({ length: 23 }, (_, i) => i + 3))
    await consumer.stop()
    await next.close()
  })

  it('old numbers of a stream that was made anew are new messages, also while the old ones are in hand', async () => {
    await ensureStream(admin, 'E4', ['e4.>'])
    await ensureConsumer(admin, 'E4', 'both')
    const bus = await connectNats({ url: admin, name: 'anew' })
    const begun: string[] = []
    let open: (() => void) | undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const consumer = await bus.consume({
      stream: 'E4',
      durable: 'both',
      concurrency: 8,
      onMessage: async (message) => {
        begun.push(textOf(message.data))
        if (textOf(message.data) === 'old') await gate
      },
    })
    await bus.publish('e4.a', bytes('old'))
    await until('the old one is in hand', () => begun.length === 1)
    const connection = await connect({ servers: server.url.slice(7), user: 'admin', pass: 'admin-secret' })
    await (await jetstreamManager(connection)).streams.delete('E4')
    await ensureStream(admin, 'E4', ['e4.>'], { memory: true })
    await ensureConsumer(admin, 'E4', 'both')
    expect((await bus.publish('e4.a', bytes('new'))).sequence).toBe(1)
    await until('the new one is handled', () => begun.includes('new'))
    open?.()
    await consumer.stop()
    await connection.close()
    await bus.close()
  })

  it('a consumer that is deleted is noticed, and used again when it is back', async () => {
    await ensureStream(admin, 'E3', ['e3.>'])
    await ensureConsumer(admin, 'E3', 'gone')
    const bus = await connectNats({ url: admin, name: 'deleted' })
    const handled: string[] = []
    const problems: string[] = []
    const consumer = await bus.consume({
      stream: 'E3',
      durable: 'gone',
      onMessage: async (message) => void handled.push(textOf(message.data)),
      onProblem: (problem) => problems.push(problem.message),
    })
    await bus.publish('e3.a', bytes('1'))
    await until('the first', () => handled.length === 1)
    const connection = await connect({ servers: server.url.slice(7), user: 'admin', pass: 'admin-secret' })
    await (await jetstreamManager(connection)).consumers.delete('E3', 'gone')
    await until('it is told', () => problems.length > 0)
    expect(problems[0]).toContain('E3/gone')
    await ensureConsumer(admin, 'E3', 'gone')
    await bus.publish('e3.a', bytes('2'))
    await until('the second', () => handled.includes('2'))
    await consumer.stop()
    await connection.close()
    await bus.close()
  })
})
