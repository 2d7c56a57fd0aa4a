import type { JobView, RunView, StrategyView } from '@contrail/contracts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
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
