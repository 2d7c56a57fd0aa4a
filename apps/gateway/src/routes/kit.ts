import { z } from 'zod'
import { check } from '@contrail/contracts'
import type { Bus, Logger } from '@contrail/runtime'
import type { Upstream } from '../upstream.ts'

/** What a handler may use. */
export type RouteContext = {
  upstream: Upstream
  bus: Bus
  log: Logger
  clock: { nowUs(): number }
  /** Who asks, for the audit of changes. */
  principal: string
  account: string
  /** Ends when the asker goes. */
  signal: AbortSignal
  lastEventId: string | undefined
  status: () => Promise<unknown>
}
type Shape = z.ZodType
export type Input<P, Q, B> = { params: P; query: Q; body: B; headers: Record<string, string> }

export type Route = {
  method: 'get' | 'post' | 'patch' | 'delete'
  /** With `{name}` for parameters. */
  path: string
  operation: string
  tag: string
  summary: string
  params: z.ZodObject
  query: z.ZodObject
  body: Shape | undefined
  bodyExample: unknown
  answer: Shape
  example: unknown
  status: 200 | 201 | 202
  /** Answers carry an ETag and may be 304. */
  etag: boolean
  /** `required`: refused without an Idempotency-Key; `accepted`: honoured when sent. */
  idempotency: 'required' | 'accepted' | 'none'
  /** Which service it needs, for the 503 in the document. */
  service: string
  /** Media type of an answer that is no JSON: it is passed on as it comes, as a stream. */
  media: string | undefined
  /** Where to look for what a 202 or 201 has begun. */
  location: ((answer: unknown) => string) | undefined
  handle: (input: Input<never, never, never>, context: RouteContext) => Promise<unknown>
}

const none = z.strictObject({})
type RouteSpec<P extends z.ZodObject, Q extends z.ZodObject, B extends Shape> = Pick<
  Route,
  'method' | 'path' | 'operation' | 'tag' | 'summary' | 'answer' | 'example' | 'service'
> &
  Partial<Pick<Route, 'status' | 'etag' | 'idempotency' | 'bodyExample' | 'media' | 'location'>> & {
    params?: P
    query?: Q
    body?: B
    handle: (input: Input<z.output<P>, z.output<Q>, z.output<B>>, context: RouteContext) => Promise<unknown>
  }

export function route<
  P extends z.ZodObject = z.ZodObject<Record<string, never>>,
  Q extends z.ZodObject = z.ZodObject<Record<string, never>>,
  B extends Shape = z.ZodUndefined,
>(spec: RouteSpec<P, Q, B>): Route {
  return {
    status: 200,
    etag: false,
    idempotency: 'none',
    bodyExample: undefined,
    media: undefined,
    location: undefined,
    ...spec,
    params: spec.params ?? none,
    query: spec.query ?? none,
    body: spec.body,
    handle: spec.handle,
  }
}

export const listOf = (item: Shape) => z.object({ items: z.array(item), next: z.string().optional() })

/** Pages everywhere look the same. */
export const page = {
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
}
export const time = z.coerce.number().int().nonnegative().optional()

/** A repeated parameter is refused rather than silently one of the two. */
export function queryOf(schema: z.ZodObject, search: URLSearchParams): unknown {
  const query: Record<string, string | string[]> = Object.create(null)
  for (const key of new Set(search.keys())) {
    const values = search.getAll(key)
    query[key] = values.length === 1 ? (values[0] as string) : values
  }
  return check(schema, { ...query }, 'query')
}

/** The audit says which door; ids of people come with apps/users. */
export const byOf = (principal: string): string => (principal === 'token' ? 'admin' : 'admin-page')
