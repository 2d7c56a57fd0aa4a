import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as example from './routes/research-examples.ts'
import { startTestGateway } from './testing/gateway.ts'
import type { TestGateway } from './testing/gateway.ts'
import { REPORT } from './testing/stand-in-research.ts'
import { startStandIn } from './testing/stand-in.ts'
import type { StandIn } from './testing/stand-in.ts'

let standIn: StandIn
let gateway: TestGateway
beforeAll(async () => {
  standIn = await startStandIn()
  gateway = await startTestGateway(standIn.url)
})
afterAll(async () => {
  await gateway.stop()
  await standIn.close()
})
type Asked = { method?: string; body?: string; headers?: Record<string, string> }
const ask = (path: string, init: Asked = {}) =>
  fetch(gateway.url + path, {
    ...init,
    headers: {
      authorization: `Bearer ${gateway.token}`,
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
  })
const backtest = (body: object, headers: Record<string, string> = {}) =>
  ask('/v1/backtests', { method: 'POST', body: JSON.stringify(body), headers })
const run = `/v1/runs/${example.run.id}`
const job = `/v1/jobs/${example.done.id}`

test('a backtest is taken: 202, where to look, and who asked', async () => {
  const answer = await backtest(example.backtest, { 'idempotency-key': 'once' })
  expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/jobs/${example.queued.id}`])
  expect(await answer.json()).toEqual(example.queued)
  const repeated = await backtest(example.backtest, { 'idempotency-key': 'once' })
  expect(repeated.headers.get('location')).toBe(`/v1/jobs/${example.queued.id}`)
  const told = standIn.told.filter(({ path }) => path === '/backtests')
  expect(told).toEqual([expect.objectContaining({ method: 'POST', key: 'once', by: 'admin' })])
  expect((await backtest({ ...example.backtest, cash: 5 }, { 'idempotency-key': 'once' })).status).toBe(422)
})

test.each([
  [{ ...example.backtest, cash: -1 }, 'body.cash'],
  [{ ...example.backtest, colour: 'red' }, 'body'],
  [{ ...example.backtest, data: { venue: 'sim', instrument: 'btc' } }, 'body.data.instrument'],
  [{ ...example.backtest, parameters: { text: 'x'.repeat(20_000) } }, 'body.parameters'],
])('what does not fit goes no further than the door', async (body, field) => {
  const before = standIn.told.length
  const answer = await backtest(body)
  expect([answer.status, ((await answer.json()) as { field: string }).field]).toEqual([400, field])
  expect(standIn.told.length).toBe(before)
})

test('a tear sheet runs as nobody: its own policy, no cookie of the service, no way to our doors', async () => {
  const answer = await ask(`${run}/report.html`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(await answer.text()).toBe(REPORT)
  const policy = answer.headers.get('content-security-policy')?.split('; ')
  expect(policy).toContain('sandbox allow-scripts')
  expect(policy).toContain("default-src 'none'")
  expect(answer.headers.get('set-cookie')).toBeNull()
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  const other = await ask(`${run}/trades.csv`)
  expect(other.headers.get('content-security-policy')).toContain("script-src 'self'")
})

test('events are passed on with the place where the reader was', async () => {
  const answer = await ask(`${job}/events`)
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(await answer.text()).toContain('event: done')
  const seen = { 'last-event-id': String(example.done.revision) }
  expect((await ask(`${job}/events`, { headers: seen })).status).toBe(204)
  expect((await ask(`/v1/jobs/job-${'0'.repeat(16)}/events`)).status).toBe(404)
  expect((await ask('/v1/jobs/x1/events')).status).toBe(400)
})

test('a record is not sent twice to who has it', async () => {
  const tag = (await ask(run)).headers.get('etag') as string
  expect((await ask(run, { headers: { 'if-none-match': tag } })).status).toBe(304)
})

test('events come as they happen, and who leaves lets go of the service behind', async () => {
  let behind: ServerResponse | undefined
  const closed = new Promise<void>((resolve) => {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!request.url?.endsWith('/events')) return void response.end('{}')
      behind = response
      response.once('close', resolve)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 1\nevent: progress\ndata: {}\n\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const other = await startTestGateway(standIn.url, { strategiesUrl: url })
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${other.token}` }
  const answer = await fetch(`${other.url}${job}/events`, { headers, signal: leave.signal })
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('id: 1')
  behind?.write('id: 2\nevent: progress\ndata: {}\n\n')
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('id: 2')
  leave.abort()
  await closed
  await other.stop()
  server.close()
})
const server = createServer()
