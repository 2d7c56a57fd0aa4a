import { availableParallelism } from 'node:os'
import { createPool, createSampler, prepareSearch } from '@contrail/research'
import type { ParameterSet, Search } from '@contrail/research'
import { INSTRUMENT, syntheticCandles } from './backtest-world.ts'

/**
 * A sweep: many parameter sets of SMA cross over one set of shared columns, on one thread and on all cores, in turns within one
 * run. Threads are started and warmed before the clock. Target: performance.md 7.
 */
export type SweepFigure = {
  readonly sets: number
  readonly rows: number
  readonly threads: number
  /** Best of the rounds, events (rows x sets) a second. */
  readonly oneThread: number
  readonly allThreads: number
  /** Best of all threads to best of one. */
  readonly ratio: number
  /** The same within each round. */
  readonly ratios: readonly number[]
  /** Every trial gave the same figures on both. */
  readonly equal: boolean
  readonly failed: number
}

const SET_COUNT = 1000
const ROWS = 100_000
const ROUNDS = 3

export async function measureSweep(
  options: { sets?: number; rows?: number; rounds?: number; threads?: number; say?: (line: string) => void } = {},
): Promise<SweepFigure> {
  const { sets = SET_COUNT, rows = ROWS, rounds = ROUNDS, threads = availableParallelism() } = options
  const search = await prepareSearch({
    run: {
      strategy: 'sma-cross',
      parameters: { quantity: 0.01 },
      data: { kind: 'columns', label: 'synthetic', series: [syntheticCandles(rows)], instruments: [INSTRUMENT] },
      cash: 100_000,
    },
    space: ['fast=2..60', 'slow=20..300', 'allowShort'],
    objective: 'finalEquity',
  })
  const points = pointsOf(search, sets)
  const [one, all] = [createPool(search.setup, { threads: 1 }), createPool(search.setup, { threads })]
  const sweep = async (
    pool: typeof one,
    wanted: readonly ParameterSet[],
  ): Promise<{ ms: number; values: string[]; failed: number }> => {
    const startedMs = performance.now()
    const outcomes = await Promise.all(wanted.map((point) => pool.evaluate(point)))
    const ms = performance.now() - startedMs
    const values = outcomes.map((outcome) =>
      JSON.stringify(outcome.state === 'done' ? outcome.metrics : outcome.problem),
    )
    return { ms, values, failed: outcomes.filter(({ state }) => state === 'failed').length }
  }
  try {
    const warm = points.slice(0, 8 * threads)
    await sweep(one, warm)
    await sweep(all, warm)
    const [ones, alls, ratios]: [number[], number[], number[]] = [[], [], []]
    let [equal, failed] = [true, 0]
    for (let round = 1; round <= rounds; round++) {
      const [alone, together] = [await sweep(one, points), await sweep(all, points)]
      ones.push((rows * sets * 1000) / alone.ms)
      alls.push((rows * sets * 1000) / together.ms)
      ratios.push(alone.ms / together.ms)
      equal &&= alone.values.every((value, i) => value === together.values[i])
      failed += alone.failed + together.failed
      options.say?.(
        `round ${round}: one thread ${(alone.ms / 1000).toFixed(1)} s, ${threads} threads ${(together.ms / 1000).toFixed(1)} s`,
      )
    }
    const [oneThread, allThreads] = [Math.max(...ones), Math.max(...alls)]
    return { sets, rows, threads, oneThread, allThreads, ratio: allThreads / oneThread, ratios, equal, failed }
  } finally {
    await Promise.all([one.close(), all.close()])
  }
}

function pointsOf({ space, isFeasible }: Search, sets: number): ParameterSet[] {
  const sampler = createSampler('random', { space, seed: 1, isFeasible })
  return Array.from({ length: sets }, (_, number) => sampler.ask(number, []) as ParameterSet)
}

if (import.meta.main) {
  const figure = await measureSweep({ say: (line) => console.error(`sweep: ${line}`) })
  console.log(JSON.stringify(figure, null, 2))
}
