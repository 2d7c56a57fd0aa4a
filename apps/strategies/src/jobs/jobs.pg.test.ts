import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { check, CONVENTION_NAMES, instrumentSchema } from '@contrail/contracts'
import type { JobView, RunView, StrategyView, TrialView } from '@contrail/contracts'
import { openStore } from '@contrail/data'
import { createTestDatabases } from '@contrail/db/testing'
import type { TestDatabases } from '@contrail/db/testing'
import { applyStreams } from '@contrail/nats'
import { CONVENTIONS } from '@contrail/research'
import type { RunRecord } from '@contrail/research'
import { connectNats, createLogger, createMetrics, internalClient, systemClock } from '@contrail/runtime'
import type { Bus, InternalClient, Running } from '@contrail/runtime'
import { bundleModule } from '@contrail/runtime/bundle'
import { startTestNats } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import type { CandleColumns } from '@contrail/trading'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { configSchema, start } from '../index.ts'

const TOKEN = 'internal-token-of-the-test'
/** A job starts a process, which comes last on a busy machine. */
vi.setConfig({ testTimeout: 120_000 })
const WAIT = { timeout: 60_000, interval: 100 }
const home = mkdtempSync(path.join(os.tmpdir(), 'contrail-jobs-'))
let nats: TestNats
let databases: TestDatabases
let bus: Bus
let service: Running
let client: InternalClient
let doomed: ChildProcess | undefined

const instrument = check(
  instrumentSchema,
  {
    venue: 'sim',
    instrument: 'BTC-USDT',
    kind: 'spot',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.001',
    minQuantity: '0.001',
    minNotional: '0',
    makerFeeBps: 5,
    takerFeeBps: 10,
  },
  'instrument',
)
const MINUTE_US = 60_000_000
const START_US = Date.UTC(2024, 0, 1) * 1000
const ROWS = 300_000

/** Minute bars of two waves, one on the other. */
function bars(): CandleColumns {
  const price = (i: number): number => Number((100 + 8 * Math.sin(i / 190) + Math.sin(i / 17)).toFixed(2))
  const column = (cell: (i: number) => number) => Float64Array.from({ length: ROWS }, (_, i) => cell(i))
  return {
    kind: 'candles',
    venue: 'sim',
    instrument: 'BTC-USDT',
    timeframe: '1m',
    rows: ROWS,
    openTimeUs: column((i) => START_US + i * MINUTE_US),
    open: column((i) => price(i - 1)),
    high: column((i) => Math.max(price(i - 1), price(i))),
    low: column((i) => Math.min(price(i - 1), price(i))),
    close: column(price),
    volume: column(() => 3),
    quoteVolume: column((i) => 3 * price(i)),
    trades: column(() => 7),
  }
}

const settings = (extra: Record<string, unknown> = {}) => ({
  natsUrl: nats.url,
  strategyDbUrl: databases.urls.strategies.strategy as string,
  marketDbUrl: databases.urls.strategies.market as string,
  internalToken: TOKEN,
  home,
  strategiesJobs: 1,
  strategiesJobLeaseMs: 1500,
  ...extra,
})
async function startService(extra: Record<string, unknown> = {}): Promise<void> {
  const log = createLogger({ name: 'test', level: 'error' })
  const context = { bus, log, clock: systemClock, metrics: createMetrics() }
  service = await start(configSchema.parse(settings(extra)), context)
  client = internalClient(service.url as string, TOKEN)
}

beforeAll(async () => {
  nats = await startTestNats()
  ;[databases] = await Promise.all([createTestDatabases(), applyStreams(nats.url)])
  await openStore(path.join(home, 'data')).write(bars(), instrument, 'test')
  bus = await connectNats({ url: nats.url, name: 'test' })
  await startService()
  await client.post<StrategyView>('/strategies', { strategy: 'slow-one', bundle: await bundled('slow', SLOW) })
  await client.post<StrategyView>('/strategies', { strategy: 'bad-one', bundle: await bundled('failing', FAILING) })
  await client.post<StrategyView>('/strategies', { strategy: 'big-one', bundle: await bundled('growing', GROWING) })
  await client.post<StrategyView>('/strategies', { strategy: 'huge-one', bundle: await bundled('enormous', ENORMOUS) })
})
afterAll(async () => {
  doomed?.kill('SIGKILL')
  await service.stop()
  await bus.close()
  await databases.drop()
  await nats.stop()
  rmSync(home, { recursive: true, force: true })
})

