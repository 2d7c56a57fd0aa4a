import { connectNats, PublishRefused } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { startTestNats } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyStreams } from './apply.ts'
import { natsUsers, permissionsOf } from './permissions.ts'
import type { NatsUser } from './permissions.ts'
import { serverConfig } from './server-config.ts'
import { covers } from './subjects-doc.ts'

/** One subject of each fact and value, and who may write it. Written by hand: the code is held to it. */
const WRITERS: Readonly<Record<string, readonly NatsUser[]>> = {
  'md.ticks.sim.BTC-USDT': ['ingest'],
  'md.quotes.sim.BTC-USDT': ['ingest'],
  'md.candles.sim.BTC-USDT.1m': ['ingest'],
  'md.status.sim.BTC-USDT': ['ingest'],
  'md.clock': ['ingest'],
  'orders.signal.s1': ['engine'],
  'orders.manual.paper': ['orders'],
  'trades.confirm.paper.s1': ['orders'],
  'strategy.control.s1': ['strategies'],
  'strategy.event.s1': ['engine'],
  'alerts.warning.test': ['ingest', 'recorder', 'engine', 'orders', 'portfolio', 'strategies'],
  'users.event.made': [],
  'billing.event.paid': [],
  'research.trial.a1': ['strategies'],
  'results.trial.a1.7': ['researcher'],
  'dlq.ORDERS.orders': ['orders'],
  'dlq.TRADES.portfolio': ['portfolio'],
  'dlq.MD.recorder': ['ingest', 'recorder'],
  'dlq.CONTROL.strategies': ['strategies'],
  'dlq.RESEARCH.trials': ['researcher'],
  'redrive.ORDERS.orders.1': [],
  'aside.ORDERS.orders.1': ['gateway'],
  '$KV.strategies.s1': ['strategies'],
  '$KV.actors.s1': ['engine'],
  '$KV.workers.w1': ['engine'],
  '$KV.positions.paper.s1.sim.BTC-USDT': ['portfolio'],
  '$KV.halts.platform': ['orders'],
  '$KV.studies.a1': ['strategies'],
  '$O.bundles.M.x': ['strategies'],
  '$O.datasets.M.x': ['strategies'],
}
/** Requests that change or take what is not one's own. Nobody but the operator. */
const FORBIDDEN = [
  '$JS.API.STREAM.DELETE.ORDERS',
  '$JS.API.STREAM.PURGE.ORDERS',
  '$JS.API.STREAM.UPDATE.ORDERS',
  '$JS.API.STREAM.CREATE.OTHER',
  '$JS.API.STREAM.MSG.DELETE.ORDERS',
  '$JS.API.CONSUMER.DELETE.ORDERS.orders',
  '$JS.API.CONSUMER.CREATE.ORDERS.orders',
  '$JS.API.CONSUMER.CREATE.ORDERS.orders.orders.>',
  '$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.mine',
  '$JS.API.STREAM.PURGE.KV_halts',
  '_INBOX_operator.x',
]
/** Taking messages of a durable, or answering for it: its owner only. */
const OWNED: Readonly<Record<string, readonly NatsUser[]>> = {
  '$JS.API.CONSUMER.MSG.NEXT.ORDERS.orders': ['orders'],
  '$JS.API.CONSUMER.MSG.NEXT.TRADES.portfolio': ['portfolio'],
  '$JS.API.CONSUMER.MSG.NEXT.CONTROL.strategies': ['strategies'],
  '$JS.API.CONSUMER.MSG.NEXT.MD.recorder': ['ingest', 'recorder'],
  '$JS.API.CONSUMER.MSG.NEXT.RESEARCH.trials': ['researcher'],
  '$JS.ACK.ORDERS.orders.1.1.1.0.0': ['orders'],
  '$JS.ACK.TRADES.portfolio.1.1.1.0.0': ['portfolio'],
}

const passwordOf = (user: NatsUser): string => `pw-${user}`
const services = natsUsers.filter((user) => user !== 'operator')

