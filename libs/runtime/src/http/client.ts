import { check, problemSchema, refuse } from '@contrail/contracts'
import type { z } from 'zod'
import { refusalOf } from './problem.ts'

const TIMEOUT_MS = 5000

export type InternalClient = {
  get<T = unknown>(path: string, schema?: z.ZodType<T>): Promise<T>
  post<T = unknown>(path: string, body?: unknown, schema?: z.ZodType<T>): Promise<T>
  patch<T = unknown>(path: string, body?: unknown, schema?: z.ZodType<T>): Promise<T>
  delete<T = unknown>(path: string, schema?: z.ZodType<T>): Promise<T>
}

/** Service to service. Another service's refusal comes out as the same refusal; silence as `unavailable`. */
export function internalClient(baseUrl: string, token: string, options: { timeoutMs?: number } = {}): InternalClient {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
  async function call<T>(method: string, path: string, body?: unknown, schema?: z.ZodType<T>): Promise<T> {
    const response = await send(method, new URL(path, baseUrl), token, timeoutMs, body)
    const value = parse(response.text)
    if (response.status >= 400) throw refusalFrom(value, baseUrl, response.status)
    return schema ? check(schema, value, path) : (value as T)
  }
  return {
    get: (path, schema) => call('GET', path, undefined, schema),
    post: (path, body, schema) => call('POST', path, body ?? {}, schema),
    patch: (path, body, schema) => call('PATCH', path, body ?? {}, schema),
    delete: (path, schema) => call('DELETE', path, undefined, schema),
  }
}

async function send(method: string, url: URL, token: string, timeoutMs: number, body: unknown) {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, text: await response.text() }
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError'
    throw late
      ? refuse('timed_out', 'service', url.origin, `it gave no answer within ${timeoutMs} ms; try again`)
      : refuse('unavailable', 'service', url.origin, 'it does not answer; is it running?')
  }
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusalFrom(value: unknown, baseUrl: string, status: number) {
  const problem = problemSchema.safeParse(value)
  if (problem.success && problem.data.status !== 500) return refusalOf(problem.data)
  const trace = problem.success ? ` under ${problem.data.traceId ?? 'no id'}` : ''
  return new Error(`${baseUrl} answered ${status}; see its log${trace}`)
}
