import { Refusal, refuse } from '@contrail/contracts'
import type { Problem } from '@contrail/contracts'
import { gatewayUrl, token } from './home.ts'

const ANSWER_MS_MAX = 15_000

/** One call to the gateway. A refusal comes back as it was stated. */
export async function call<T>(method: string, path: string, body?: unknown, answerMsMax = ANSWER_MS_MAX): Promise<T> {
  const url = gatewayUrl()
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token()}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerMsMax),
  }).catch((error: Error) => {
    throw refuse(
      error.name === 'TimeoutError' ? 'timed_out' : 'unavailable',
      'platform',
      url,
      'is it running? npm start, or contrail doctor',
    )
  })
  if (answer.ok) return (await answer.json()) as T
  const problem = (await answer.json().catch(() => undefined)) as Problem | undefined
  if (!problem?.code) throw refuse('unavailable', 'platform', `${answer.status} from ${url}`, 'see contrail doctor')
  throw refusalOf(problem)
}

export const get = <T>(path: string): Promise<T> => call<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body)

function refusalOf(problem: Problem): Refusal {
  return new Refusal(
    problem.code,
    problem.field ?? 'request',
    { toString: () => problem.value ?? '' },
    problem.mend ?? problem.detail,
  )
}

export function query(values: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) if (value !== undefined) parameters.set(key, String(value))
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
