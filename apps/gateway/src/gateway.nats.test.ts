import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApi } from './openapi.ts'
import * as example from './routes/examples.ts'
import * as research from './routes/research-examples.ts'
import { ROUTES } from './routes/table.ts'
import { startTestGateway } from './testing/gateway.ts'
import type { TestGateway } from './testing/gateway.ts'
import { startStandIn } from './testing/stand-in.ts'
import type { StandIn } from './testing/stand-in.ts'

let standIn: StandIn
let gateway: TestGateway
beforeAll(async () => {
  standIn = await startStandIn({
    instruments: [example.instrument as never],
    orders: [example.order as never],
    strategies: [example.strategy as never],
    candles: () => [example.candle as never],
  })
  gateway = await startTestGateway(standIn.url)
})
afterAll(async () => {
  await gateway.stop()
  await standIn.close()
})

const IDS = [
  ['/orders/', example.order.orderId],
  ['/jobs/', research.done.id],
  ['/runs/', research.run.id],
] as const
const paths = Object.entries((openApi(ROUTES, '0') as { paths: Record<string, object> }).paths).flatMap(
  ([path, item]) =>
    Object.keys(item).map((method) => ({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, 'x1') })),
)
const call = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  fetch(gateway.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const asAdmin = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
  call(method, path, { authorization: `Bearer ${gateway.token}`, ...headers }, body)
const problem = async (response: Response) => {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  return (await response.json()) as Record<string, unknown>
}
async function cookieOf(): Promise<string> {
  const opened = await asAdmin('POST', '/v1/session', { 'x-contrail-request': '1' })
  expect(opened.status).toBe(200)
  return opened.headers.get('set-cookie') as string
}

test.each(paths)('$method $path is not served without a token', async ({ method, path }) => {
  const response = await call(method, path, { 'x-contrail-request': '1' })
  expect(response.status).toBe(401)
  expect(await problem(response)).toMatchObject({ code: 'unauthorized', status: 401 })
})

test('metrics want the token, liveness and readiness do not', async () => {
  expect((await call('GET', '/metrics')).status).toBe(401)
  expect((await asAdmin('GET', '/metrics')).status).toBe(200)
  expect((await call('GET', '/livez')).status).toBe(200)
  expect(await (await call('GET', '/readyz')).json()).toEqual({ name: 'gateway', ready: true, reasons: [] })
})

test('every read route passes the stand-in’s answer on', async () => {
  for (const { method, path } of paths.filter((one) => one.method === 'GET' && !one.path.includes('stream'))) {
    const id = IDS.find(([part]) => path.includes(part))?.[1] ?? example.strategy.strategy
    const query = path === '/v1/candles' ? '?venue=sim&instrument=BTC-USDT&timeframe=1m' : ''
    const response = await asAdmin(method, path.replace('x1', id) + query)
    expect([path, response.status, await response.text()]).toEqual([path, 200, expect.any(String)])
  }
})

test('a wrong token is refused, then slowed down; the right one is never locked out', async () => {
  const statuses = new Set<number>()
  for (let i = 0; i < 12; i++) statuses.add((await call('GET', '/v1/time', { authorization: 'Bearer wrong' })).status)
  expect(statuses).toEqual(new Set([401, 429]))
  expect((await asAdmin('GET', '/v1/time')).status).toBe(200)
})

test('the cookie is out of reach for scripts and other sites', async () => {
  expect(await cookieOf()).toMatch(/^contrail_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/)
})

test('a change by cookie needs our header and our origin', async () => {
  const cookie = (await cookieOf()).split(';')[0] as string
  const halt = { scope: 'platform', state: 'halted', reason: 'a test' }
  const own = { cookie, 'x-contrail-request': '1' }
  const cases: [Record<string, string>, number][] = [
    [{ cookie }, 403],
    [{ ...own, origin: 'https://evil.example' }, 403],
    [{ ...own, origin: 'null' }, 403],
    [{ ...own, 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...own, 'sec-fetch-site': 'same-site' }, 403],
    [{ ...own, origin: gateway.url, 'sec-fetch-site': 'same-origin' }, 200],
  ]
  for (const [headers, status] of cases)
    expect([headers, (await call('POST', '/v1/halts', headers, halt)).status]).toEqual([headers, status])
  expect((await call('GET', '/v1/time', { cookie })).status).toBe(200)
  expect((await call('DELETE', '/v1/session', own)).status).toBe(200)
  expect((await call('GET', '/v1/time', { cookie })).status).toBe(401)
})

test('security headers on every kind of answer', async () => {
  for (const path of ['/livez', '/v1/time', '/nowhere']) {
    const response = await asAdmin('GET', path)
    const names = [
      'content-security-policy',
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'permissions-policy',
      'referrer-policy',
      'x-content-type-options',
      'x-frame-options',
      'cache-control',
    ]
    expect(Object.fromEntries(names.map((name) => [name, response.headers.get(name)]))).toMatchSnapshot()
    expect(response.headers.get('x-trace-id')).toMatch(/^[\w-]{8,64}$/)
  }
})

test('rate limits are told and enforced', async () => {
  const first = await asAdmin('GET', '/v1/time')
  expect(first.headers.get('ratelimit-limit')).toBe('600')
  expect(Number(first.headers.get('ratelimit-remaining'))).toBeLessThan(600)
  const cookie = (await cookieOf()).split(';')[0] as string
  const statuses: number[] = []
  for (let i = 0; i < 61; i++)
    statuses.push((await call('POST', '/v1/halts', { cookie, 'x-contrail-request': '1' }, { bad: i })).status)
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
  expect(statuses[0]).toBe(400)
})

test('candles carry an ETag and are not sent again', async () => {
  const path = '/v1/candles?venue=sim&instrument=BTC-USDT&timeframe=1m'
  const first = await asAdmin('GET', path)
  const tag = first.headers.get('etag') as string
  const second = await asAdmin('GET', path, { 'if-none-match': tag })
  expect([second.status, await second.text()]).toEqual([304, ''])
})

test('bad input is named with field, value and mend', async () => {
  const cases: [string, string, unknown, number, string][] = [
    ['GET', '/v1/candles?venue=sim&instrument=btc&timeframe=1m', undefined, 400, 'query.instrument'],
    ['GET', '/v1/candles?venue=sim&instrument=BTC-USDT&timeframe=2m', undefined, 400, 'query.timeframe'],
    ['GET', '/v1/orders?limit=100000', undefined, 400, 'query.limit'],
    ['GET', '/v1/orders?limit=1&limit=2', undefined, 400, 'query.limit'],
    ['GET', '/v1/orders?colour=red', undefined, 400, 'query'],
    ['GET', '/v1/orders/a%2Fb', undefined, 400, 'path.orderId'],
    ['GET', '/v1/orders/unknown-1-0', undefined, 404, 'orderId'],
    ['POST', '/v1/halts', { scope: 'moon', state: 'halted', reason: 'a test' }, 400, 'body.scope'],
    ['GET', '/v1/stream?topics=gossip', undefined, 400, 'topics'],
    ['GET', '/v1/nothing', undefined, 404, 'path'],
  ]
  for (const [method, path, body, status, field] of cases) {
    const response = await asAdmin(method, path, {}, body)
    const found = await problem(response)
    expect([path, response.status, found['field']]).toEqual([path, status, field])
    expect(found['mend']).toEqual(expect.any(String))
    expect(JSON.stringify(found)).not.toMatch(/\.ts:|node_modules/)
  }
})

test('a manual order needs a key; a repeat is the first answer; another body under it is refused', async () => {
  const key = { 'idempotency-key': 'k-1' }
  expect((await asAdmin('POST', '/v1/orders', {}, example.manualOrder)).status).toBe(400)
  const before = standIn.told.length
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => asAdmin('POST', '/v1/orders', key, example.manualOrder)),
  )
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
  const sent = standIn.told.slice(before).filter(({ method }) => method === 'POST')
  expect(sent).toEqual([
    expect.objectContaining({
      path: '/orders',
      key: 'k-1',
      body: expect.objectContaining({ account: 'paper', by: 'admin' }),
    }),
  ])
  const other = await asAdmin('POST', '/v1/orders', key, { ...example.manualOrder, quantity: '9' })
  expect(await problem(other)).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
})

