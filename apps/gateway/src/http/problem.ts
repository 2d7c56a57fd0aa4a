import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { Refusal } from '@contrail/contracts'
import type { Problem } from '@contrail/contracts'

/** An answer that is not 2xx: what is wrong, with which value, and the mend. */
export class HttpProblem extends Error {
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly about: { field?: string; value?: string; mend?: string }
  readonly headers: Record<string, string>
  constructor(
    status: ContentfulStatusCode,
    code: string,
    detail: string,
    about: { field?: string | undefined; value?: string | undefined; mend?: string | undefined } = {},
    headers: Record<string, string> = {},
  ) {
    super(detail)
    this.name = 'HttpProblem'
    this.status = status
    this.code = code
    this.about = Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined))
    this.headers = headers
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Who are you?',
  403: 'Not from here',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  421: 'Wrong host',
  422: 'Refused',
  429: 'Too many requests',
  500: 'A fault of ours',
  502: 'A service answered nonsense',
  503: 'A service is away',
  504: 'No answer in time',
}

export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof Refusal)
    return new HttpProblem(
      statusOf(error.code),
      error.code,
      `${error.field}: ${error.value} refused (${error.code}); ${error.mend}`,
      {
        field: error.field,
        value: error.value,
        mend: error.mend,
      },
    )
  return new HttpProblem(500, 'internal', 'the gateway failed; the log has the cause under this trace id', {
    mend: 'try again; if it stays, send the trace id to the operator',
  })
}

const statusOf = (code: string) => (code === 'not_found' ? 404 : code.startsWith('already_') ? 409 : 400)

export function answerProblem(c: Context, error: unknown, traceId: string): Response {
  const problem = problemOf(error)
  const body: Problem = {
    type: `urn:contrail:problem:${problem.code}`,
    title: TITLES[problem.status] ?? 'Refused',
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    ...problem.about,
    traceId,
  }
  return c.body(JSON.stringify(body), problem.status, {
    'content-type': 'application/problem+json',
    ...problem.headers,
  })
}
