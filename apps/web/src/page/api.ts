import type { Problem } from '@contrail/contracts'

/** A refusal of the server, in its own words. */
export class ApiProblem extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

const OWN = { 'x-contrail-request': '1' }

export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path, { headers: { accept: 'application/json' } }))
}

/** Every change carries a key, so that a repeat by the network is no second order. */
export async function send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers = { ...OWN, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }
  return answer<T>(
    await fetch(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  )
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as T
  throw new ApiProblem(
    (body as Problem | undefined) ?? {
      type: 'about:blank',
      title: 'No answer',
      status: response.status,
      code: 'no_answer',
      detail: `the server answered ${response.status}`,
    },
  )
}

/** Hands a token in and gets a cookie no script can read; the token is not kept anywhere. */
export async function openSession(token: string): Promise<boolean> {
  const response = await fetch('/v1/session', { method: 'POST', headers: { ...OWN, authorization: `Bearer ${token}` } })
  return response.ok
}

/** The token of the printed URL. It leaves the address bar before anything else happens. */
export function takeToken(): string | undefined {
  const token = /^#token=([\w.~-]+)$/.exec(location.hash)?.[1]
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  return token
}

export const explain = (error: unknown): string => {
  if (error instanceof ApiProblem) return [error.problem.detail, error.problem.mend].filter(Boolean).join(' — ')
  return 'The server cannot be reached. Trying again.'
}
