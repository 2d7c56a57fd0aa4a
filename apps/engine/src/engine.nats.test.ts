import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJson, encodeJson, encodeTick, strategyEventSchema, us } from '@contrail/contracts'
import type { StrategyEvent } from '@contrail/contracts'
import { applyStreams } from '@contrail/nats'
import { connectNats, createLogger, createMetrics, internalClient, systemClock } from '@contrail/runtime'
import type { Bus, Running } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { configSchema, start } from './index.ts'

const TOKEN = 'a-token-of-the-tests'
const instrument = {
  venue: 'sim',
  instrument: 'BTC-USDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.001',
  minQuantity: '0.001',
  minNotional: '0',
  makerFeeBps: 0,
  takerFeeBps: 0,
}
/** Buys on every n-th tick; throws where it is told to; refuses parameters it does not know. */
const bundle = `export default {
  name: 'every', parameters: { safeParse: (value) => ({ success: true, data: value }) },
  inputs: () => [{ kind: 'ticks', venue: 'sim', instrument: 'BTC-USDT' }],
  state: () => ({ seen: 0 }),
  onTick(ctx, state, tick) {
    if (tick.tradeId === 'poison') throw new RangeError('cannot digest it')
    state.seen += 1
    if (state.seen % ctx.parameters.every === 0) { ctx.note('seen', state.seen); ctx.buy({ quantity: 0.001 }) }
  },
}`

let nats: TestNats
let bus: Bus
let ingest: { url: string; close(): void }
const running: Running[] = []
const events: StrategyEvent[] = []
let trades = 0

