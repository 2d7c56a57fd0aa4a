import { refuse } from '@contrail/contracts'
import type { ParameterSet } from './space.ts'

export type Objective = { readonly name: string; readonly direction: 'maximise' | 'minimise' }

/** What came of one set of parameters. `values` are those of the objectives, in their order; null = not defined. */
export type Outcome =
  | {
      readonly state: 'done'
      readonly values: readonly (number | null)[]
      readonly metrics: Readonly<Record<string, number | null>>
      readonly ms: number
    }
  /** The strategy threw or refused its parameters; `problem` is one line. */
  | { readonly state: 'failed'; readonly problem: string; readonly ms: number }
export type Trial = Outcome & { readonly number: number; readonly point: ParameterSet }

/** Metrics where less is better; every other one is made as large as possible. */
const MINIMISED: readonly string[] = [
  'volatility',
  'maxDrawdownDurationUs',
  'averageDrawdownDurationUs',
  'recoveryUs',
  'ulcer',
  'turnover',
  'timeUnderWater',
]
export const OBJECTIVES_MAX = 2

/** `sharpe`, `sharpe,maxDrawdown`, `turnover:min`. */
export function objectivesOf(text: string): Objective[] {
  const objectives = text.split(',').map((part): Objective => {
    const [name = '', direction] = part.trim().split(':')
    if (name === '' || (direction !== undefined && !['min', 'max'].includes(direction)))
      throw refuse('usage', '--objective', text, 'a metric such as sharpe, or two: sharpe,maxDrawdown; :min or :max')
    const isLess = direction === undefined ? MINIMISED.includes(name) : direction === 'min'
    return { name, direction: isLess ? 'minimise' : 'maximise' }
  })
  if (objectives.length > OBJECTIVES_MAX)
    throw refuse(
      'usage',
      '--objective',
      text,
      `at most ${OBJECTIVES_MAX}; a function file may join more into one number`,
    )
  return objectives
}

/** Larger is better, for each objective; undefined when any of them is not a number. */
export function gainsOf(trial: Outcome | undefined, objectives: readonly Objective[]): number[] | undefined {
  if (trial?.state !== 'done') return undefined
  const gains: number[] = []
  for (const [i, { direction }] of objectives.entries()) {
    const value = trial.values[i]
    if (value === null || value === undefined || !Number.isFinite(value)) return undefined
    gains.push(direction === 'maximise' ? value : -value)
  }
  return gains
}

/** The best by the first objective; of equals the earlier one. */
export function bestOf(trials: readonly Trial[], objectives: readonly Objective[]): Trial | undefined {
  let best: Trial | undefined
  let bestGain = -Infinity
  for (const trial of trials) {
    const gain = gainsOf(trial, objectives)?.[0]
    if (gain === undefined || gain < bestGain || (gain === bestGain && best && best.number < trial.number)) continue
    best = trial
    bestGain = gain
  }
  return best
}
