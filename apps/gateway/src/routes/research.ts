import { z } from 'zod'
import {
  backtestRequest,
  JOB_STATES,
  jobField,
  jobView,
  optimizationRequest,
  runField,
  runRecordView,
  runView,
  strategyField,
  trialView,
} from '@contrail/contracts'
import { IDEMPOTENCY_HEADER } from '../http/idempotency.ts'
import * as example from './research-examples.ts'
import { byOf, listOf, page, route } from './kit.ts'
import type { Route, RouteContext } from './kit.ts'

const base = { tag: 'research', service: 'strategies' } as const
const jobParams = z.strictObject({ job: jobField })
const runParams = z.strictObject({ run: runField })
const pageOf = <T extends z.ZodType>(cursor: T) => ({ limit: page.limit, cursor: cursor.optional() })

function submit(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  { upstream, principal }: RouteContext,
) {
  const key = headers[IDEMPOTENCY_HEADER]
  return upstream.call('strategies', path, {
    method: 'POST',
    body,
    headers: { 'x-contrail-by': byOf(principal), ...(key === undefined ? {} : { [IDEMPOTENCY_HEADER]: key }) },
  })
}

const jobRoutes: Route[] = [
  route({
    ...base,
    method: 'post',
    path: '/v1/backtests',
    operation: 'startBacktest',
    summary: 'A backtest as a job: the run that `contrail backtest` makes of the same words. Follow it by its events.',
    body: backtestRequest,
    bodyExample: example.backtest,
    idempotency: 'accepted',
    status: 202,
    answer: jobView,
    example: example.queued,
    location: (answer) => `/v1/jobs/${(answer as { id: string }).id}`,
    handle: ({ body, headers }, context) => submit('/backtests', body, headers, context),
  }),
  route({
    ...base,
    method: 'post',
    path: '/v1/optimizations',
    operation: 'startOptimization',
    summary:
      'A search for parameters as a job, as `contrail optimise` makes it. Its run is that of the best, with the study in the report.',
    body: optimizationRequest,
    bodyExample: example.optimization,
    idempotency: 'accepted',
    status: 202,
    answer: jobView,
    example: example.searching,
    location: (answer) => `/v1/jobs/${(answer as { id: string }).id}`,
    handle: ({ body, headers }, context) => submit('/optimizations', body, headers, context),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/jobs/{job}/trials',
    operation: 'listTrials',
    summary: 'What an optimization has tried, in order; each trial is kept when it ends.',
    params: jobParams,
    query: z.strictObject(pageOf(z.string().regex(/^\d{1,9}$/))),
    answer: listOf(trialView),
    example: { items: [example.trial] },
    handle: ({ params, query }, { upstream }) => upstream.call('strategies', `/jobs/${params.job}/trials`, { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/jobs',
    operation: 'listJobs',
    summary: 'Jobs, newest first.',
    query: z.strictObject({
      ...pageOf(z.string().regex(/^\d{1,15}$/)),
      state: z.enum(JOB_STATES).optional(),
    }),
    answer: listOf(jobView),
    example: { items: [example.done] },
    handle: ({ query }, { upstream }) => upstream.call('strategies', '/jobs', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/jobs/{job}',
    operation: 'getJob',
    summary: 'One job: its state, how far it is, its run when there is one, and why it failed when it did.',
    params: jobParams,
    answer: jobView,
    example: example.done,
    handle: ({ params }, { upstream }) => upstream.call('strategies', `/jobs/${params.job}`),
  }),
  route({
    ...base,
    method: 'delete',
    path: '/v1/jobs/{job}',
    operation: 'cancelJob',
    summary: 'Stop it. What was done by then is kept as a run that says `complete: false`.',
    params: jobParams,
    status: 202,
    answer: jobView,
    example: { ...example.queued, state: 'cancelled', cancelling: true },
    handle: ({ params }, { upstream }) => upstream.call('strategies', `/jobs/${params.job}`, { method: 'DELETE' }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/jobs/{job}/events',
    operation: 'followJob',
    summary:
      'Server-sent events `progress` and, last, `done`: each is the job as it is, under its revision. 204 when seen to the end.',
    params: jobParams,
    media: 'text/event-stream; charset=utf-8',
    answer: z.string(),
    example: `id: 9\nevent: done\ndata: ${JSON.stringify(example.done)}\n\n`,
    handle: ({ params }, { upstream, signal, lastEventId }) =>
      upstream.open('strategies', `/jobs/${params.job}/events`, {
        signal,
        ...(lastEventId === undefined ? {} : { headers: { 'last-event-id': lastEventId } }),
      }),
  }),
]

const file = (name: string, media: string, operation: string, summary: string, shown: string): Route =>
  route({
    ...base,
    method: 'get',
    path: `/v1/runs/{run}/${name}`,
    operation,
    summary,
    params: runParams,
    media,
    answer: z.string(),
    example: shown,
    handle: ({ params }, { upstream, signal }) =>
      upstream.open('strategies', `/runs/${params.run}/${name}`, { signal }),
  })

export const researchRoutes: readonly Route[] = [
  ...jobRoutes,
  route({
    ...base,
    method: 'get',
    path: '/v1/runs',
    operation: 'listRuns',
    summary: 'Runs, newest first, also those of the CLI on the same machine.',
    query: z.strictObject({ ...pageOf(runField), strategy: strategyField.optional() }),
    answer: listOf(runView),
    example: { items: [example.run] },
    handle: ({ query }, { upstream }) => upstream.call('strategies', '/runs', { query }),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/runs/{run}',
    operation: 'getRun',
    summary: 'The record of a run, which never changes: what ran on what, with which assumptions, and what came of it.',
    params: runParams,
    answer: runRecordView,
    example: example.record,
    etag: true,
    handle: ({ params }, { upstream }) => upstream.call('strategies', `/runs/${params.run}`),
  }),
  route({
    ...base,
    method: 'get',
    path: '/v1/runs/{run}/report.json',
    operation: 'getRunReport',
    summary: 'The record with the studies that were made of it (Monte Carlo, significance, walk-forward).',
    params: runParams,
    answer: runRecordView,
    example: { ...example.record, sections: [] },
    etag: true,
    handle: ({ params }, { upstream }) => upstream.call('strategies', `/runs/${params.run}/report.json`),
  }),
  file(
    'report.html',
    'text/html; charset=utf-8',
    'getTearSheet',
    'The tear sheet: one page, offline.',
    '<!doctype html>',
  ),
  file('trades.csv', 'text/csv; charset=utf-8', 'getRunTrades', 'Each trade.', 'venue,instrument,side,quantity\n'),
  file('equity.csv', 'text/csv; charset=utf-8', 'getRunEquity', 'The curve.', 'time,equity,exposure,drawdown\n'),
]
