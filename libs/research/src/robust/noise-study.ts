import { refuse } from '@contrail/contracts'
import type { Pool } from '../optimise/pool.ts'
import type { RobustnessSection } from '../report/sections.ts'
import { histogram, percent, shareBelow, spreadOf } from './spread.ts'
import type { Spread } from './spread.ts'

export type NoiseStudy = {
  readonly bps: number
  readonly rounds: number
  readonly seed: number
  /** Runs that a strategy could not finish. */
  readonly failed: number
  readonly totalReturn: Spread
  readonly maxDrawdown: Spread
}
export const NOISE_ROUNDS_MAX = 10_000

/** The whole backtest again and again, each time with other noise on the prices. */
export async function noiseStudy(
  pool: Pool,
  options: {
    readonly bps: number
    readonly rounds: number
    readonly seed: number
    readonly onRound?: (done: number) => void
  },
): Promise<NoiseStudy> {
  const { bps, rounds, seed } = options
  if (rounds > NOISE_ROUNDS_MAX) throw refuse('usage', '--noise-runs', rounds, `at most ${NOISE_ROUNDS_MAX}`)
  let done = 0
  const outcomes = await Promise.all(
    Array.from({ length: rounds }, async (_, round) => {
      const outcome = await pool.evaluate({}, { noise: { bps, seed, round } })
      options.onRound?.(++done)
      return outcome
    }),
  )
  const valuesOf = (name: string): Float64Array =>
    Float64Array.from(
      outcomes.flatMap((outcome) => {
        const value = outcome.state === 'done' ? outcome.metrics[name] : null
        return typeof value === 'number' ? [value] : []
      }),
    )
  return {
    bps,
    rounds,
    seed,
    failed: outcomes.filter(({ state }) => state === 'failed').length,
    totalReturn: spreadOf(valuesOf('totalReturn')),
    maxDrawdown: spreadOf(valuesOf('maxDrawdown')),
  }
}

/** Put behind what the trades and returns alone say. */
export function withNoise(section: RobustnessSection, study: NoiseStudy, totalReturn: number): RobustnessSection {
  const { values, p5, median, p95 } = study.totalReturn
  const lossShare = values.length === 0 ? null : shareBelow(values, 0)
  const summary =
    lossShare === null
      ? 'No run with noise on its prices could be judged.'
      : `With ${study.bps} basis points of noise on every price ${percent(lossShare)} of ${values.length} runs lost money.`
  return {
    ...section,
    summary: `${section.summary} ${summary}`,
    figures: [
      ...section.figures,
      { label: `Return with ${study.bps} bps of noise, 5 % worst`, value: p5, format: 'percent' },
      { label: `Return with ${study.bps} bps of noise, median`, value: median, format: 'percent' },
      { label: `Return with ${study.bps} bps of noise, 5 % best`, value: p95, format: 'percent' },
      { label: 'Runs with noise', value: study.rounds, format: 'count' },
    ],
    charts: [...section.charts, histogram('Total return with noise on the prices', values, totalReturn, 'percent')],
  }
}
