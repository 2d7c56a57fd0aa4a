import { Refusal } from '@contrail/contracts'
import type { Problem } from '@contrail/contracts'

export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 503

const STATUS: Readonly<Record<string, ProblemStatus>> = {
  unauthorised: 401,
  unauthorized: 401,
  unauthenticated: 401,
  invalid_token: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  duplicate: 409,
  wrong_revision: 409,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  unavailable: 503,
  not_ready: 503,
  timed_out: 503,
}

/** Codes say what kind of answer they are: `unknown_*` is not there, `already_*` is a conflict, `invalid*` is bad input. */
export function statusOf(code: string): ProblemStatus {
  const exact = STATUS[code]
  if (exact) return exact
  if (/^unknown_|_not_found$/.test(code)) return 404
  if (/^already_|_exists$|_conflict$/.test(code)) return 409
  if (/^(invalid|bad_|missing|off_step|not_finite)/.test(code)) return 400
  return 422
}

export function problemOf(refusal: Refusal, traceId: string): Problem {
  const status = statusOf(refusal.code)
  return {
    type: `urn:contrail:problem:${refusal.code}`,
    title: TITLES[status],
    status,
    code: refusal.code,
    detail: refusal.message,
    field: refusal.field,
    value: refusal.value,
    mend: refusal.mend,
    traceId,
  }
}

/** A bug is logged with its stack under the trace id; the answer holds only the id. */
export function bugProblem(traceId: string): Problem {
  return {
    type: 'urn:contrail:problem:internal',
    title: TITLES[500],
    status: 500,
    code: 'internal',
    detail: `A fault of ours. It was logged under ${traceId}.`,
    traceId,
  }
}

/** Back from the wire: the same refusal as the other service stated. */
export function refusalOf(problem: Problem): Refusal {
  const shown = { toString: () => problem.value ?? '' }
  return new Refusal(problem.code, problem.field ?? 'request', shown, problem.mend ?? problem.detail)
}

const TITLES: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request is malformed',
  401: 'Who are you?',
  403: 'Not allowed',
  404: 'Not found',
  409: 'In conflict with what is there',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Refused',
  429: 'Too many requests',
  500: 'A fault of ours',
  503: 'Not available now',
}
