import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { JobView, RunView, StrategyView } from '@contrail/contracts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startTestPlatform } from './testing/platform.ts'
import type { TestPlatform } from './testing/platform.ts'

/** A deployed strategy is judged on what the platform itself recorded, through the one public door. */
let world: TestPlatform
const WAIT = { timeout: 90_000, interval: 500 }
const market = { venue: 'sim', instrument: 'BTC-USDT', timeframe: '1s' }
beforeAll(async () => {
  world = await startTestPlatform()
}, 120_000)
afterAll(() => world.stop(), 60_000)

test('a backtest of a deployed version over the recorded market is a job, a run and a line of the CLI', async () => {
  const parameters = { ...market, fast: 1, slow: 3, quantity: 0.01 }
  const { code } = await world.api<StrategyView>('/v1/strategies', {
    strategy: 'quick',
    definition: 'sma-cross',
    parameters,
  })
  const { timeframe } = market
  await vi.waitFor(async () => {
    const { items } = await world.api<{ items: object[] }>(
      `/v1/candles?venue=sim&instrument=BTC-USDT&timeframe=${timeframe}&limit=500`,
    )
    expect(items.length).toBeGreaterThan(20)
  }, WAIT)
  const data = { ...market, source: 'database' }
  const finished = await vi.waitFor(async () => {
    const { id } = await world.api<JobView>('/v1/backtests', { strategy: code, parameters, data, robustness: false })
    const job = await vi.waitFor(async () => {
      const found = await world.api<JobView>(`/v1/jobs/${id}`)
      expect(['queued', 'running']).not.toContain(found.state)
      return found
    }, WAIT)
    // The recorder writes in batches: the newest bars may not be there yet.
    expect([job.state, job.error]).toEqual(['done', null])
    return job
  }, WAIT)
  expect(finished).toMatchObject({ state: 'done', code, by: 'admin' })
  const record = await world.api<{ counts: { events: number }; strategy: { codeSha256: string } }>(
    `/v1/runs/${finished.run}`,
  )
  expect(record.strategy.codeSha256).toBe(code)
  expect(record.counts.events).toBeGreaterThan(0)
  const { items } = await world.api<{ items: RunView[] }>('/v1/runs')
  expect(items.find(({ id }) => id === finished.run)).toMatchObject({ job: finished.id, strategy: 'sma-cross' })
  const shown = await world.cli('runs', 'show', finished.run as string, '--json')
  expect([shown.code, JSON.parse(shown.out)]).toMatchObject([0, { id: finished.run }])
}, 240_000)

describe('contrail backtest and optimise with --job', () => {
  const HOUR_S = 3600
  const BEGAN_S = 1_704_067_200
  const data = ['--venue', 'file', '--instrument', 'A-USD', '--timeframe', '1h']

  beforeAll(async () => {
    const rows = Array.from({ length: 400 }, (_, i) => {
      const [open, close] = [i, i + 1].map((at) => (100 + 10 * Math.sin(at / 9) + at / 20).toFixed(2)) as [
        string,
        string,
      ]
      const [high, low] = [Math.max(Number(open), Number(close)), Math.min(Number(open), Number(close))]
      return `${BEGAN_S + i * HOUR_S},${open},${high},${low},${close},10`
    })
    const file = path.join(world.home, 'a.csv')
    writeFileSync(file, `time,open,high,low,close,volume\n${rows.join('\n')}\n`)
    const { code, err } = await world.cli('data', 'import', file, '--instrument', 'A-USD')
    expect([code, err]).toEqual([0, ''])
  }, 120_000)

  const json = async (...words: string[]) => {
    const { code, out, err } = await world.cli(...words, '--json')
    expect([code, code === 0 ? '' : err + out]).toEqual([0, ''])
    return JSON.parse(out) as Record<string, never>
  }

  test('a backtest as a job is the run that it is here', async () => {
    const words = ['backtest', 'sma-cross', ...data, '--set', 'fast=5,slow=20', '--fee', '5', '--sizing', 'all-in']
    const [here, there] = [await json(...words), await json(...words, '--job')]
    const { run, job } = there as unknown as { run: Record<string, unknown>; job: { state: string } }
    expect(job.state).toBe('done')
    for (const same of ['decisionsSha256', 'finalEquity', 'metrics'])
      expect([same, run[same]]).toEqual([same, here[same as never]])
  }, 120_000)

  test('a search as a job finds what it finds here', async () => {
    const words = [
      'optimise',
      'sma-cross',
      ...data,
      '--space',
      'fast=2..6',
      '--space',
      'slow=10..16',
      '--sizing',
      'all-in',
    ]
    const rest = ['--objective', 'totalReturn', '--trials', '8', '--sampler', 'random']
    const here = (await json(...words, ...rest)) as unknown as { best: { point: object } }
    const there = (await json(...words, ...rest, '--job')) as unknown as { run: { strategy: { parameters: object } } }
    expect(there.run.strategy.parameters).toMatchObject(here.best.point)
  }, 120_000)

  test('what a job cannot have is refused by its name, before anything is asked for', async () => {
    const cases: [string[], RegExp][] = [
      [['backtest', 'sma-cross', '--job', '--data', 'a.csv', ...data], /^usage {2}--data/],
      [['backtest', 'sma-cross', '--job'], /^usage {2}--venue/],
      [['backtest', './my.ts', '--job', ...data], /^usage {2}strategy.*\n.*contrail start FILE/],
      [['backtest', 'nobody', '--job', ...data], /^unknown_strategy/],
      [['optimise', 'sma-cross', '--job', '--jobs', '2', ...data], /^usage {2}--jobs/],
      [['optimise', 'sma-cross', '--job', '--no-plateau', ...data], /^usage {2}--no-plateau/],
    ]
    for (const [words, text] of cases) {
      const { code, err } = await world.cli(...words)
      expect([words, err]).toEqual([words, expect.stringMatching(text)])
      expect(code).toBeGreaterThan(1)
    }
  }, 120_000)
})
