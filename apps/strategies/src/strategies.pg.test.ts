import { encodeJson, subjects } from '@contrail/contracts'
import type { StrategyEvent, StrategyView } from '@contrail/contracts'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { applyStreams } from '@contrail/nats'
import { connectNats, createLogger, createMetrics, internalClient, manualClock } from '@contrail/runtime'
import type { Bus, InternalClient, Running } from '@contrail/runtime'
import { startTestNats } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { configSchema, start } from './index.ts'

const TOKEN = 'internal-token-of-the-test'
let nats: TestNats
let databases: TestDatabases
let bus: Bus
let service: Running
let client: InternalClient

async function startService(): Promise<void> {
  const config = configSchema.parse({
    natsUrl: nats.url,
    strategyDbUrl: databases.urls.strategies.strategy,
    internalToken: TOKEN,
  })
  const context = {
    bus,
    log: createLogger({ name: 'test', level: 'fatal' }),
    clock: manualClock(1_000_000),
    metrics: createMetrics(),
  }
  service = await start(config, context)
  client = internalClient(service.url as string, TOKEN)
}

beforeAll(async () => {
  nats = await startTestNats()
  ;[databases] = await Promise.all([createTestDatabases(), applyStreams(nats.url)])
  bus = await connectNats({ url: nats.url, name: 'test' })
  await startService()
})
afterAll(async () => {
  await service.stop()
  await bus.close()
  await databases.drop()
  await nats.stop()
})

const MODULE = `export default {
  name: 'mine',
  parameters: { safeParse: (given) => typeof (given.size ?? 1) === 'number'
    ? { success: true, data: { size: 1, ...given } }
    : { success: false, error: { issues: [{ path: ['size'], message: 'expected number' }] } } },
  inputs: () => [{ kind: 'ticks', venue: 'sim', instrument: 'BTC-USDT' }],
  state: () => ({}),
}`

const deploy = (body: object) => client.post<StrategyView>('/strategies', body)
async function desired(strategy: string) {
  const entry = await (await bus.kv('strategies')).get(strategy)
  return JSON.parse(new TextDecoder().decode(entry?.value)) as Record<string, unknown>
}

test('a deployed module is desired to run, and its bundle is in the store under its hash', async () => {
  const view = await deploy({ strategy: 'first', bundle: MODULE })
  expect(view).toMatchObject({
    strategy: 'first',
    definition: 'mine',
    account: 'paper',
    desired: 'running',
    revision: 1,
    actual: 'waiting',
  })
  expect(await desired('first')).toMatchObject({
    code: view.code,
    state: 'running',
    parameters: { size: 1 },
    revision: 1,
  })
  const stored = await (await bus.objects('bundles')).get(view.code)
  expect(new TextDecoder().decode(stored)).toBe(MODULE)
  const control = await bus.lastOnSubject('CONTROL', subjects.control('first'))
  expect(JSON.parse(new TextDecoder().decode(control?.data))).toMatchObject({ command: 'start' })
})

test('pause, resume and stop move the desired state and leave a history', async () => {
  await deploy({ strategy: 'moved', bundle: MODULE })
  await client.post('/strategies/moved/pause', { reason: 'lunch' })
  expect(await desired('moved')).toMatchObject({ state: 'paused', revision: 2 })
  await client.post('/strategies/moved/resume', {})
  await client.post('/strategies/moved/stop', {})
  expect(await desired('moved')).toMatchObject({ state: 'stopped', revision: 4 })
  await expect(client.post('/strategies/moved/resume', {})).rejects.toMatchObject({ code: 'stopped' })
  const { items } = await client.get<{ items: { name: string; detail: string }[] }>('/strategies/moved/events')
  expect(items.map(({ name }) => name)).toEqual(['stop', 'resume', 'pause', 'start'])
  expect(items[2]?.detail).toBe('lunch')
})

test('a deployment to what was stopped or paused starts it, one to what runs is a reload', async () => {
  await deploy({ strategy: 'again', bundle: MODULE, state: 'paused' })
  await deploy({ strategy: 'again', bundle: MODULE })
  await deploy({ strategy: 'again', bundle: MODULE })
  await client.post('/strategies/again/stop', {})
  await deploy({ strategy: 'again', bundle: MODULE })
  const { items } = await client.get<{ items: { name: string }[] }>('/strategies/again/events')
  expect(items.map(({ name }) => name)).toEqual(['start', 'stop', 'reload', 'start', 'pause'])
})

