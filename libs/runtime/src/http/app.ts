import { randomUUID, timingSafeEqual } from 'node:crypto'
import { mendOf, Refusal, refuse } from '@contrail/contracts'
import type { Problem } from '@contrail/contracts'
import { Hono } from 'hono'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { routePath } from 'hono/route'
import { ZodError } from 'zod'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { bugProblem, problemOf } from './problem.ts'

/** Largest body that a service reads, unless it says otherwise. */
const BODY_BYTES_MAX = 256 * 1024
const OPEN_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics'])

export type HttpOptions = {
  name: string
  log: Logger
  metrics: Metrics
  /** Wanted as `authorization: Bearer …` on everything but health and metrics. */
  internalToken?: string
  /** Reasons why not ready; empty = ready. */
  ready?: () => Promise<string[]>
  bodyBytesMax?: number
}

export function createHttp(options: HttpOptions): Hono {
  const app = new Hono()
  const seconds = options.metrics.histogram('http_request_seconds', 'Time to answer', ['method', 'route', 'status'])
  app.use(async (c, next) => {
    const started = performance.now()
    c.header('x-trace-id', traceOf(c))
    await next()
    const labels = { method: c.req.method, route: routePath(c, -1), status: String(c.res.status) }
    seconds.observe(labels, (performance.now() - started) / 1000)
  })
  if (options.internalToken !== undefined) app.use(requireToken(options.internalToken))
  const limit = options.bodyBytesMax ?? BODY_BYTES_MAX
  const tooLarge = (c: Context) =>
    answer(c, problemOf(refuse('too_large', 'body', `over ${limit} bytes`, 'send less'), traceOf(c)))
  app.use(bodyLimit({ maxSize: limit, onError: tooLarge }))
  health(app, options)
  app.notFound((c) => answer(c, problemOf(refuse('not_found', 'path', c.req.path, 'see the API document'), traceOf(c))))
  app.onError((error, c) => {
    const refusal = asRefusal(error)
    if (refusal) return answer(c, problemOf(refusal, traceOf(c)))
    options.log.error({ err: error, method: c.req.method, path: c.req.path, traceId: traceOf(c) }, 'request failed')
    return answer(c, bugProblem(traceOf(c)))
  })
  return app
}

/** The body as JSON, or a refusal that says so. */
export async function jsonBody(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    throw refuse('bad_json', 'body', `${text.length} characters`, 'send one JSON object in UTF-8')
  }
}

function health(app: Hono, options: HttpOptions): void {
  app.get('/livez', (c) => c.json({ name: options.name, live: true }))
  app.get('/readyz', async (c) => {
    const reasons = await readiness(options)
    return c.json({ name: options.name, ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503)
  })
  app.get('/metrics', async (c) =>
    c.body(await options.metrics.text(), 200, { 'content-type': options.metrics.contentType }),
  )
}

async function readiness(options: HttpOptions): Promise<string[]> {
  try {
    return (await options.ready?.()) ?? []
  } catch (error) {
    options.log.warn({ err: error }, 'readiness check failed')
    return ['the readiness check itself failed; see the log']
  }
}

function requireToken(token: string) {
  const wanted = Buffer.from(`Bearer ${token}`)
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    if (!OPEN_PATHS.has(c.req.path)) {
      const given = Buffer.from(c.req.header('authorization') ?? '')
      // The length is no secret; the content is compared in constant time.
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
        throw refuse('unauthorised', 'authorization', '***', 'send the internal token as "Bearer <token>"')
    }
    await next()
  }
}

function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (!(error instanceof ZodError)) return undefined
  const issue = error.issues[0]
  return refuse('invalid', issue?.path.join('.') || 'request', 'given', mendOf(issue))
}

const traces = new WeakMap<Request, string>()

/** The caller's trace id when it is a sane one, else a new one. */
function traceOf(c: Context): string {
  const known = traces.get(c.req.raw)
  if (known) return known
  const given = c.req.header('x-trace-id') ?? ''
  const trace = /^[\w-]{8,64}$/.test(given) ? given : randomUUID()
  traces.set(c.req.raw, trace)
  return trace
}

function answer(c: Context, problem: Problem): Response {
  return c.body(JSON.stringify(problem), problem.status as 500, {
    'content-type': 'application/problem+json',
    'x-trace-id': problem.traceId ?? '',
  })
}