test('a body over the limit is refused unread', async () => {
  const response = await asAdmin('POST', '/v1/halts', {}, { reason: 'x'.repeat(300_000) })
  expect(await problem(response)).toMatchObject({ status: 413, code: 'too_large' })
})

test('an answer outside the contract is a 502 that names the service', async () => {
  standIn.says.positions = [{ quantity: 1.5 } as never]
  const found = await problem(await asAdmin('GET', '/v1/positions'))
  standIn.says.positions = []
  expect(found).toMatchObject({ status: 502, code: 'bad_answer', value: expect.stringContaining('portfolio') })
})

test('a fault behind is a 502 without its stack', async () => {
  standIn.before = () => {
    throw new Error('secret detail of a service')
  }
  const response = await asAdmin('GET', '/v1/orders')
  standIn.before = () => undefined
  expect(response.status).toBe(502)
  expect(await response.text()).not.toContain('secret detail')
})

test('status says what each service says, and the deployment is complete', async () => {
  const status = (await (await asAdmin('GET', '/v1/status')).json()) as { services: { name: string; ready: boolean }[] }
  expect(status).toMatchObject({ bus: 'connected', tradingState: 'active' })
  expect(status.services.map(({ name, ready }) => [name, ready])).toEqual([
    ['ingest', true],
    ['engine', true],
    ['orders', true],
    ['portfolio', true],
    ['strategies', true],
  ])
})

test('another host name is not ours: DNS rebinding finds no session', async () => {
  const cookie = (await cookieOf()).split(';')[0] as string
  const { request } = await import('node:http')
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'evil.example', cookie }
    request(`${gateway.url}/v1/time`, { headers }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(421)
})

test('the token is in no log', async () => {
  await asAdmin('GET', '/v1/orders/unknown-1-0')
  expect(gateway.log()).not.toContain(gateway.token)
})
