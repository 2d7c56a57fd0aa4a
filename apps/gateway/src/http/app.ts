import { createHash, randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { deleteCookie, setCookie } from 'hono/cookie'
import { routePath } from 'hono/route'
import { check } from '@contrail/contracts'
import type { Logger, Metrics } from '@contrail/runtime'
import { byToken, checkHost, checkSameSite, guard } from '../auth/guard.ts'
import type { GuardOptions } from '../auth/guard.ts'
import { queryOf } from '../routes/kit.ts'
import type { Route, RouteContext } from '../routes/kit.ts'
import { nonsense } from '../upstream.ts'
import type { GatewayEnv } from './environment.ts'
import { DOCUMENT_POLICY, securityHeaders } from './headers.ts'
import { IDEMPOTENCY_HEADER, idempotencyKey } from './idempotency.ts'
import type { Idempotency } from './idempotency.ts'
import { answerProblem, HttpProblem, problemOf } from './problem.ts'

export type AppOptions = {
  guard: GuardOptions
  https: boolean
  log: Logger
  metrics: Metrics
  /** Reasons why not ready. */
  ready: () => string[]
}

const BODY_BYTES_MAX = 256 * 1024
/** A deployment carries its bundle and its source. */
const DEPLOY_BYTES_MAX = 6 * 1024 * 1024
/** As long as a session can live; the server ends it earlier. */
const COOKIE_SECONDS = 30 * 86_400

export function createApp(options: AppOptions): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>()
  const seconds = options.metrics.histogram('gateway_request_seconds', 'Time to answer', ['method', 'route', 'status'])
  app.use(async (c, next) => {
    const started = performance.now()
    c.set('traceId', traceOf(c.req.header('x-trace-id')))
    c.header('x-trace-id', c.get('traceId'))
    await next()
    const labels = { method: c.req.method, route: routePath(c, -1), status: String(c.res.status) }
    seconds.observe(labels, (performance.now() - started) / 1000)
  })
  app.use(securityHeaders(options.https))
  app.onError((error, c) => {
    const problem = problemOf(error)
    if (problem.status === 500)
      options.log.error({ err: error, method: c.req.method, path: c.req.path, traceId: c.get('traceId') }, 'failed')
    return answerProblem(c, problem, c.get('traceId'))
  })
  app.notFound((c) =>
    answerProblem(
      c,
      new HttpProblem(404, 'not_found', 'there is nothing here', {
        field: 'path',
        value: c.req.path.slice(0, 120),
        mend: 'see /v1/openapi.json',
      }),
      c.get('traceId'),
    ),
  )
  app.get('/livez', (c) => c.json({ name: 'gateway', live: true }))
  app.get('/readyz', (c) => {
    const reasons = options.ready()
    return c.json({ name: 'gateway', ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503)
  })
  sessionRoutes(app, options)
  app.use('/v1/*', guard(options.guard))
  app.use('/v1/*', limitBody)
  app.use('/metrics', guard(options.guard))
  app.get('/metrics', async (c) =>
    c.body(await options.metrics.text(), 200, { 'content-type': options.metrics.contentType }),
  )
  return app
}

/** The page hands its token in once and gets a cookie that no script can read. */
function sessionRoutes(app: Hono<GatewayEnv>, { guard: options, https }: AppOptions): void {
  const cookie = { path: '/', httpOnly: true, sameSite: 'Strict', secure: https } as const
  app.post('/v1/session', async (c) => {
    checkHost(c, options.hosts)
    checkSameSite(c)
    if ((await byToken(c, options)) === undefined)
      throw new HttpProblem(401, 'unauthorized', 'no token', {
        field: 'authorization',
        mend: 'open the printed URL, it carries the token behind the #',
      })
    setCookie(c, options.cookieName, await options.sessions.create(), { ...cookie, maxAge: COOKIE_SECONDS })
    return c.json({ opened: true })
  })
  app.use('/v1/session', guard(options))
  app.delete('/v1/session', async (c) => {
    const principal = c.get('principal')
    if (principal.startsWith('session:')) await options.sessions.end(principal.slice('session:'.length))
    deleteCookie(c, options.cookieName, cookie)
    return c.json({ ended: true })
  })
}

/** Thin door: parse, run, check the answer. */
export function mountRoute(
  app: Hono<GatewayEnv>,
  route: Route,
  context: (request: Pick<RouteContext, 'principal' | 'signal' | 'lastEventId'>) => RouteContext,
  idempotency: Idempotency,
): void {
  const pattern = route.path.replace(/\{(\w+)\}/g, ':$1')
  app[route.method](pattern, async (c) => {
    const key =
      route.idempotency === 'none'
        ? undefined
        : idempotencyKey(c.req.header(IDEMPOTENCY_HEADER), route.idempotency === 'required')
    const input = {
      params: check(route.params, c.req.param(), 'path'),
      query: queryOf(route.query, new URL(c.req.url).searchParams),
      body: await bodyOf(route, c),
      headers: key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key },
    }
    const asker = context({
      principal: c.get('principal'),
      signal: c.req.raw.signal,
      lastEventId: c.req.header('last-event-id'),
    })
    if (route.media !== undefined) return passOn(c, route, (await route.handle(input as never, asker)) as Response)
    const work = () => answerOf(route, route.handle(input as never, asker))
    const answer =
      key === undefined ? await work() : await idempotency.run(key, `${route.method} ${c.req.path}`, input.body, work)
    if (route.location) c.header('location', route.location(answer))
    return route.etag ? withTag(c, JSON.stringify(answer)) : c.json(answer as object, route.status)
  })
}

