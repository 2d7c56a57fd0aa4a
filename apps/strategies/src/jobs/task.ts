import { assumptionsOfWords, instantOf } from '@contrail/contracts'
import type { BacktestRequest, OptimizationRequest } from '@contrail/contracts'
import type { MarketDataPort } from '@contrail/data'
import type { RunProgress, RunRequest, Trial } from '@contrail/research'
import type { Assumptions } from '@contrail/trading'

/** What the process of a job is told, and what it says. */
export type Task = {
  readonly request: BacktestRequest | OptimizationRequest
  /** Of an optimization: under which its trials are kept. */
  readonly study: string | undefined
  /** Text of the bundle. */
  readonly code: string
  readonly runsDir: string
  readonly studiesDir: string
  readonly dataDir: string
  readonly marketDbUrl: string | undefined
  readonly rowsMax: number
}
export type Places = Pick<Task, 'runsDir' | 'studiesDir' | 'dataDir' | 'marketDbUrl'>
export type JobError = { readonly code: string; readonly field: string; readonly value: string; readonly mend: string }
export type Told = { readonly kind: 'start'; readonly task: Task } | { readonly kind: 'stop' }
export type Said =
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'done'; readonly run: string; readonly complete: boolean; readonly events: number }
  | { readonly kind: 'failed'; readonly error: JobError }

/** The same request as the CLI makes of its flags. */
export function runRequestOf(request: BacktestRequest, code: string, port: MarketDataPort): RunRequest {
  const { data } = request
  const { venue, instrument, timeframe } = data
  return {
    strategy: request.strategy,
    code,
    parameters: request.parameters,
    data: {
      kind: 'port',
      port,
      label: data.source === 'files' ? 'data store' : 'market database',
      venue,
      instrument,
      ...present('timeframe', timeframe),
    },
    cash: request.cash,
    assumptions: assumptionsOf(request),
    robustness: request.robustness,
    ...present('fromUs', instantOf('data.from', data.from, 'invalid')),
    ...present('toUs', instantOf('data.to', data.to, 'invalid')),
    ...present('convention', request.convention),
    ...present('riskFree', request.riskFree),
    ...present('periods', request.periods),
  }
}

function assumptionsOf({ assumptions, seed }: BacktestRequest): Partial<Assumptions> {
  const given: Readonly<Record<string, string | number | boolean | undefined>> = { ...assumptions, seed }
  return {
    ...assumptionsOfWords({
      word: (name) => (given[name] === undefined ? undefined : String(given[name])),
      fieldOf: (name) => (name === 'seed' ? name : `assumptions.${name}`),
      code: 'invalid',
    }),
    funding: assumptions.funding,
    riskGate: assumptions.riskGate,
    accountLimits: assumptions.accountLimits,
  }
}

export function noScore(trials: readonly Trial[]): JobError {
  const [failed] = trials.filter((trial) => trial.state === 'failed')
  const value = failed?.state === 'failed' ? failed.problem : `${trials.length} trials without a trade, or without a score`
  return { code: 'no_score', field: 'objective', value, mend: 'a backtest of the same words says why: POST /v1/backtests' }
}

const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
