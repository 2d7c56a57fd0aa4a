import { z } from 'zod'
import { alertView } from '@contrail/contracts'
import { listAlerts } from '../alerts.ts'
import * as example from './examples.ts'
import { listOf, page, route } from './kit.ts'

const base = { tag: 'platform', service: 'gateway' } as const
/** The number before which to go on. */
const before = z.coerce.number().int().positive().optional()

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
    handle: ({ query }, context) => listAlerts(context, query),
  }),
]
