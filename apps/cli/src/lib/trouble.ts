import type { StrategyView } from '@contrail/contracts'

/** Events after which a strategy that shall run does not. */
const TROUBLES: ReadonlySet<string> = new Set(['halted', 'diverged', 'gap', 'fenced'])

/** Why a strategy that shall run does not, in its own words; undefined = nothing is wrong. */
export function whyNot({ strategy, desired, actual, detail }: StrategyView): string | undefined {
  if (desired === 'running' && actual === 'paused') return `it is paused: contrail resume ${strategy}`
  return desired !== 'stopped' && TROUBLES.has(actual) ? detail || actual : undefined
}
