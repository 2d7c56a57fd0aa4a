import type { StrategyView } from '@contrail/contracts'

/** Events after which a strategy that shall run does not. */
const TROUBLES: ReadonlySet<string> = new Set(['halted', 'diverged', 'gap', 'fenced'])

/** Why a strategy that shall run does not, in its own words; undefined = nothing is wrong. */
export const whyNot = ({ desired, actual, detail }: StrategyView): string | undefined =>
  desired !== 'stopped' && TROUBLES.has(actual) ? detail || actual : undefined
