import { Refusal, refuse } from '@contrail/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createLogger } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createHttp, jsonBody } from './app.ts'
import { internalClient } from './client.ts'
import { listen } from './listen.ts'

const TOKEN = 'the-internal-token'
let logged = ''
const reasons: string[] = []
const app = createHttp({
  name: 'orders',
  log: createLogger({ name: 'orders', destination: { write: (line: string) => void (logged += line) } }),
  metrics: createMetrics(),
  internalToken: TOKEN,
  ready: async () => reasons,
  bodyBytesMax: 1000,
})
app.get('/refused/:code', (c) => {
  throw refuse(c.req.param('code'), 'orderId', 'abc', 'list the orders')
})
app.get('/bug', () => {
  throw new Error('the password is hunter2')
})
app.get('/zod', () => z.object({ a: z.number() }).parse({ a: 'x' }) && new Response())
app.post('/echo', async (c) => c.json({ got: await jsonBody(c) }))
app.get('/slow', () => new Promise(() => {}))

describe('the HTTP kit', () => {
  let server: Awaited<ReturnType<typeof listen>>
  let client: ReturnType<typeof internalClient>
  beforeAll(async () => {
    server = await listen(app, { host: '127.0.0.1', port: 0 })
    client = internalClient(server.url, TOKEN, { timeoutMs: 2000 })
  })
  afterAll(() => server.close())
  const raw = (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
    fetch(server.url + path, { headers })

  it.each([
    ['unknown_order', 404],
    ['invalid_id', 400],
    ['bad_json', 400],
    ['already_redriven', 409],
    ['wrong_revision', 409],
    ['trading_halted', 422],
    ['forbidden', 403],
    ['rate_limited', 429],
    ['unavailable', 503],
  ])('the refusal %s is answered with %i, as a problem with its mend', async (code, status) => {
    const response = await raw(`/refused/${code}`)
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({
      status,
      code,
      field: 'orderId',
      value: '"abc"',
      mend: 'list the orders',
    })
  })

  it('a refusal crosses the wire unchanged', async () => {
    const error = await client.get('/refused/unknown_order').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Refusal)
    expect(error).toMatchObject({ code: 'unknown_order', field: 'orderId', value: '"abc"', mend: 'list the orders' })
    expect((error as Error).message).toBe('orderId: "abc" refused (unknown_order); list the orders')
  })

  it('a bug shows only its trace id; the log has the rest', async () => {
    const response = await raw('/bug')
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toContain('hunter2')
    expect(text).not.toContain('http.test.ts')
    const { traceId } = JSON.parse(text) as { traceId: string }
    expect(logged).toContain(traceId)
    expect(logged).toContain('http.test.ts')
  })

  it('a schema error that escaped names its field', async () => {
    const response = await raw('/zod')
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid', field: 'a' }])
  })

  it.each([{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${TOKEN}x` }, { authorization: TOKEN }])(
    'without the token nothing is served: %j',
    async (headers) => {
      const response = await raw('/refused/unknown_order', headers as Record<string, string>)
      expect([response.status, (await response.json()) as unknown]).toMatchObject([401, { code: 'unauthorised' }])
    },
  )

  it('health and metrics need no token; readiness has its reasons', async () => {
    expect((await raw('/livez', {})).status).toBe(200)
    expect(await (await raw('/readyz', {})).json()).toEqual({ name: 'orders', ready: true, reasons: [] })
    reasons.push('no lease yet')
    const notReady = await raw('/readyz', {})
    expect([notReady.status, await notReady.json()]).toEqual([503, { name: 'orders', ready: false, reasons }])
    reasons.length = 0
    expect(await (await raw('/metrics', {})).text()).toContain('contrail_http_request_seconds_count')
  })

  it('bodies are JSON and have a limit', async () => {
    expect(await client.post('/echo', { a: 1 }, z.object({ got: z.object({ a: z.number() }) }))).toEqual({
      got: { a: 1 },
    })
    await expect(client.post('/echo', { a: 'x'.repeat(2000) })).rejects.toMatchObject({ code: 'too_large' })
    const post = await fetch(`${server.url}/echo`, {
      method: 'POST',
      body: '{"a":',
      headers: { authorization: `Bearer ${TOKEN}` },
    })
    expect(await post.json()).toMatchObject({ code: 'bad_json', field: 'body' })
  })

  it('an answer of the wrong shape is refused by its field', async () => {
    const wrong = client.post('/echo', { a: 1 }, z.object({ items: z.array(z.string()) }))
    await expect(wrong).rejects.toMatchObject({ code: 'invalid', field: '/echo.items' })
  })

  it('a path that is not there, a service that is silent or away, a port in use: each says so', async () => {
    await expect(client.get('/nothing')).rejects.toMatchObject({ code: 'not_found', field: 'path' })
    const hasty = internalClient(server.url, TOKEN, { timeoutMs: 50 })
    await expect(hasty.get('/slow')).rejects.toMatchObject({ code: 'timed_out' })
    const port = Number(new URL(server.url).port)
    await expect(listen(app, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'port_in_use' })
    const gone = await listen(app, { host: '127.0.0.1', port: 0 })
    await gone.close()
    await expect(internalClient(gone.url, TOKEN).get('/livez')).rejects.toMatchObject({ code: 'unavailable' })
  })
})