beforeAll(async () => {
  nats = await startTestNats()
  await applyStreams(nats.url)
  bus = await connectNats({ url: nats.url, name: 'test' })
  const server = createServer((request, response) => {
    const items = request.url?.startsWith('/instruments') ? [instrument] : []
    response.end(JSON.stringify({ items }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ingest = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => void (server.closeAllConnections(), server.close()),
  }
  await bus.read({
    stream: 'CONTROL',
    fromSequence: 0,
    filterSubjects: ['strategy.event.*'],
    onMessage: ({ data }) => void events.push(decodeJson(strategyEventSchema, data, 'event')),
  })
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
afterAll(async () => {
  ingest.close()
  await bus.close()
  await nats.stop()
})

async function engine(settings: Record<string, unknown> = {}): Promise<Running> {
  const given = { natsUrl: nats.url, ingestUrl: ingest.url, internalToken: TOKEN, workerTtlMs: 600, ...settings }
  const log = createLogger({ name: 'engine', level: 'silent' })
  const context = { bus, log, clock: systemClock, metrics: createMetrics() }
  const one = await start(configSchema.parse(given), context)
  running.push(one)
  return one
}

async function deploy(strategy: string, desired: Record<string, unknown> = {}, text = bundle): Promise<string> {
  const code = createHash('sha256').update(text).digest('hex')
  await (await bus.objects('bundles')).put(code, new TextEncoder().encode(text))
  const value = {
    schema: 1,
    tenant: 'main',
    account: 'paper',
    strategy,
    definition: 'every',
    code,
    parameters: { every: 2 },
    state: 'running',
    from: 'live',
    revision: 1,
    ...desired,
  }
  await (await bus.kv('strategies')).put(strategy, encodeJson(value))
  return code
}

async function tick(tradeId = String(++trades)): Promise<void> {
  const atUs = us(1_700_000_000_000_000 + ++trades)
  const data = encodeTick({ tradeId, side: 'buy', price: 100, quantity: 1, venueTimeUs: atUs, receiveTimeUs: atUs })
  await bus.publish('md.ticks.sim.BTC-USDT', data)
}

const said = (strategy: string, event: string) =>
  until(`${strategy} says ${event}`, () => events.some((one) => one.strategy === strategy && one.event === event))
const count = (strategy: string, event: string) =>
  events.filter((one) => one.strategy === strategy && one.event === event).length
const decisions = async (strategy: string): Promise<number> => {
  const last = await bus.lastOnSubject('ORDERS', `orders.signal.${strategy}`)
  return last ? (JSON.parse(new TextDecoder().decode(last.data)) as { number: number }).number : 0
}

test('what is desired runs, decides, shows itself, and stops when it is no longer desired', async () => {
  await deploy('one')
  const { url } = await engine()
  await said('one', 'started')
  await tick()
  await tick()
  await until('it decided', async () => (await decisions('one')) === 1)
  const client = internalClient(url as string, TOKEN)
  expect(await client.get('/actors')).toMatchObject({ items: [{ strategy: 'one', status: 'live', number: 1 }] })
  expect(await client.get('/actors/one')).toMatchObject({
    strategy: 'one',
    lastDecision: { number: 1, reasons: { seen: 2 }, intents: [{ orderId: 'one-1-0', side: 'buy' }] },
    strategyState: { warm: true, paused: false },
  })
  await expect(client.get('/actors/none')).rejects.toMatchObject({ code: 'not_found', value: '"none"' })
  await deploy('one', { state: 'stopped', revision: 2 })
  await said('one', 'stopped')
  expect(await client.get('/actors')).toEqual({ items: [] })
})

test('a pause is an input: it says so, and nothing is decided until it is resumed', async () => {
  await deploy('two')
  const { url } = await engine()
  await said('two', 'started')
  const control = (command: string) =>
    bus.publish(
      'strategy.control.two',
      encodeJson({ schema: 1, strategy: 'two', command, by: 'anna', reason: 'a test', atUs: systemClock.nowUs() }),
    )
  await control('pause')
  await said('two', 'paused')
  for (let i = 0; i < 4; i++) await tick()
  // Two streams: a tick that is still on its way would come after the resumption.
  const { lastSequence } = (await bus.streamState('MD'))!
  const client = internalClient(url as string, TOKEN)
  await until('it has seen them', async () => {
    const { cursors } = await client.get<{ cursors: Record<string, { sequence: number }> }>('/actors/two')
    return (cursors['MD']?.sequence ?? 0) >= lastSequence
  })
  await control('resume')
  await said('two', 'resumed')
  await tick()
  await tick()
  await until('it decided', async () => (await decisions('two')) === 1)
  expect(events.find(({ event }) => event === 'paused')?.detail).toBe('anna: a test')
  await deploy('two', { state: 'stopped', revision: 2 })
  await said('two', 'stopped')
})

test('a new version takes over, keeps the count of decisions and what the strategy knew', async () => {
  await deploy('three')
  await engine()
  await said('three', 'started')
  for (let i = 0; i < 3; i++) await tick()
  await until('it decided', async () => (await decisions('three')) === 1)
  await deploy('three', { revision: 2 }, bundle.replace("ctx.note('seen', state.seen)", "ctx.note('new', state.seen)"))
  await said('three', 'swapped')
  await tick()
  await until('it decided', async () => (await decisions('three')) === 2)
  const last = await bus.lastOnSubject('ORDERS', 'orders.signal.three')
  expect(JSON.parse(new TextDecoder().decode(last?.data))).toMatchObject({ number: 2, epoch: 2, reasons: { new: 4 } })
  await deploy('three', { state: 'stopped', revision: 3 })
  await said('three', 'stopped')
})

test('a new version that throws, or does not load, is taken back; the one before has missed nothing', async () => {
  const good = await deploy('four')
  const { url } = await engine()
  await said('four', 'started')
  await tick()
  const bad = await deploy('four', { revision: 2 }, bundle.replace("'poison'", "'poison-four'"))
  await said('four', 'swapped')
  await tick('poison-four')
  await said('four', 'rolled_back')
  const [event] = events.filter((one) => one.strategy === 'four' && one.event === 'rolled_back')
  expect(event?.version).toEqual({ code: good, parameters: { every: 2 }, before: bad })
  expect(event?.detail).toMatch(/^RangeError: cannot digest it at [0-9a-f]{64}\.mjs:6 on MD \d+ /)
  await deploy('four', { revision: 3 }, 'export default 7')
  await until('it was not taken', () => count('four', 'rolled_back') === 2)
  expect(events.findLast((one) => one.event === 'rolled_back')?.detail).toMatch(/was not taken: it does not load: /)
  await until('it decided', async () => (await decisions('four')) === 1)
  const client = internalClient(url as string, TOKEN)
  expect(await client.get('/actors/four')).toMatchObject({ code: good, strategyState: { state: { seen: 2 } } })
  await deploy('four', { state: 'stopped', revision: 4 })
  await said('four', 'stopped')
})

test('a strategy that throws is halted with its input and an alert; a neighbour goes on; a new revision revives it', async () => {
  await deploy('bad')
  await deploy('good', {}, bundle.replace("'poison'", "'never'"))
  await engine()
  await Promise.all([said('bad', 'started'), said('good', 'started')])
  await tick('poison')
  await said('bad', 'halted')
  const sequence = (await bus.streamState('MD'))?.lastSequence
  const halted = events.find(({ event, strategy }) => event === 'halted' && strategy === 'bad')
  expect(halted?.detail).toMatch(
    new RegExp(
      `^RangeError: cannot digest it at [0-9a-f]{64}\\.mjs:6 on MD ${sequence} \\(md\\.ticks\\.sim\\.BTC-USDT\\)$`,
    ),
  )
  await until('it alerts', async () => Boolean(await bus.lastOnSubject('ALERTS', 'alerts.critical.strategy_halted')))
  await tick()
  await until('the neighbour decided', async () => (await decisions('good')) === 1)
  await deploy('bad', { revision: 2 }, bundle.replace("'poison'", "'never'"))
  await until('it lives again', () => count('bad', 'started') === 2)
  for (const name of ['bad', 'good']) await deploy(name, { state: 'stopped', revision: 9 })
  await Promise.all([said('bad', 'stopped'), said('good', 'stopped')])
})

test('a bundle that is not what its hash says is never run', async () => {
  const wrong = 'f'.repeat(64)
  await (await bus.objects('bundles')).put(wrong, new TextEncoder().encode(bundle))
  await deploy('forged', { code: wrong })
  await deploy('absent', { code: 'e'.repeat(64) })
  await engine()
  await Promise.all([said('forged', 'halted'), said('absent', 'halted')])
  const detail = (strategy: string) => events.find((one) => one.strategy === strategy)?.detail
  expect(detail('forged')).toMatch(/^bundle ffffffffffff has the hash [0-9a-f]{12}: it is not run$/)
  expect(detail('absent')).toBe('bundle eeeeeeeeeeee is not in the store: deploy the strategy again')
  for (const name of ['forged', 'absent']) await (await bus.kv('strategies')).delete(name)
})

test('a second worker takes its share, and all of it when the first is gone', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `share${i}`)
  for (const name of names) await deploy(name)
  const first = await engine()
  await Promise.all(names.map((name) => said(name, 'started')))
  const second = await engine()
  const of = async (one: Running) =>
    (
      await internalClient(one.url as string, TOKEN).get<{ items: { strategy: string; status: string }[] }>('/actors')
    ).items
      .filter(({ status }) => status === 'live')
      .map(({ strategy }) => strategy)
  await until('both have a share, and together all', async () => {
    const [a, b] = [await of(first), await of(second)]
    return a.length > 0 && b.length > 0 && [...a, ...b].sort().join() === [...names].sort().join()
  })
  running.splice(running.indexOf(first), 1)
  await first.stop()
  await until('the second has all', async () => (await of(second)).length === names.length)
  for (const name of names) await deploy(name, { state: 'stopped', revision: 2 })
  await until('none is left', async () => (await of(second)).length === 0)
})

test('when nats-server is killed and comes back without the market, it says gap and goes on with the next number', async () => {
  await deploy('survivor')
  await engine()
  await said('survivor', 'started')
  for (let i = 0; i < 4; i++) await tick()
  await until('it decided', async () => (await decisions('survivor')) === 2)
  nats.kill9()
  await nats.restart()
  await until('the streams are there again', () => applyStreams(nats.url).then(() => bus.connected))
  await said('survivor', 'gap')
  await until('it lives again', () => count('survivor', 'started') === 2)
  expect(events.find(({ event, strategy }) => event === 'gap' && strategy === 'survivor')?.detail).toBe(
    'MD was made anew',
  )
  await tick()
  await tick()
  await until('it decided', async () => (await decisions('survivor')) === 3)
  await deploy('survivor', { state: 'stopped', revision: 2 })
  await said('survivor', 'stopped')
})