test('parameters change by a new revision and are checked by the module itself', async () => {
  await deploy({ strategy: 'tuned', bundle: MODULE })
  const view = await client.patch<StrategyView>('/strategies/tuned/parameters', { parameters: { size: 5 } })
  expect(view).toMatchObject({ parameters: { size: 5 }, revision: 2 })
  await expect(client.patch('/strategies/tuned/parameters', { parameters: { size: 'big' } })).rejects.toMatchObject({
    code: 'invalid_parameter',
    field: 'parameters.size',
    mend: 'expected number',
  })
})

test('a parameter that the strategy has not is refused, not left out', async () => {
  const strips = MODULE.replace('{ size: 1, ...given }', '{ size: given.size ?? 1 }').replace(
    'parameters: {',
    'parameters: { shape: { size: 0 },',
  )
  const refusal = { code: 'unknown_parameter', field: 'parameters.sise', mend: 'the strategy has size' }
  const given = { strategy: 'misspelt', bundle: strips, parameters: { sise: 7 } }
  await expect(deploy(given)).rejects.toMatchObject(refusal)
  await deploy({ ...given, parameters: { size: 7 } })
  const change = client.patch('/strategies/misspelt/parameters', { parameters: { sise: 8 } })
  await expect(change).rejects.toMatchObject(refusal)
  expect(await desired('misspelt')).toMatchObject({ parameters: { size: 7 }, revision: 1 })
})

test.each([
  ['a module that throws', { strategy: 'bad', bundle: 'throw new Error("oh")' }, 'module_failed'],
  ['a module without a strategy', { strategy: 'bad', bundle: 'export default 3' }, 'no_strategy'],
  ['an unknown definition', { strategy: 'bad', definition: 'nothing-such' }, 'unknown_definition'],
  ['nothing to run', { strategy: 'bad' }, 'nothing_to_run'],
  ['an id with a dot', { strategy: 'a.b', bundle: MODULE }, 'invalid'],
])('%s is refused and nothing is left behind', async (_, body, code) => {
  await expect(deploy(body)).rejects.toMatchObject({ code })
  await expect(client.get('/strategies/bad')).rejects.toMatchObject({ code: 'not_found' })
})

test('what the engine says becomes the actual state, and a redelivery changes nothing', async () => {
  await deploy({ strategy: 'spoken', bundle: MODULE })
  const event: StrategyEvent = {
    schema: 1,
    strategy: 'spoken' as never,
    event: 'started',
    worker: 'w1' as never,
    epoch: 1,
    number: 7,
    detail: 'here',
    atUs: 5 as never,
  }
  await bus.publish(subjects.event('spoken'), encodeJson(event))
  await vi.waitFor(async () =>
    expect(await client.get('/strategies/spoken')).toMatchObject({ actual: 'started', detail: 'here', decisions: 7 }),
  )
})

test('what the engine took back is not desired any more, unless something newer is', async () => {
  const good = await deploy({ strategy: 'swapped', bundle: MODULE })
  const bad = await deploy({ strategy: 'swapped', bundle: `${MODULE}\n// worse` })
  const version = { code: good.code, parameters: { size: 1 }, before: bad.code }
  const said = { schema: 1, strategy: 'swapped', event: 'rolled_back', worker: 'w1', epoch: 3, number: 7, atUs: 5 }
  const event = encodeJson({ ...said, detail: 'RangeError: no at mine.ts:3', version })
  await bus.publish(subjects.event('swapped'), event)
  await vi.waitFor(async () => expect(await desired('swapped')).toMatchObject({ code: good.code, revision: 3 }))
  const mended = await deploy({ strategy: 'swapped', bundle: `${MODULE}\n// mended` })
  await bus.publish(subjects.event('swapped'), event)
  await vi.waitFor(async () => {
    const { items } = await client.get<{ items: { name: string }[] }>('/strategies/swapped/events')
    expect(items.filter(({ name }) => name === 'rolled_back')).toHaveLength(2)
  })
  expect(await desired('swapped')).toMatchObject({ code: mended.code, revision: 4 })
})

test('a lost bucket is put back from Postgres at start', async () => {
  await deploy({ strategy: 'kept', bundle: MODULE })
  const before = await desired('kept')
  await (await bus.kv('strategies')).delete('kept')
  await service.stop()
  await startService()
  expect(await desired('kept')).toEqual(before)
})

test('without the internal token nothing is answered', async () => {
  const answer = await fetch(`${service.url}/strategies`)
  expect(answer.status).toBe(401)
})
