import { backtestRequest, check, JOB_STATES, jobField, optimizationRequest, runField } from '@contrail/contracts'
import { jsonBody } from '@contrail/runtime'
import type { Hono } from 'hono'
import { z } from 'zod'
import type { Jobs } from './jobs.ts'
import { jobViewOf } from './store.ts'

const limit = z.coerce.number().int().min(1).max(500).default(100)
const jobsQuery = z.object({
  limit,
  cursor: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional(),
  state: z.enum(JOB_STATES).optional(),
})
const trialsQuery = z.object({ limit, cursor: z.coerce.number().int().min(0).optional() })
const runsQuery = z.object({ limit, cursor: runField.optional(), strategy: z.string().max(64).optional() })
const FILES = {
  'report.html': 'text/html; charset=utf-8',
  'trades.csv': 'text/csv; charset=utf-8',
  'equity.csv': 'text/csv; charset=utf-8',
} as const
const byOf = (header: string | undefined): string => (header && /^[\w.@-]{1,64}$/.test(header) ? header : 'internal')
const keyOf = (header: string | undefined): string | undefined =>
  header === undefined
    ? undefined
    : check(
        z
          .string()
          .regex(/^[\x21-\x7e]{1,64}$/),
        header,
        'Idempotency-Key',
      )

export function jobRoutes(app: Hono, jobs: Jobs): void {
  app.post('/backtests', async (c) => {
    const request = check(backtestRequest, await jsonBody(c), 'backtest')
    const by = byOf(c.req.header('x-contrail-by'))
    const job = await jobs.submit('backtest', request, by, keyOf(c.req.header('idempotency-key')))
    return c.json(jobViewOf(job), 202, { location: `/jobs/${job.id}` })
  })
  app.post('/optimizations', async (c) => {
    const request = check(optimizationRequest, await jsonBody(c), 'optimization')
    const by = byOf(c.req.header('x-contrail-by'))
    const job = await jobs.submit('optimization', request, by, keyOf(c.req.header('idempotency-key')))
    return c.json(jobViewOf(job), 202, { location: `/jobs/${job.id}` })
  })
  app.get('/jobs/:id/trials', async (c) => {
    const query = check(trialsQuery, c.req.query(), 'query')
    const items = await jobs.trials(idOf(c.req.param('id')), query.limit, query.cursor ?? -1)
    const next = items.length === query.limit ? String(items.at(-1)?.number) : undefined
    return c.json({ items, ...(next === undefined ? {} : { next }) })
  })
  app.get('/jobs', async (c) => {
    const query = check(jobsQuery, c.req.query(), 'query')
    const before = query.cursor === undefined ? undefined : Number(query.cursor)
    const rows = await jobs.store.list(query.limit, before, query.state)
    const next = rows.length === query.limit ? String(rows.at(-1)?.number) : undefined
    return c.json({ items: rows.map(jobViewOf), ...(next === undefined ? {} : { next }) })
  })
  app.get('/jobs/:id', async (c) => c.json(jobViewOf(await jobs.store.get(idOf(c.req.param('id'))))))
  app.delete('/jobs/:id', async (c) => c.json(jobViewOf(await jobs.cancel(idOf(c.req.param('id')))), 202))
  app.get('/jobs/:id/events', async (c) => {
    const body = await jobs.events.follow(idOf(c.req.param('id')), c.req.header('last-event-id'))
    if (!body) return c.body(null, 204)
    return c.body(body, 200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
  })
  runRoutes(app, jobs)
}
const idOf = (text: string): string => check(jobField, text, 'job')

function runRoutes(app: Hono, { runs }: Jobs): void {
  const runOf = (text: string): string => check(runField, text, 'run')
  app.get('/runs', async (c) => {
    const query = check(runsQuery, c.req.query(), 'query')
    const items = await runs.list(query.limit, query.cursor, query.strategy)
    const next = items.length === query.limit ? items.at(-1)?.id : undefined
    return c.json({ items, ...(next === undefined ? {} : { next }) })
  })
  app.get('/runs/:id', async (c) => c.json(await runs.record(runOf(c.req.param('id')))))
  app.get('/runs/:id/report.json', async (c) => c.json(await runs.report(runOf(c.req.param('id')))))
  for (const [name, type] of Object.entries(FILES))
    app.get(`/runs/:id/${name}`, async (c) => {
      const { body, bytes } = await runs.file(runOf(c.req.param('id')), name as keyof typeof FILES)
      return c.body(body, 200, { 'content-type': type, 'content-length': String(bytes) })
    })
}
