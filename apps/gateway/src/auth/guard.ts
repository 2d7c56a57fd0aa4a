import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { GatewayEnv } from '../http/environment.ts'
import { addressOf } from '../http/environment.ts'
import type { Limits, Verdict } from '../http/limits.ts'
import { HttpProblem } from '../http/problem.ts'
import type { Sessions } from './sessions.ts'
import { bearerOf, tokenMatches } from './token.ts'

export type GuardOptions = {
  adminTokenSha256: string
  sessions: Sessions
  limits: Limits
  cookieName: string
  /** Host names that the page may be opened under (no port): a name an attacker re-points at us is none of them. */
  hosts: ReadonlySet<string>
  count: (outcome: string) => void
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
/** A form or an image of another site cannot set it. */
export const CSRF_HEADER = 'x-contrail-request'

/** Who asks? A bearer token (CLI, scripts) or a session cookie (the page). Nobody else comes in. */
export function guard(options: GuardOptions): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const principal = (await byToken(c, options)) ?? (await bySession(c, options))
    if (principal === undefined) {
      options.count('missing')
      throw unauthorized('no token', 'send "Authorization: Bearer <token>", or open the printed URL')
    }
    c.set('principal', principal)
    const verdict = await options.limits[SAFE.has(c.req.method) ? 'read' : 'write'].take(principal)
    rateHeaders(c, verdict)
    if (!verdict.allowed) throw tooMany(verdict)
    await next()
  }
}

export async function byToken(c: Context<GatewayEnv>, options: GuardOptions): Promise<string | undefined> {
  const header = c.req.header('authorization')
  if (header === undefined) return undefined
  const token = bearerOf(header)
  // A right token always passes: nobody is locked out by somebody else's wrong ones.
  if (token !== undefined && tokenMatches(token, options.adminTokenSha256)) {
    options.count('token')
    return 'token'
  }
  options.count('wrong')
  const verdict = await options.limits.auth.take(addressOf(c))
  if (!verdict.allowed) throw tooMany(verdict)
  throw unauthorized('this token is not valid', 'use the token that was printed at the first start')
}

async function bySession(c: Context<GatewayEnv>, options: GuardOptions): Promise<string | undefined> {
  const id = getCookie(c, options.cookieName)
  if (id === undefined || id.length > 100) return undefined
  checkHost(c, options.hosts)
  const key = await options.sessions.find(id)
  if (key === undefined) return undefined
  if (!SAFE.has(c.req.method)) checkSameSite(c)
  options.count('session')
  return `session:${key}`
}

export function checkHost(c: Context, hosts: ReadonlySet<string>): void {
  const name = new URL(c.req.url).hostname
  if (!hosts.has(name))
    throw new HttpProblem(421, 'unknown_host', `this page is not served under the name ${name}`, {
      field: 'host',
      value: name,
      mend: 'open the printed URL, or set CONTRAIL_GATEWAY_PUBLIC_URL',
    })
}

/** SameSite=Strict already keeps the cookie at home; this holds also where a browser does not know that. */
export function checkSameSite(c: Context): void {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  const own = new URL(c.req.url)
  const foreign =
    (site !== undefined && site !== 'same-origin') ||
    (origin !== undefined && hostOf(origin) !== own.host) ||
    c.req.header(CSRF_HEADER) === undefined
  if (foreign)
    throw new HttpProblem(403, 'cross_site', 'a change by cookie must come from our own page', {
      field: CSRF_HEADER,
      mend: `send the header "${CSRF_HEADER}: 1" from the same origin, or use a bearer token`,
    })
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

const unauthorized = (detail: string, mend: string) =>
  new HttpProblem(401, 'unauthorized', detail, { field: 'authorization', mend }, { 'www-authenticate': 'Bearer' })

export const tooMany = (verdict: Verdict) =>
  new HttpProblem(
    429,
    'rate_limited',
    `more than ${verdict.limit} requests in the window`,
    { mend: `wait ${verdict.resetSeconds} s` },
    { 'retry-after': String(verdict.resetSeconds), ...rateHeaderValues(verdict) },
  )

function rateHeaders(c: Context, verdict: Verdict): void {
  for (const [name, value] of Object.entries(rateHeaderValues(verdict))) c.header(name, value)
}
const rateHeaderValues = (verdict: Verdict): Record<string, string> => ({
  'ratelimit-limit': String(verdict.limit),
  'ratelimit-remaining': String(verdict.remaining),
  'ratelimit-reset': String(verdict.resetSeconds),
})