/** A strategy of an author's own, bundled as `contrail start` does it. */
async function bundled(name: string, onCandle: string): Promise<string> {
  const file = path.join(home, `${name}.ts`)
  writeFileSync(
    file,
    `import { z } from 'zod'
import { defineStrategy } from '@contrail/trading'
export default defineStrategy({
  name: '${name}',
  parameters: z.strictObject({}),
  inputs: () => [{ kind: 'candles', venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' }],
  state: () => ({ bars: 0, waste: 0 }),
  onCandle(ctx, state, candle) {
    state.bars += 1
    ${onCandle}
    if (state.bars % 5000 === 0) ctx.buy({ quantity: 0.001 })
  },
})
`,
  )
  return (await bundleModule(file)).text
}
/** Some ten thousand events a second on a busy machine. */
const SLOW = 'for (let i = 0; i < 1_500; i++) state.waste = (state.waste + i * state.bars) % 1_000_003'
/** Eight MB a bar, outside of the heap of V8. */
const GROWING = 'const own = state as any; (own.kept ??= []).push(new Float64Array(1e6).fill(1))'
/** More than V8 can give at once: it ends the process. */
const ENORMOUS = 'const own = state as any; own.kept = new Array(3e7).fill(0).concat(new Array(3e8))'
const FAILING = "if (state.bars === 700) throw new RangeError('no more of this')"