describe('rights on the live server', () => {
  let server: TestNats
  const buses = new Map<NatsUser, Bus>()
  const urlOf = (user: NatsUser) => server.url.replace('//', `//${user}:${passwordOf(user)}@`)
  const busOf = (user: NatsUser) => buses.get(user) as Bus
  beforeAll(async () => {
    const passwords = Object.fromEntries(natsUsers.map((user) => [user, passwordOf(user)])) as Record<NatsUser, string>
    server = await startTestNats({ config: (where) => serverConfig({ ...where, passwords }) })
    await applyStreams(urlOf('operator'))
    for (const user of natsUsers) buses.set(user, await connectNats({ url: urlOf(user), name: user }))
  })
  afterAll(async () => {
    await Promise.all([...buses.values()].map((bus) => bus.close()))
    await server.stop()
  })

  const cells = Object.keys(WRITERS).flatMap((subject) => natsUsers.map((user) => [user, subject] as const))
  it.each(cells)('%s writes %s, or is refused and nothing is stored', async (user, subject) => {
    const may = user === 'operator' || WRITERS[subject]?.includes(user)
    const stream = subject.startsWith('$KV.')
      ? `KV_${subject.split('.')[1]}`
      : subject.startsWith('$O.')
        ? `OBJ_${subject.split('.')[1]}`
        : STREAM_OF[subject.slice(0, subject.indexOf('.'))]
    const operator = busOf('operator')
    const before = await operator.streamState(stream as string)
    if (may) {
      expect((await busOf(user).publish(subject, new Uint8Array([1]))).stream).toBe(stream)
    } else {
      await expect(busOf(user).publish(subject, new Uint8Array([1]))).rejects.toBeInstanceOf(PublishRefused)
      expect((await operator.streamState(stream as string))?.lastSequence).toBe(before?.lastSequence)
    }
  })

  const refused = [
    ...FORBIDDEN.flatMap((subject) => services.map((user) => [user, subject] as const)),
    ...Object.entries(OWNED).flatMap(([subject, owners]) =>
      services.filter((user) => !owners.includes(user)).map((user) => [user, subject] as const),
    ),
  ]
  it.each(refused)('%s may not send %s', async (user, subject) => {
    const connection = await connect({ servers: server.url.slice(7), user, pass: passwordOf(user) })
    const violation = new Promise<string>((resolve) => {
      void (async () => {
        for await (const status of connection.status()) if (status.type === 'error') resolve(status.error.message)
      })()
    })
    connection.publish(subject, '{}')
    expect(await violation).toContain(subject)
    await connection.close()
  })

  it.each(services)('%s may not listen to the replies of another', async (user) => {
    const connection = await connect({ servers: server.url.slice(7), user, pass: passwordOf(user) })
    const error = new Promise<string>((resolve) => {
      connection.subscribe('_INBOX_operator.>', {
        callback: (problem) => {
          if (problem) resolve(problem.message)
        },
      })
    })
    expect(await error).toMatch(/permission/i)
    await connection.close()
  })

  it('without a user nobody comes in', async () => {
    await expect(connectNats({ url: server.url, name: 'nobody' })).rejects.toMatchObject({ code: 'unauthorised' })
  })

  it('each service can do what it is for', async () => {
    const [engine, orders, gateway] = [busOf('engine'), busOf('orders'), busOf('gateway')]
    const handled: string[] = []
    const consumer = await orders.consume({
      stream: 'ORDERS',
      durable: 'orders',
      onMessage: async (message) => void handled.push(message.subject),
    })
    const seen: string[] = []
    const onMessage = (message: { subject: string }) => void seen.push(message.subject)
    const from = (await gateway.streamState('TRADES'))?.lastSequence ?? 0
    const reader = await gateway.read({ stream: 'TRADES', fromSequence: from + 1, onMessage })
    await engine.publish('orders.signal.doer', new Uint8Array([1]))
    await expect.poll(() => handled.includes('orders.signal.doer')).toBe(true)
    await orders.publish('trades.confirm.paper.doer', new Uint8Array([1]))
    await expect.poll(() => seen).toEqual(['trades.confirm.paper.doer'])
    const halts = await orders.kv('halts')
    await halts.put('strategy.doer', new Uint8Array([1]))
    expect((await (await engine.kv('halts')).get('strategy.doer'))?.revision).toBeGreaterThan(0)
    const data = new Uint8Array(300_000).fill(7)
    await (await busOf('strategies').objects('bundles')).put('code', data)
    await (await busOf('strategies').objects('bundles')).put('code', data)
    expect(await (await engine.objects('bundles')).get('code')).toEqual(data)
    await Promise.all([consumer.stop(), reader.stop()])
  })
})

const STREAM_OF: Readonly<Record<string, string>> = {
  md: 'MD',
  orders: 'ORDERS',
  trades: 'TRADES',
  strategy: 'CONTROL',
  alerts: 'ALERTS',
  users: 'PLATFORM',
  billing: 'PLATFORM',
  research: 'RESEARCH',
  results: 'RESULTS',
  dlq: 'DLQ',
  redrive: 'DLQ',
  aside: 'DLQ',
}

describe('rights on paper', () => {
  it('every fact but alerts and the letters of one consumer has one writer at most', () => {
    for (const [subject, writers] of Object.entries(WRITERS)) {
      const found = services.filter((user) => permissionsOf(user).publish.allow.some((rule) => covers(rule, subject)))
      expect([subject, found]).toEqual([subject, [...writers]])
      if (!/^(alerts|dlq)\./.test(subject)) expect(writers.length).toBeLessThanOrEqual(1)
    }
  })
})