/** Nothing of the service's answer but its bytes: the headers are ours. */
function passOn(c: Context<GatewayEnv>, route: Route, answer: Response): Response {
  if (answer.status === 204) return c.body(null, 204)
  const bytes = answer.headers.get('content-length')
  if (bytes !== null && answer.headers.get('content-encoding') === null) c.header('content-length', bytes)
  if (route.media?.startsWith('text/html')) c.header('content-security-policy', DOCUMENT_POLICY)
  if (route.media?.startsWith('text/event-stream')) c.header('x-accel-buffering', 'no')
  return c.body(answer.body as ReadableStream, 200, { 'content-type': route.media as string })
}

async function answerOf(route: Route, work: Promise<unknown>): Promise<unknown> {
  const result = route.answer.safeParse(await work)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw nonsense(route.service, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown'}`)
}

async function bodyOf(route: Route, c: Context<GatewayEnv>): Promise<unknown> {
  if (!route.body) return undefined
  const text = await c.req.text()
  if (text === '') return check(route.body, undefined, 'body')
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw new HttpProblem(415, 'media_type', 'this body is read as JSON only', {
      field: 'content-type',
      value: c.req.header('content-type') ?? 'nothing',
      mend: 'send content-type: application/json',
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HttpProblem(400, 'bad_json', 'the body is no JSON', { field: 'body', mend: 'send one JSON object' })
  }
  return check(route.body, value, 'body')
}

function withTag(c: Context<GatewayEnv>, text: string): Response {
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  c.header('etag', tag)
  c.header('cache-control', 'private, no-cache')
  if (c.req.header('if-none-match') === tag) return c.body(null, 304)
  return c.body(text, 200, { 'content-type': 'application/json' })
}

/** Nobody's body is read before it is known who sends it. */
const limitBody: MiddlewareHandler<GatewayEnv> = (c, next) => {
  const maxSize = c.req.path === '/v1/strategies' ? DEPLOY_BYTES_MAX : BODY_BYTES_MAX
  return bodyLimit({
    maxSize,
    onError() {
      const about = { field: 'body', value: `over ${maxSize} bytes`, mend: 'send less' }
      // The rest of the body is not read, so this connection cannot carry another request.
      throw new HttpProblem(413, 'too_large', `the body of ${c.req.path} is too large`, about, { connection: 'close' })
    },
  })(c, next)
}

const traceOf = (given: string | undefined): string => (/^[\w-]{8,64}$/.test(given ?? '') ? given! : randomUUID())
