import { z } from 'zod'
import { alertView, deadLetterView, laidAsideSchema } from '@contrail/contracts'
import { layAside, lettersOf } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { listAlerts } from '../alerts.ts'
import { HttpProblem } from '../http/problem.ts'
import * as example from './examples.ts'
import { byOf, listOf, page, route } from './kit.ts'

const base = { tag: 'platform', service: 'gateway' } as const
/** The number before which to go on. */
const before = z.coerce.number().int().positive().optional()

function here(bus: Bus): Bus {
  if (bus.connected) return bus
  const about = { field: 'service', value: 'bus', mend: 'see /v1/status; it comes back by itself when the bus does' }
  throw new HttpProblem(503, 'service_unavailable', 'the bus is away', about)
}

export const platformRoutes = [
  route({
    ...base,
    method: 'get',
    path: '/v1/alerts',
    operation: 'listAlerts',
    summary: 'What a person should see: a fill that was not booked, a strategy that stands still ... Newest first.',
    query: z.strictObject({ limit: page.limit, cursor: before }),
    answer: listOf(alertView),
    example: { items: [example.alert] },
    handle: ({ query }, context) => listAlerts({ bus: here(context.bus), log: context.log }, query),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/dead-letters',
    operation: 'listDeadLetters',
    summary: 'Messages that a service gave up, with the cause and what became of them. Newest first.',
    query: z.strictObject({ limit: page.limit }),
    answer: listOf(deadLetterView),
    example: { items: [example.deadLetter] },
    async handle({ query }, { bus }) {
      const letters = await lettersOf(here(bus))
      return { items: letters.slice(0, query.limit) }
    },
  }),
  route({
    ...base,
    method: 'post',
    path: '/v1/dead-letters/{letter}/aside',
    operation: 'layDeadLetterAside',
    summary: 'It needs nothing any more: kept, with who, when and why, and no longer counted.',
    params: z.strictObject({ letter: z.coerce.number().int().positive() }),
    body: laidAsideSchema.pick({ reason: true }),
    bodyExample: { reason: 'a message of a test' },
    answer: laidAsideSchema.omit({ schema: true }),
    example: { letter: 3, ...example.laidAside },
    async handle({ params, body }, { bus, clock, principal }) {
      const said = { by: byOf(principal), reason: body.reason, atUs: clock.nowUs() }
      const { schema: _version, ...laidAside } = await layAside(here(bus), params.letter, said)
      return laidAside
    },
  }),
]
