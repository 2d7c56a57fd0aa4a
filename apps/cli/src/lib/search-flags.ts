import { refuse } from '@contrail/contracts'
import type { RunRequest, Sampler, SamplerName, Search } from '@contrail/research'
import { backtestArgs, runRequestFromFlags } from './backtest-flags.ts'
import type { BacktestFlags } from './backtest-flags.ts'
import { repeated } from './repeated.ts'
import { wholeNumber } from './research-flags.ts'

const text = (description: string) => ({ type: 'string', description }) as const

/** What every command that searches parameters is told, beside what a backtest is. */
export const searchArgs = {
  ...backtestArgs,
  space: text(
    'What is searched, may be repeated: fast=2..50, size=0.1..10:log, mode=a|b; default: all the schema bounds',
  ),
  objective: text('A metric (sharpe), two of them (sharpe,maxDrawdown), or a file with a function; default sharpe'),
  sampler: text('tpe, random, cma-es, grid; default tpe'),
  trials: text('Trials at most; default 100, of a grid all'),
  batch: text('Trials that may be open at once (tpe), or population (cma-es): part of the study, not of the machine'),
  'early-stop': text('End after so many trials without a better one'),
  jobs: text('Trials at once on this machine; default one per core'),
} as const

export type SearchFlags = {
  readonly request: RunRequest
  readonly search: Search
  readonly samplerName: SamplerName
  readonly seed: number
  readonly batch: number | undefined
  readonly trialsMax: number
  readonly patience: number | undefined
  readonly jobs: number | undefined
}
const TRIALS_DEFAULT = 100
export const TRIALS_MAX = 1_000_000

export async function searchFromFlags(strategy: string, flags: BacktestFlags): Promise<SearchFlags> {
  const { prepareSearch, SAMPLERS } = await import('@contrail/research')
  const word = (name: string): string | undefined => {
    const value = flags[name]
    return typeof value === 'string' ? value : undefined
  }
  const named = word('sampler') ?? 'tpe'
  const samplerName = SAMPLERS.find((one) => one === named)
  if (!samplerName) throw refuse('usage', '--sampler', named, `one of ${SAMPLERS.join(', ')}`)
  const trials = wholeNumber('--trials', word('trials'), 1)
  if ((trials ?? 0) > TRIALS_MAX) throw refuse('usage', '--trials', trials, `at most ${TRIALS_MAX}`)
  const numbers = {
    batch: wholeNumber('--batch', word('batch'), 1),
    patience: wholeNumber('--early-stop', word('early-stop'), 1),
    jobs: wholeNumber('--jobs', word('jobs'), 1),
  }
  const request = await runRequestFromFlags(strategy, flags)
  const space = repeated('space')
  const search = await prepareSearch({
    run: request,
    objective: word('objective') ?? 'sharpe',
    ...(space.length === 0 ? {} : { space }),
  })
  return {
    request,
    search,
    samplerName,
    seed: request.assumptions?.seed ?? 1,
    ...numbers,
    trialsMax: trials ?? (samplerName === 'grid' ? TRIALS_MAX : TRIALS_DEFAULT),
  }
}

export async function samplerOf({ search, samplerName, seed, batch }: SearchFlags): Promise<Sampler> {
  const { createSampler } = await import('@contrail/research')
  const { space, isFeasible } = search
  return createSampler(samplerName, { space, seed, isFeasible, ...(batch === undefined ? {} : { batch }) })
}