const data = { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m', from: '2024-01-05', to: '2024-01-30' }
const asked = {
  strategy: 'sma-cross',
  parameters: { fast: 12, slow: 50 },
  data,
  cash: 25_000,
  assumptions: { fee: '2/5', slippage: 1, latency: 'lognormal:20ms:0.5', sizing: 'fraction:0.2' },
  seed: 7,
  robustness: false,
}
/** All of the data. */
const slow = {
  strategy: 'slow',
  data: { venue: 'sim', instrument: 'BTC-USDT' },
  robustness: false,
}
const submit = (body: object) => client.post<JobView>('/backtests', body)
const job = (id: string) => client.get<JobView>(`/jobs/${id}`)
const until = (id: string, state: JobView['state']) =>
  vi.waitFor(async () => {
    const found = await job(id)
    expect([found.state, found.error]).toEqual([state, state === 'failed' ? expect.anything() : found.error])
    return found
  }, WAIT)
const runFile = (id: string, name: string): string => readFileSync(path.join(home, 'runs', id, name), 'utf8')
const authorized = { authorization: `Bearer ${TOKEN}` }

/** The CLI in a process of its own, over the same store and the same folder of runs. */
function contrail(...args: string[]): Promise<RunRecord & { trades: object[] }> {
  const program = path.resolve(import.meta.dirname, '../../../cli/bin/contrail.mjs')
  const env = { PATH: process.env['PATH'] ?? '', CONTRAIL_HOME: home, NO_COLOR: '1' }
  return new Promise((resolve, reject) =>
    execFile(process.execPath, [program, ...args, '--json'], { env, maxBuffer: 1e8 }, (error, out) =>
      error ? reject(error) : resolve(JSON.parse(out) as RunRecord & { trades: object[] }),
    ),
  )
}

test('a job and the CLI make the same run of the same words', async () => {
  const { id, state, code } = await submit(asked)
  expect(state).toMatch(/queued|running/)
  const finished = await until(id, 'done')
  expect(finished).toMatchObject({ attempts: 1, error: null, progress: { phase: 'over', done: 36_000, total: 36_000 } })
  const run = finished.run as string
  const flags = ['--venue', 'sim', '--instrument', 'BTC-USDT', '--timeframe', '1m', '--from', data.from, '--to', data.to]
  const costs = ['--fee', '2/5', '--slippage', '1', '--latency', 'lognormal:20ms:0.5', '--sizing', 'fraction:0.2']
  const more = ['--cash', '25000', '--seed', '7', '--set', 'fast=12', '--set', 'slow=50', '--no-robustness']
  const cli = await contrail('backtest', 'sma-cross', ...flags, ...costs, ...more)
  const record = await client.get<RunRecord>(`/runs/${run}`)
  expect(record.counts.trades).toBeGreaterThan(20)
  expect(record.decisionsSha256).toBe(cli.decisionsSha256)
  expect(record.strategy).toEqual(cli.strategy)
  expect(record.strategy.codeSha256).toBe(code)
  for (const part of ['metrics', 'data', 'costs', 'counts', 'assumptions', 'period', 'finalEquity', 'basis'] as const)
    expect([part, record[part]]).toEqual([part, cli[part]])
  for (const name of ['trades.csv', 'equity.csv', 'orders.csv', 'fills.csv', 'decisions.jsonl'])
    expect(runFile(run, name) === runFile(cli.id, name), name).toBe(true)

  const { items } = await client.get<{ items: RunView[] }>('/runs')
  expect(items.map((one) => [one.id, one.job])).toEqual([
    [cli.id, null],
    [run, id],
  ])
  expect(items[0]).toMatchObject({ decisionsSha256: cli.decisionsSha256, trades: cli.trades.length })
  const { next } = await client.get<{ next: string }>('/runs?limit=1')
  expect(await client.get('/runs?limit=1&cursor=' + next)).toMatchObject({ items: [{ id: run }] })
})

/** Sixty combinations of a fast and a slow average over all of the data. */
const search = {
  ...asked,
  parameters: {},
  space: ['fast=5..24', 'slow=30..80:10'],
  trials: 8,
  seed: 3,
  assumptions: { fee: '2/5', sizing: 'all-in' },
}
type Trials = { items: TrialView[]; next?: string }
const trialsOf = (id: string) => client.get<Trials>(`/jobs/${id}/trials?limit=500`).then(({ items }) => items)

test('an optimization is the study that the CLI makes of the same words, and its run that of the best', async () => {
  const { id, kind } = await client.post<JobView>('/optimizations', search)
  expect(kind).toBe('optimization')
  const finished = await until(id, 'done')
  expect(finished).toMatchObject({ attempts: 1, error: null, progress: { phase: 'over', done: 8, total: 8 } })
  const flags = ['--venue', 'sim', '--instrument', 'BTC-USDT', '--timeframe', '1m', '--from', data.from, '--to', data.to]
  const words = ['--space', 'fast=5..24', '--space', 'slow=30..80:10', '--trials', '8', '--seed', '3', '--cash', '25000']
  const costs = ['--fee', '2/5', '--sizing', 'all-in', '--no-report', '--no-plateau']
  const cli = (await contrail('optimise', 'sma-cross', ...flags, ...words, ...costs)) as unknown as {
    best: { number: number; point: object; values: number[] }
    top: { number: number; point: object; values: number[] }[]
  }
  const trials = await trialsOf(id)
  expect(trials.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  for (const { number, point, values } of cli.top)
    expect(trials[number]).toMatchObject({ parameters: point, values, state: 'done', problem: null })
  const first = await client.get<Trials>(`/jobs/${id}/trials?limit=5`)
  const rest = await client.get<Trials>(`/jobs/${id}/trials?limit=5&cursor=${first.next}`)
  expect([...first.items, ...rest.items]).toEqual(trials)
  const run = await client.get<RunRecord & { sections: { kind: string }[] }>(`/runs/${finished.run}/report.json`)
  expect(run.strategy.parameters).toMatchObject(cli.best.point)
  expect(run.metrics.sharpe).toBe(cli.best.values[0])
  expect(run.sections.map((section) => section.kind)).toContain('plateau')
})

test('an optimization that is cancelled keeps its trials and the best of them', async () => {
  const { id } = await client.post<JobView>('/optimizations', { ...search, trials: 5_000, sampler: 'random', space: ['fast=5..24', 'slow=30..80'] }) // prettier-ignore
  await vi.waitFor(async () => expect((await job(id)).progress.done).toBeGreaterThan(3), WAIT)
  await client.delete(`/jobs/${id}`)
  const stopped = await until(id, 'partial')
  const trials = await trialsOf(id)
  expect(trials.length).toBe(stopped.progress.done)
  expect(trials.length).toBeLessThan(5_000)
  const best = Math.max(...trials.map(({ values }) => values[0] ?? -Infinity))
  expect((await client.get<RunRecord>(`/runs/${stopped.run}`)).metrics.sharpe).toBe(best)
})

test('a service that starts again goes on with the study, no trial twice', async () => {
  const all = { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1m' }
  const { id } = await client.post<JobView>('/optimizations', { ...search, data: all, trials: 60 })
  const file = path.join(home, 'studies', id, 'trials.jsonl')
  await vi.waitFor(async () => expect((await trialsOf(id)).length).toBeGreaterThan(3), WAIT)
  await service.stop()
  const before = readFileSync(file, 'utf8')
  const whole = before.slice(0, before.lastIndexOf('\n') + 1)
  expect(whole.split('\n').length - 1).toBeLessThan(60)
  await startService()
  await until(id, 'done')
  expect(readFileSync(file, 'utf8').startsWith(whole)).toBe(true)
  expect((await trialsOf(id)).map(({ number }) => number)).toEqual(Array.from({ length: 60 }, (_, i) => i))
})

test('a strategy that eats memory ends its own job, by name, and leaves no run; the service goes on', async () => {
  await until((await submit({ ...asked, seed: 76 })).id, 'done')
  const before = readdirSync(path.join(home, 'runs'))
  const growing = await until((await submit({ ...asked, strategy: 'growing', parameters: {} })).id, 'failed')
  expect(growing).toMatchObject({ run: null, error: { code: 'out_of_memory', field: 'growing', mend: expect.stringContaining('only grows') } })
  expect(growing.error?.value).toMatch(/onCandle at 2024-01-0\S+Z held more than \d+ MB/)
  const enormous = await until((await submit({ ...asked, strategy: 'enormous', parameters: {} })).id, 'failed')
  expect(enormous).toMatchObject({ run: null, error: { code: 'out_of_memory', field: 'enormous' } })
  expect(readdirSync(path.join(home, 'runs'))).toEqual(before)
  await until((await submit({ ...asked, seed: 77 })).id, 'done')
})

test.each([
  ['an objective that is no metric', { objective: 'sharp' }, 'objective'],
  ['an objective in a file', { objective: './mine.ts' }, 'objective'],
  ['a sampler that there is not', { sampler: 'guess' }, 'sampler'],
  ['no trials', { trials: 0 }, 'trials'],
])('%s is refused before anything waits', async (_what, change, field) => {
  const failure = client.post('/optimizations', { ...search, ...change })
  await expect(failure).rejects.toMatchObject({ field: expect.stringContaining(field) })
})

test('a search that finds no score says why, and a space that does not fit is the end of its job', async () => {
  const idle = await client.post<JobView>('/optimizations', { ...search, trials: 3, assumptions: { sizing: 'quantity:1e9' } })
  expect((await until(idle.id, 'failed')).error).toMatchObject({ code: 'no_score' })
  const odd = await client.post<JobView>('/optimizations', { ...search, space: ['nothing=1..5'] })
  expect((await until(odd.id, 'failed')).error).toMatchObject({ code: 'unknown_parameter' })
  const plain = await submit(asked)
  await expect(client.get(`/jobs/${plain.id}/trials`)).rejects.toMatchObject({ code: 'not_found' })
})

test('the files of a run are served as they are', async () => {
  const { items } = await client.get<{ items: RunView[] }>('/runs')
  const { id } = items.at(-1) as RunView
  for (const [name, type] of Object.entries({
    'report.html': 'text/html; charset=utf-8',
    'trades.csv': 'text/csv; charset=utf-8',
    'equity.csv': 'text/csv; charset=utf-8',
  })) {
    const answer = await fetch(`${service.url}/runs/${id}/${name}`, { headers: authorized })
    expect([name, answer.status, answer.headers.get('content-type')]).toEqual([name, 200, type])
    expect((await answer.text()) === runFile(id, name), name).toBe(true)
  }
  expect(await client.get(`/runs/${id}/report.json`)).toMatchObject({ id, schema: 'contrail.run/1', sections: [] })
  await expect(client.get('/runs/20200101T000000-00000000')).rejects.toMatchObject({ code: 'not_found' })
  await expect(client.get('/runs/..%2f..%2fdata')).rejects.toMatchObject({ code: 'invalid' })
})

test('events tell how far it is and end with the end; who has seen the end is told so', async () => {
  const { id } = await submit({ ...slow, seed: 8 })
  const answer = await fetch(`${service.url}/jobs/${id}/events`, { headers: authorized })
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const events = (await answer.text())
    .split('\n\n')
    .filter((text) => text.startsWith('id: '))
    .map((text) => /^id: (\d+)\nevent: (\w+)\ndata: (.+)$/.exec(text) as RegExpExecArray)
    .map(([, revision, name, json]) => ({ revision: Number(revision), name, job: JSON.parse(json as string) as JobView }))
  expect(events.length).toBeGreaterThan(2)
  expect(events.map(({ revision }) => revision)).toEqual(events.map(({ revision }) => revision).toSorted((a, b) => a - b))
  expect(events.some((one) => one.job.progress.phase === 'running' && one.job.progress.done > 0)).toBe(true)
  const last = events.at(-1)
  expect(last).toMatchObject({ name: 'done', job: { state: 'done', run: expect.any(String) } })
  expect(events.slice(0, -1).every(({ name }) => name === 'progress')).toBe(true)
  const again = async (seen: string) =>
    await fetch(`${service.url}/jobs/${id}/events`, { headers: { ...authorized, 'last-event-id': seen } })
  expect((await again(String(last?.revision))).status).toBe(204)
  expect(await (await again(String(events[0]?.revision))).text()).toContain('event: done')
})

test('cancelled while it runs: what was done is a run that says so; while it waits: nothing', async () => {
  const first = await submit({ ...slow, seed: 9 })
  const second = await submit({ ...asked, seed: 10 })
  await vi.waitFor(async () => expect((await job(first.id)).progress.done).toBeGreaterThan(0), WAIT)
  expect(await client.delete<JobView>(`/jobs/${second.id}`)).toMatchObject({ state: 'cancelled', run: null })
  expect(await client.delete<JobView>(`/jobs/${first.id}`)).toMatchObject({ cancelling: true })
  const { run } = await until(first.id, 'partial')
  const record = await client.get<RunRecord>(`/runs/${run}`)
  expect(record.complete).toBe(false)
  expect(record.counts.events).toBeGreaterThan(0)
  expect(record.counts.events).toBeLessThan(ROWS)
  expect(runFile(run as string, 'report.html')).toContain('<html')
  expect(await client.delete<JobView>(`/jobs/${first.id}`)).toMatchObject({ state: 'partial' })
  expect(await job(second.id)).toMatchObject({ state: 'cancelled', attempts: 0 })
})

test('a strategy that throws, and data that is not there, end in a refusal with its mend', async () => {
  const failing = await until((await submit({ ...asked, strategy: 'failing', parameters: {} })).id, 'failed')
  expect(failing.run).toBeNull()
  expect(failing.error).toMatchObject({ code: 'strategy_failed', mend: expect.stringContaining('') })
  expect(`${failing.error?.field} ${failing.error?.value}`).toContain('no more of this')
  const missing = { ...asked, data: { ...data, instrument: 'XYZ-USDT' } }
  expect((await until((await submit(missing)).id, 'failed')).error).toMatchObject({ code: 'no_data' })
  const wrong = { ...asked, parameters: { fast: 50, slow: 12 } }
  expect((await until((await submit(wrong)).id, 'failed')).error).toMatchObject({
    code: 'invalid_parameter',
    mend: 'make fast less than slow',
  })
  const database = { ...asked, data: { ...data, source: 'database' } }
  expect((await until((await submit(database)).id, 'failed')).error).toMatchObject({ code: 'no_data' })
})

test.each([
  ['a strategy nobody has', { strategy: 'nothing-such' }, 'unknown_strategy', 'strategy'],
  ['a hash of nothing', { strategy: 'ab'.repeat(32) }, 'unknown_strategy', 'strategy'],
  ['a day that is none', { data: { ...data, from: 'yesterday' } }, 'invalid', 'data.from'],
  ['an end before the beginning', { data: { ...data, from: '2024-02-01' } }, 'invalid_period', 'data.from'],
  ['words that mean nothing', { assumptions: { sizing: 'a lot' } }, 'invalid', 'assumptions.sizing'],
  ['no cash', { cash: 0 }, 'invalid', 'backtest.cash'],
])('%s is refused at once and nothing waits', async (_, change, code, field) => {
  const before = await client.get<{ items: JobView[] }>('/jobs')
  await expect(submit({ ...asked, ...change })).rejects.toMatchObject({ code, field })
  expect((await client.get<{ items: JobView[] }>('/jobs')).items[0]?.id).toBe(before.items[0]?.id)
})

test('the same key is the same job; with another body it is refused', async () => {
  const post = (body: object) =>
    fetch(`${service.url}/backtests`, {
      method: 'POST',
      headers: { ...authorized, 'content-type': 'application/json', 'idempotency-key': 'one-and-only' },
      body: JSON.stringify(body),
    })
  const [first, second] = [await post(asked), await post(asked)]
  expect(first.status).toBe(202)
  const { id } = (await first.json()) as JobView
  expect(first.headers.get('location')).toBe(`/jobs/${id}`)
  expect((await second.json()) as JobView).toMatchObject({ id })
  expect((await post({ ...asked, seed: 99 })).status).toBe(422)
  await until(id, 'done')
})

test('the conventions of the door are those of research', () => {
  expect([...CONVENTION_NAMES]).toEqual([...CONVENTIONS])
})

/** The service as it is deployed. */
function startProcess(): ChildProcess {
  const env = {
    PATH: process.env['PATH'] ?? '',
    CONTRAIL_NATS_URL: nats.url,
    CONTRAIL_STRATEGY_DB_URL: databases.urls.strategies.strategy as string,
    CONTRAIL_INTERNAL_TOKEN: TOKEN,
    CONTRAIL_HOME: home,
    CONTRAIL_STRATEGIES_JOBS: '1',
    CONTRAIL_STRATEGIES_JOB_LEASE_MS: '1500',
  }
  doomed = spawn(process.execPath, [path.resolve(import.meta.dirname, '../main.ts')], { env, stdio: 'ignore' })
  return doomed
}

test('a service that is killed leaves no job behind: the next one takes it up, and makes the same run of it', async () => {
  await service.stop()
  const killed = startProcess()
  await startService({ strategiesJobs: 1 })
  const blocked = await submit({ ...slow, seed: 11 })
  const other = await submit({ ...slow, seed: 12 })
  await vi.waitFor(async () => {
    const states = [await job(blocked.id), await job(other.id)]
    expect(states.every(({ state, progress }) => state === 'running' && progress.done > 0)).toBe(true)
  }, WAIT)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const ends = [await until(blocked.id, 'done'), await until(other.id, 'done')]
  expect(ends.map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual([1, 2])
  const [a, b] = await Promise.all(ends.map(({ run }) => client.get<RunRecord>(`/runs/${run}`)))
  expect(a?.decisionsSha256).toBe(b?.decisionsSha256)
  expect(readdirSync(path.join(home, 'runs')).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('a service that stops hands its job back, and the queue is no longer than it may be', async () => {
  const first = await submit({ ...slow, seed: 13 })
  await vi.waitFor(async () => expect((await job(first.id)).state).toBe('running'), WAIT)
  await service.stop()
  await startService({ strategiesJobsQueued: 1, strategiesJobSeconds: 1 })
  await vi.waitFor(async () => expect((await job(first.id)).state).toBe('running'), WAIT)
  const waiting = await submit({ ...asked, seed: 14 })
  await expect(submit({ ...asked, seed: 15 })).rejects.toMatchObject({ code: 'queue_full' })
  expect(await client.delete<JobView>(`/jobs/${waiting.id}`)).toMatchObject({ state: 'cancelled' })
  const room = await submit({ ...asked, seed: 15 })
  await client.delete(`/jobs/${room.id}`)
  const late = await until(first.id, 'partial')
  expect(late).toMatchObject({ attempts: 1, error: { code: 'time_limit', value: '1 s' } })
  expect(existsSync(path.join(home, 'runs', late.run as string, 'run.json'))).toBe(true)
})
