import { z } from 'zod'
import {
  deployRequest,
  parametersRequest,
  sha256Field,
  strategyField,
  strategyView,
  usField,
} from '@contrail/contracts'
import * as example from './examples.ts'
import { byOf, listOf, page, route } from './kit.ts'
import type { Route } from './kit.ts'

const base = { tag: 'strategies', service: 'strategies' } as const
const params = z.strictObject({ strategy: strategyField })
const reasonBody = z.strictObject({ reason: z.string().min(1).max(200).optional() }).optional()

const eventView = z.object({
  id: z.number().int(),
  kind: z.string(),
  name: z.string(),
  by: z.string().nullable(),
  detail: z.string(),
  epoch: z.number().int().nullable(),
  decisions: z.number().int().nullable(),
  atUs: usField,
})
const definitionView = z.object({
  definition: z.string(),
  description: z.string().nullish(),
  parametersSchema: z.record(z.string(), z.unknown()),
  code: sha256Field,
})
const byHeader = (principal: string) => ({ 'x-contrail-by': byOf(principal) })

const command = (verb: 'start' | 'pause' | 'resume' | 'stop', summary: string): Route =>
  route({
    ...base,
    method: 'post',
    path: `/v1/strategies/{strategy}/${verb}`,
    operation: `${verb}Strategy`,
    summary,
    params,
    body: reasonBody,
    bodyExample: { reason: 'by hand' },
    idempotency: 'accepted',
    answer: strategyView,
    example: example.strategy,
    handle: (input, { upstream, principal }) =>
      upstream.call('strategies', `/strategies/${input.params.strategy}/${verb}`, {
        method: 'POST',
        body: input.body ?? {},
        headers: byHeader(principal),
      }),
  })

export const strategyRoutes = [
  route({
    ...base,
    method: 'get',
    path: '/v1/strategies',
    operation: 'listStrategies',
    summary: 'Strategies: what is wanted of each and what it says of itself.',
    answer: listOf(strategyView),
    example: { items: [example.strategy] },
    handle: (_, { upstream }) => upstream.call('strategies', '/strategies'),
  }),
  route({
    ...base,
    method: 'post',
    path: '/v1/strategies',
    operation: 'deployStrategy',
    summary: 'Deploy a built-in definition, or a bundled module of your own; again = a new version.',
    body: deployRequest,
    bodyExample: { strategy: 'sma-demo', definition: 'sma-cross', parameters: { fast: 10, slow: 30 } },
    idempotency: 'accepted',
    status: 201,
    answer: strategyView,
    example: example.strategy,
    handle: ({ body }, { upstream, principal }) =>
      upstream.call('strategies', '/strategies', { method: 'POST', body, headers: byHeader(principal) }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/strategies/{strategy}',
    operation: 'getStrategy',
    summary: 'One strategy.',
    params,
    answer: strategyView,
    example: example.strategy,
    handle: (input, { upstream }) => upstream.call('strategies', `/strategies/${input.params.strategy}`),
  }),
  command('start', 'Run it.'),
  command('pause', 'Keep its state, take no decisions.'),
  command('resume', 'Go on after a pause.'),
  command('stop', 'End it; its state stays.'),
  route({
    ...base,
    method: 'patch',
    path: '/v1/strategies/{strategy}/parameters',
    operation: 'setParameters',
    summary: 'Change parameters: a new revision.',
    params,
    body: parametersRequest,
    bodyExample: { parameters: { fast: 12 } },
    answer: strategyView,
    example: { ...example.strategy, revision: 2 },
    handle: (input, { upstream, principal }) =>
      upstream.call('strategies', `/strategies/${input.params.strategy}/parameters`, {
        method: 'PATCH',
        body: input.body,
        headers: byHeader(principal),
      }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/strategies/{strategy}/events',
    operation: 'listStrategyEvents',
    summary: 'What it said of itself, newest first.',
    params,
    query: z.strictObject({ limit: page.limit }),
    answer: listOf(eventView),
    example: { items: [example.event] },
    handle: (input, { upstream }) =>
      upstream.call('strategies', `/strategies/${input.params.strategy}/events`, { query: input.query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/definitions',
    operation: 'listDefinitions',
    summary: 'Built-in strategies with the schema of their parameters.',
    answer: listOf(definitionView),
    example: {
      items: [
        { definition: 'sma-cross', description: '', parametersSchema: { type: 'object' }, code: 'a3'.repeat(32) },
      ],
    },
    etag: true,
    handle: (_, { upstream }) => upstream.call('strategies', '/definitions'),
  }),
]
