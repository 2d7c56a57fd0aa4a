import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpProblem } from './http/problem.ts'
import { createUpstream } from './upstream.ts'
import type { Upstream } from './upstream.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function behind(
  answer: RequestListener,
  timeouts = { readMs: 5000, writeMs: 5000, openMs: 5000 },
): Promise<Upstream> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return createUpstream({ ingest: url, engine: url, orders: url, portfolio: url, strategies: url }, 'secret', timeouts)
}
const problemOf = (work: Promise<unknown>): Promise<HttpProblem> =>
  work.then(
    () => {
      throw new Error('it was answered')
    },
    (error: unknown) => error as HttpProblem,
  )

test('a service that is away is a 503 with its name', async () => {
  const upstream = await behind((_, response) => response.end('{}'))
  servers[0]?.close().closeAllConnections()
  const problem = await problemOf(upstream.call('orders', '/orders'))
  expect(problem).toMatchObject({
    status: 503,
    code: 'service_unavailable',
    about: { field: 'service', value: 'orders' },
  })
  expect(await upstream.ready('orders')).toBeUndefined()
})

test('a slow read is a 503; a slow change says that nobody knows', async () => {
  const upstream = await behind(() => undefined, { readMs: 20, writeMs: 20, openMs: 20 })
  expect(await problemOf(upstream.call('orders', '/orders'))).toMatchObject({ status: 503 })
  const change = upstream.call('orders', '/orders', { method: 'POST', body: {} })
  expect(await problemOf(change)).toMatchObject({ status: 504, code: 'outcome_unknown' })
})

test('a refusal is passed on as it was stated', async () => {
  const body = { type: 'urn:x', title: 'No', status: 422, code: 'stopped', detail: 'it is stopped', mend: 'start it' }
  const upstream = await behind((_, response) => response.writeHead(422).end(JSON.stringify(body)))
  const problem = await problemOf(upstream.call('strategies', '/strategies/a/resume', { method: 'POST', body: {} }))
  expect(problem).toMatchObject({ status: 422, code: 'stopped', message: 'it is stopped', about: { mend: 'start it' } })
})

test.each([
  ['a page of HTML', (_, response) => response.end('<html>')],
  ['a refusal of our own token', (_, response) => response.writeHead(401).end('{}')],
  ['a fault', (_, response) => response.writeHead(500).end('{"detail":"secret"}')],
  ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
] as [string, RequestListener][])('%s is no answer', async (_, answer) => {
  const problem = await problemOf((await behind(answer)).call('ingest', '/feeds'))
  expect([502, 503]).toContain(problem.status)
  expect(problem.message).not.toContain('secret')
})

test('what is asked arrives: method, query, body, token, key', async () => {
  const seen: unknown[] = []
  const upstream = await behind((request, response) => {
    const { authorization, 'idempotency-key': key } = request.headers
    seen.push([request.method, request.url, authorization, key])
    response.end('{"ok":true}')
  })
  const headers = { 'idempotency-key': 'k' }
  const query = { limit: 5, cursor: undefined, strategy: 'a&b' }
  expect(await upstream.call('orders', '/orders', { method: 'POST', query, body: {}, headers })).toEqual({ ok: true })
  expect(seen).toEqual([['POST', '/orders?limit=5&strategy=a%26b', 'Bearer secret', 'k']])
})

test('readiness carries the reasons', async () => {
  const reasons = { ready: false, reasons: ['the database is away'] }
  const upstream = await behind((_, response) => response.writeHead(503).end(JSON.stringify(reasons)))
  expect(await upstream.ready('orders')).toEqual(['the database is away'])
})
