import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { performRun } from '../run/perform.ts'
import { walkForward, walkForwardSection } from '../robust/walkforward.ts'
import { INSTRUMENT, walk } from '../testing/walk.ts'
import { loadSetup } from './evaluate.ts'
import { createPool } from './pool.ts'
import { prepareSearch } from './prepare.ts'
import type { Search } from './prepare.ts'
import { createSampler } from './samplers.ts'
import { runStudy } from './study.ts'
import type { StudyEnd } from './study.ts'

const ROWS = 1500
let folder: string
beforeAll(() => void (folder = mkdtempSync(path.join(import.meta.dirname, '.pool-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** A strategy of the test's own; it imports nothing but the schema. */
function strategyFile(name: string, handler: string): string {
  const file = path.join(folder, `${name}.ts`)
  writeFileSync(
    file,
    `import { z } from 'zod'
export default {
  name: '${name}',
  parameters: z.object({ venue: z.string().default('sim'), size: z.number().int().min(1).max(20).default(3) }),
  inputs: ({ venue }) => [{ kind: 'candles', venue, instrument: 'BTC-USDT', timeframe: '1h' }],
  state: () => ({ count: 0 }),
  onCandle(ctx, state, candle) { ${handler} },
}`,
  )
  return file
}

const search = (strategy: string, extra: { space?: string[]; objective?: string } = {}): Promise<Search> =>
  prepareSearch({
    run: {
      strategy,
      data: { kind: 'columns', label: 'a walk', series: [walk(ROWS, 3)], instruments: [INSTRUMENT] },
      cash: 10_000,
    },
    objective: 'sharpe',
    ...extra,
  })

async function study(found: Search, threads: number, trialsMax = 24): Promise<StudyEnd> {
  const pool = createPool(found.setup, { threads })
  try {
    return await runStudy({
      sampler: createSampler('tpe', { space: found.space, seed: 9, isFeasible: found.isFeasible }),
      objectives: found.setup.objectives,
      trialsMax,
      concurrency: pool.threads,
      evaluate: (_number, point) => pool.evaluate(point),
    })
  } finally {
    await pool.close()
  }
}

describe('trials on threads', () => {
  it('one thread and three find the same trials with the same figures', async () => {
    const found = await search('sma-cross', { space: ['fast=2..30', 'slow=20..120:5', 'allowShort'] })
    const ends = [await study(found, 1), await study(found, 3)]
    const bare = ends.map(({ trials }) => trials.map(({ ms: _ms, ...rest }) => rest))
    expect(bare[0]?.length).toBe(24)
    expect(bare[0]?.every(({ state }) => state === 'done')).toBe(true)
    expect(bare[1]).toEqual(bare[0])
    expect(ends[0]?.best?.state === 'done' && ends[0].best.metrics['tradeCount']).toBeGreaterThan(0)
  })

  it('which bars are read is searched only where it is asked for', async () => {
    const names = async (space?: string[]) =>
      (await search('sma-cross', space ? { space } : {})).space.dimensions.map(({ name }) => name)
    expect(await names()).not.toContain('timeframe')
    expect(await names(['fast=2..9'])).toEqual(['fast'])
  })

  it('the figures of the best are those of its report', async () => {
    const found = await search('sma-cross', { space: ['fast=2..30', 'slow=20..120:5', 'allowShort'] })
    const { best } = await study(found, 2, 12)
    if (best?.state !== 'done') throw new Error('no trial has a score')
    const { setup, name } = found
    const { record } = await performRun({
      strategy: name,
      code: setup.code,
      parameters: { ...setup.fixed, ...best.point },
      data: { kind: 'columns', label: 'a walk', series: setup.series, instruments: setup.instruments },
      cash: setup.cash,
      robustness: false,
    })
    const compared = [
      'sharpe',
      'sortino',
      'calmar',
      'totalReturn',
      'maxDrawdown',
      'peakEquity',
      'profitFactor',
      'sqn',
    ] as const
    for (const metric of compared) expect([metric, best.metrics[metric]]).toEqual([metric, record.metrics[metric]])
  })

  it('what a strategy throws is the outcome of its trial, in one line', async () => {
    const file = strategyFile(
      'throws',
      "if (ctx.parameters.size > 10) throw new Error('too large for me\\nsecond line')",
    )
    const { trials } = await study(await search(file, { objective: 'finalEquity' }), 2, 12)
    for (const trial of trials) {
      expect(trial.state).toBe((trial.point['size'] as number) > 10 ? 'failed' : 'done')
      if (trial.state === 'failed') expect(trial.problem).toMatch(/too large for me$/)
    }
    expect(trials.some(({ state }) => state === 'failed')).toBe(true)
  })

  it('an endless loop ends with its trial; the others go on', async () => {
    const file = strategyFile('endless', 'while (ctx.parameters.size === 7) state.count++')
    const found = await search(file, { objective: 'finalEquity' })
    const pool = createPool(found.setup, { threads: 2, handlerMsMax: 500 })
    const [first, hung, last] = await Promise.all([6, 7, 8].map((size) => pool.evaluate({ size })))
    const named = expect.stringMatching(/^onCandle at \d{4}-\S+ ran longer than 0.5 s: look for a loop without an end$/)
    expect(hung).toMatchObject({ state: 'failed', problem: named })
    expect(first?.state).toBe('done')
    expect(last?.state).toBe('done')
    expect(await pool.evaluate({ size: 9 })).toMatchObject({ state: 'done' })
    await pool.close()
  })

  it('a strategy that is slow, call by call within its time, is left to run; a whole trial has its limit, too', async () => {
    const slow = 'const untilMs = performance.now() + 1; while (performance.now() < untilMs) state.count++'
    const found = await search(strategyFile('slow', slow), { objective: 'finalEquity' })
    const patient = createPool(found.setup, { threads: 1, handlerMsMax: 500 })
    expect(await patient.evaluate({ size: 6 })).toMatchObject({ state: 'done' })
    await patient.close()
    const hasty = createPool(found.setup, { threads: 1, trialMsMax: 500 })
    expect(await hasty.evaluate({ size: 6 })).toMatchObject({ state: 'failed', problem: 'took longer than 500 ms' })
    await hasty.close()
  }, 30_000)

  it('memory that only grows ends with its trial; the others go on', async () => {
    const bomb = 'while (ctx.parameters.size % 7 === 0) (state.kept ??= []).push(ARRAY)'
    const arrays = ['new Array(1e5).fill(0)', 'new Float64Array(1e5).fill(1)', '{ of: [state.count] }']
    for (const [index, array] of arrays.entries()) {
      const file = strategyFile(`grows-${index}`, bomb.replace('ARRAY', array))
      const found = await search(file, { objective: 'finalEquity' })
      const pool = createPool(found.setup, { threads: 2, memoryMbMax: 64 })
      const [first, bad, last] = await Promise.all([6, 7, 8].map((size) => pool.evaluate({ size })))
      expect(bad).toMatchObject({ state: 'failed', problem: expect.stringMatching(/^held more than 64 MB: look for/) })
      expect([first?.state, last?.state]).toEqual(['done', 'done'])
      expect(await pool.evaluate({ size: 9 })).toMatchObject({ state: 'done' })
      await pool.close()
    }
  }, 30_000)

  it('a bundle that cannot be loaded ends the study with its words', async () => {
    const found = await search('sma-cross', { space: ['fast=2..30'] })
    const pool = createPool({ ...found.setup, code: 'throw new Error("no such market")' }, { threads: 2 })
    await expect(pool.evaluate({ fast: 3 })).rejects.toThrow('no such market')
    await pool.close()
  })

  it('an objective may be a function of the run', async () => {
    const file = path.join(folder, 'thrift.ts')
    writeFileSync(file, 'export default ({ metrics, trades }) => trades.length === 0 ? null : -trades.length')
    const found = await search('sma-cross', { space: ['fast=2..30', 'slow=20..120:5'], objective: file })
    const { best } = await study(found, 2)
    expect(best).toMatchObject({ state: 'done' })
    if (best?.state === 'done') expect(best.values[0]).toBe(-(best.metrics['tradeCount'] as number))
  })

  it.each([
    ['a metric that is not there', { objective: 'sharp' }, /unknown_metric/],
    ['a file that is not there', { objective: './nothing.ts' }, /not_found/],
  ])('%s is refused', async (_what, extra, message) => {
    await expect(search('sma-cross', extra)).rejects.toThrow(message)
  })
})

describe('walk-forward', () => {
  it('a loop without an end that is met out of sample is refused with its window', async () => {
    const late = `if (candle.openTimeUs > ${walk(ROWS, 3).openTimeUs[1200]}) for (;;) state.count++`
    const found = await search(strategyFile('late', late), { objective: 'finalEquity' })
    const pool = createPool(found.setup, { threads: 1, handlerMsMax: 500 })
    const { space, isFeasible, fromUs, toUs } = found
    const [loaded, window] = [await loadSetup(found.setup), { windows: 1, ratio: 2 }]
    const common = { loaded, pool, space, isFeasible, fromUs, toUs, window }
    const walked = walkForward({ ...common, sampler: 'random', seed: 5, trialsMax: 2 })
    await expect(walked).rejects.toMatchObject({ code: 'strategy_failed', field: 'test of window 1' })
    await pool.close()
  }, 30_000)

  it('trades out of sample on what was chosen before, the money of one window going into the next', async () => {
    const found = await search('sma-cross', { space: ['fast=2..30', 'slow=20..120:5'] })
    const run = async (threads: number) => {
      const pool = createPool(found.setup, { threads })
      const loaded = await loadSetup(found.setup)
      const { space, isFeasible, fromUs, toUs } = found
      const result = await walkForward({
        loaded,
        pool,
        space,
        isFeasible,
        fromUs,
        toUs,
        sampler: 'random',
        seed: 5,
        trialsMax: 10,
        window: { windows: 4, ratio: 2 },
      })
      await pool.close()
      return result
    }
    const result = await run(2)
    expect(result.steps.length).toBe(4)
    expect(result.trials).toBe(40)
    let cash = 10_000
    for (const step of result.steps) {
      expect(step.finalEquity).toBeCloseTo(cash * (1 + step.outOfSampleReturn), 6)
      cash = step.finalEquity
    }
    expect(result.equity.value.at(-1)).toBe(cash)
    const { timeUs } = result.equity
    expect([...timeUs].every((at, i) => i === 0 || at > timeUs[i - 1]!)).toBe(true)
    expect(timeUs[0]).toBeGreaterThanOrEqual(result.steps[0]!.trainToUs)
    const section = walkForwardSection(result, { seed: 5, objective: 'sharpe' })
    expect(section.tables[0]?.rows.length).toBe(4)
    const strip = ({ steps }: typeof result) => steps.map(({ chosen, finalEquity }) => [chosen?.point, finalEquity])
    expect(strip(await run(1))).toEqual(strip(result))
  })
})
