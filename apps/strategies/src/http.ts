import { check, deployRequest, parametersRequest } from '@contrail/contracts'
import type { Hono } from 'hono'
import { jsonBody } from '@contrail/runtime'
import { z } from 'zod'
import { deploy, setParameters, setState, STATE_COMMANDS, viewOf, viewsOf } from './verbs.ts'
import type { VerbContext } from './verbs.ts'

const EVENTS_MAX = 500
const reasonRequest = z.strictObject({ reason: z.string().max(200).default('asked for') })
const eventsQuery = z.object({ limit: z.coerce.number().int().min(1).max(EVENTS_MAX).default(100) })

/** Who asked: the gateway has authenticated them and says so. */
const byOf = (header: string | undefined): string => (header && /^[\w.@-]{1,64}$/.test(header) ? header : 'internal')

export function routes(app: Hono, context: VerbContext): void {
  app.get('/strategies', async (c) => c.json({ items: await viewsOf(context) }))
  app.get('/strategies/:id', async (c) => c.json(await viewOf(context, c.req.param('id'))))
  app.post('/strategies', async (c) => {
    const request = check(deployRequest, await jsonBody(c), 'strategy')
    return c.json(await deploy(context, request, byOf(c.req.header('x-contrail-by'))), 201)
  })
  for (const command of STATE_COMMANDS)
    app.post(`/strategies/:id/${command}`, async (c) => {
      const { reason } = check(reasonRequest, await jsonBody(c), 'request')
      const by = byOf(c.req.header('x-contrail-by'))
      return c.json(await setState(context, c.req.param('id'), command, by, reason))
    })
  app.patch('/strategies/:id/parameters', async (c) => {
    const { parameters } = check(parametersRequest, await jsonBody(c), 'request')
    const by = byOf(c.req.header('x-contrail-by'))
    return c.json(await setParameters(context, c.req.param('id'), parameters, by))
  })
  app.get('/strategies/:id/events', async (c) => {
    const { limit } = check(eventsQuery, c.req.query(), 'query')
    await viewOf(context, c.req.param('id'))
    const rows = await context.store.events(c.req.param('id'), limit)
    const items = rows.map(({ id, kind, name, by, detail, epoch, decisions, atUs }) => ({
      id,
      kind,
      name,
      by,
      detail,
      epoch,
      decisions,
      atUs,
    }))
    return c.json({ items })
  })
  app.get('/definitions', async (c) => {
    const entries = await context.catalogue.list()
    const items = entries.map(({ definition, description, parametersSchema, bundle }) => ({
      definition,
      description,
      parametersSchema,
      code: bundle.sha256,
    }))
    return c.json({ items })
  })
}
