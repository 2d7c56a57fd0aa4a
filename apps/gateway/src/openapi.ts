import { z } from 'zod'
import {
  alertView,
  candleView,
  deadLetterView,
  equityPoint,
  explainView,
  fillView,
  haltView,
  instrumentSchema,
  jobView,
  orderView,
  pnlView,
  positionView,
  problemSchema,
  runRecordView,
  runView,
  strategyView,
} from '@contrail/contracts'
import { CSRF_HEADER } from './auth/guard.ts'
import { IDEMPOTENCY_HEADER } from './http/idempotency.ts'
import type { Route } from './routes/kit.ts'
import { EVENTS, TOPICS } from './stream/topics.ts'

type Json = Record<string, unknown>

const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  Alert: alertView,
  Candle: candleView,
  DeadLetter: deadLetterView,
  EquityPoint: equityPoint,
  Explanation: explainView,
  Fill: fillView,
  Halt: haltView,
  Instrument: instrumentSchema,
  Job: jobView,
  Order: orderView,
  Pnl: pnlView,
  Position: positionView,
  Problem: problemSchema,
  Run: runView,
  RunRecord: runRecordView,
  Strategy: strategyView,
}

/** OpenAPI 3.1 from the very schemas that check each request and answer. */
export function openApi(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route)
  ;(paths['/v1/stream'] ??= {})['get'] = streamOperation()
  Object.assign((paths['/v1/session'] ??= {}), sessionOperations())
  ;(paths['/v1/openapi.json'] ??= {})['get'] = documentOperation()
  return {
    openapi: '3.1.0',
    info: {
      title: 'Contrail',
      version,
      description: 'Money and quantities are decimal strings. Times are microseconds since the epoch, UTC (`…Us`).',
    },
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, jsonSchema(schema)])),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'contrail_session' },
      },
    },
  }
}

function operationOf(route: Route): Json {
  return {
    operationId: route.operation,
    tags: [route.tag],
    summary: route.summary,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.idempotency === 'none' ? [] : [headerOf(IDEMPOTENCY_HEADER, route.idempotency === 'required')]),
      ...(route.media?.startsWith('text/event-stream') ? [headerOf('last-event-id', false)] : []),
    ],
    ...(route.body ? { requestBody: bodyOf(route) } : {}),
    responses: {
      [route.status]: {
        description: route.status === 202 ? 'Taken' : 'Done',
        ...(route.location ? { headers: { location: { schema: { type: 'string' } } } } : {}),
        content: {
          [route.media ?? 'application/json']: { schema: answerSchema(route.answer), example: route.example },
        },
      },
      ...(route.etag ? { 304: { description: 'As you know it' } } : {}),
      default: problemAnswer('Refused, or a service is away: `code`, `field`, `value` and `mend` say what to do.'),
    },
  }
}

function bodyOf(route: Route): Json {
  const schema = route.body as z.ZodType
  return {
    required: !schema.safeParse(undefined).success,
    content: { 'application/json': { schema: jsonSchema(schema, 'input'), example: route.bodyExample } },
  }
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
  const required = new Set((jsonSchema(schema, 'input')['required'] as string[] | undefined) ?? [])
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || required.has(name),
    schema: jsonSchema(field as z.ZodType, 'output'),
  }))
}

const headerOf = (name: string, required: boolean): Json => ({
  name,
  in: 'header',
  required,
  schema: { type: 'string', maxLength: 64 },
})

/** A view that has a name is referred to by it; lists of it too. */
function answerSchema(schema: z.ZodType): Json {
  const known = referenceTo(schema)
  if (known) return known
  const items = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>)['items'] : undefined
  const element = items instanceof z.ZodArray ? referenceTo(items.element as z.ZodType) : undefined
  const whole = jsonSchema(schema)
  if (!element) return whole
  return { ...whole, properties: { ...(whole['properties'] as Json), items: { type: 'array', items: element } } }
}

function referenceTo(schema: z.ZodType): Json | undefined {
  const name = Object.entries(COMPONENTS).find(([, component]) => component === schema)?.[0]
  return name ? { $ref: `#/components/schemas/${name}` } : undefined
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any', io }) as Json
  return rest
}

const problemAnswer = (description: string): Json => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function streamOperation(): Json {
  return {
    operationId: 'stream',
    tags: ['stream'],
    summary: 'Server-sent events; resumes ORDERS, TRADES, CONTROL and ALERTS by Last-Event-ID without gap or repeat.',
    description: `Events: ${Object.keys(EVENTS).join(', ')}. A comment every 2 s carries the server's time.`,
    parameters: [
      {
        name: 'topics',
        in: 'query',
        required: false,
        description: `Comma-separated, of: ${TOPICS.join(', ')}. Default: all.`,
        schema: { type: 'string' },
      },
      {
        name: 'instruments',
        in: 'query',
        required: false,
        description: 'Comma-separated `venue.instrument`: only their ticks and candles.',
        schema: { type: 'string' },
      },
      headerOf('last-event-id', false),
    ],
    responses: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      default: problemAnswer('Refused'),
    },
  }
}

function sessionOperations(): Json {
  const done = { 200: { description: 'Done', content: { 'application/json': { schema: { type: 'object' } } } } }
  return {
    post: {
      operationId: 'openSession',
      tags: ['session'],
      summary: 'Exchange the token for a session cookie (the page does this once).',
      parameters: [headerOf(CSRF_HEADER, true)],
      responses: { ...done, default: problemAnswer('Refused') },
    },
    delete: {
      operationId: 'endSession',
      tags: ['session'],
      summary: 'End this session.',
      parameters: [headerOf(CSRF_HEADER, true)],
      responses: { ...done, default: problemAnswer('Refused') },
    },
  }
}

const documentOperation = (): Json => ({
  operationId: 'getOpenApi',
  tags: ['platform'],
  summary: 'This document.',
  responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
})
