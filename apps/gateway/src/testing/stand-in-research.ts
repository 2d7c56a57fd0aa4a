import { Refusal } from '@contrail/contracts'
import type { Hono } from 'hono'
import * as example from '../routes/research-examples.ts'

/** Jobs and runs of the service behind: one job that is over, and its run. */
export function researchStandIn(app: Hono): void {
  const job = (id: string) => {
    if (id !== example.done.id) throw new Refusal('not_found', 'job', id, 'see /v1/jobs')
    return example.done
  }
  const event = `id: ${example.done.revision}\nevent: done\ndata: ${JSON.stringify(example.done)}\n\n`
  app.post('/backtests', (c) => c.json(example.queued, 202))
  app.post('/optimizations', (c) => c.json(example.searching, 202))
  app.get('/jobs/:id/trials', (c) => c.json({ items: [example.trial] }))
  app.get('/jobs', (c) => c.json({ items: [example.done] }))
  app.get('/jobs/:id', (c) => c.json(job(c.req.param('id'))))
  app.delete('/jobs/:id', (c) => c.json(job(c.req.param('id')), 202))
  app.get('/jobs/:id/events', (c) => {
    job(c.req.param('id'))
    if (c.req.header('last-event-id') === String(example.done.revision)) return c.body(null, 204)
    return c.body(event, 200, { 'content-type': 'text/event-stream' })
  })
  app.get('/runs', (c) => c.json({ items: [example.run] }))
  app.get('/runs/:id', (c) => c.json(example.record))
  app.get('/runs/:id/report.json', (c) => c.json({ ...example.record, sections: [] }))
  app.get('/runs/:id/report.html', (c) => c.body(REPORT, 200, { 'content-type': 'text/html', 'set-cookie': 'a=b' }))
  for (const name of ['trades', 'equity']) app.get(`/runs/:id/${name}.csv`, (c) => c.body('time\n'))
}
export const REPORT = '<!doctype html><script>document.title = "a run"</script>'
