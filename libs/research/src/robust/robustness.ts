import type { MarketColumns } from '@contrail/trading'
import type { RobustnessSection } from '../report/sections.ts'
import type { RunResult } from '../run/types.ts'
import { deflatedSection } from './deflated.ts'
import type { TrialCount } from './deflated.ts'
import { monteCarloSection } from './montecarlo.ts'
import { sectionOf, significanceBeside } from './significance.ts'

export type RobustnessOptions = {
  readonly cash: number
  readonly seed: number
  readonly series: readonly MarketColumns[]
  readonly fromUs?: number | undefined
  readonly toUs?: number | undefined
  /** Default: this run alone. */
  readonly trials?: TrialCount | undefined
  readonly compounding?: boolean
  /** Made-up runs per study; default 1000. What they cost is limited by count, so the same run gives the same report. */
  readonly rounds?: number
}

/** What every report has without being asked: Monte Carlo, random entries, deflated Sharpe. No backtest is run again. */
export async function robustness(result: RunResult, options: RobustnessOptions): Promise<RobustnessSection[]> {
  const { cash, trials = { count: 1 } } = options
  const entries = significanceBeside(result, options)
  // Awaited behind the other study: what fails there is told first.
  entries.catch(() => {})
  const monteCarlo = monteCarloSection(result, options)
  return [monteCarlo, sectionOf(await entries), deflatedSection(result, cash, trials)]
}
