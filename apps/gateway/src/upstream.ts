import { problemSchema } from '@contrail/contracts'
import { HttpProblem } from './http/problem.ts'

export const SERVICES = ['ingest', 'engine', 'orders', 'portfolio', 'strategies'] as const
export type ServiceName = (typeof SERVICES)[number]
export type UpstreamCall = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: unknown
  headers?: Record<string, string>
}
export type OpenCall = { readonly signal: AbortSignal; readonly headers?: Record<string, string> }
export type Upstream = {
  call(service: ServiceName, path: string, call?: UpstreamCall): Promise<unknown>
  /** The answer itself, whose body is read as it comes: a file, or a stream that ends with the asker. */
  open(service: ServiceName, path: string, call: OpenCall): Promise<Response>
  /** Reasons why a service is not ready; empty = ready, undefined = no answer. */
  ready(service: ServiceName): Promise<string[] | undefined>
}

/** A read answers within this or counts as away; a change may wait for a venue. */
const TIMEOUTS = { readMs: 5_000, writeMs: 15_000, openMs: 15_000 }
const ANSWER_BYTES_MAX = 32 * 1024 * 1024

export function createUpstream(
  urls: Record<ServiceName, string>,
  token: string,
  timeouts: typeof TIMEOUTS = TIMEOUTS,
): Upstream {
  return {
    async call(service, path, { method = 'GET', query, body, headers } = {}) {
      const url = new URL(path, urls[service])
      for (const [name, value] of Object.entries(query ?? {}))
        if (value !== undefined) url.searchParams.set(name, String(value))
      const timeoutMs = method === 'GET' ? timeouts.readMs : timeouts.writeMs
      const response = await send(service, url, AbortSignal.timeout(timeoutMs), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return response.ok ? jsonOf(service, response) : rethrow(service, response)
    },
    async open(service, path, { signal, headers }) {
      // Until the first byte. What comes then may take as long as it takes, and who leaves cancels the body.
      const heads = new AbortController()
      const late = setTimeout(() => heads.abort(new DOMException('late', 'TimeoutError')), timeouts.openMs)
      const left = (): void => heads.abort()
      signal.addEventListener('abort', left, { once: true })
      try {
        const response = await send(service, new URL(path, urls[service]), heads.signal, {
          method: 'GET',
          headers: { authorization: `Bearer ${token}`, 'accept-encoding': 'identity', ...headers },
        })
        return response.ok ? response : await rethrow(service, response)
      } finally {
        clearTimeout(late)
        signal.removeEventListener('abort', left)
      }
    },
    async ready(service) {
      try {
        const response = await fetch(new URL('/readyz', urls[service]), { signal: AbortSignal.timeout(2000) })
        return response.ok ? [] : reasonsOf(await response.json().catch(() => undefined), response.status)
      } catch {
        return undefined // no answer is an answer here: the caller shows the service as away
      }
    },
  }
}

type Init = RequestInit & { method: string }
async function send(service: ServiceName, url: URL, signal: AbortSignal, init: Init): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'error', signal })
  } catch (error) {
    if (init.method !== 'GET' && (error as Error).name === 'TimeoutError')
      throw new HttpProblem(504, 'outcome_unknown', `${service} did not answer: it may have acted, or not`, {
        field: 'service',
        value: service,
        mend: 'look at the list before you repeat; repeat only with the same Idempotency-Key',
      })
    throw new HttpProblem(503, 'service_unavailable', `${service} is away`, {
      field: 'service',
      value: service,
      mend: 'see /v1/status; it comes back by itself when the service does',
    })
  }
}

async function jsonOf(service: ServiceName, response: Response): Promise<unknown> {
  if (response.status === 204) return {}
  const text = await response.text()
  try {
    if (text.length <= ANSWER_BYTES_MAX) return JSON.parse(text)
  } catch {
    // falls through: named below
  }
  throw nonsense(service, `${text.length} characters that are no JSON`)
}

export const nonsense = (service: string, found: string) =>
  new HttpProblem(502, 'bad_answer', `${service} gave an answer outside the contract`, {
    field: 'service',
    value: `${service}: ${found}`.slice(0, 200),
    mend: 'are all services of one version? see /v1/status',
  })

/** A service's refusal goes to the asker as it is; its faults are ours to explain. */
async function rethrow(service: ServiceName, response: Response): Promise<never> {
  const body = problemSchema.safeParse(await response.json().catch(() => undefined))
  const passes = [400, 404, 409, 422].includes(response.status)
  if (body.success && passes) {
    const { code, detail, field, value, mend } = body.data
    throw new HttpProblem(response.status as 400, code, detail, { field, value, mend })
  }
  if (response.status === 503)
    throw new HttpProblem(503, 'service_unavailable', `${service} is not ready`, {
      field: 'service',
      value: service,
      mend: 'see /v1/status',
    })
  throw nonsense(service, `status ${response.status}`)
}

function reasonsOf(body: unknown, status: number): string[] {
  const found = body as { reasons?: unknown; detail?: unknown } | undefined
  if (Array.isArray(found?.reasons)) return found.reasons.map(String)
  return [typeof found?.detail === 'string' ? found.detail : `answers ${status}`]
}
