import { Refusal, refuse } from '@contrail/contracts'
import type { JobView } from '@contrail/contracts'
import type { RunRecord } from '@contrail/research'
import { numberOf } from './backtest-flags.ts'
import type { BacktestFlags } from './backtest-flags.ts'
import { call, get, post } from './client.ts'
import { gatewayUrl } from './home.ts'
import { INTERRUPTED, untilInterrupt } from './interrupt.ts'
import { parameters } from './parameters.ts'
import { printJson } from './print.ts'
import { repeated } from './repeated.ts'
import { wholeNumber } from './research-flags.ts'
import { EXIT } from './run.ts'
import { runProgress } from './run-progress.ts'

/* A backtest or a search on the platform: the same words, sent to it as a job and followed to its end. */

/** Words that say something of this machine alone. */
const OWN = [
  'data',
  'format',
  'time-unit',
  'tick',
  'lot',
  'budget',
  'memory',
  'jobs',
  'remote',
  'id',
  'resume',
] as const
/** On by default here, and always there. */
const ALWAYS = ['report', 'plateau'] as const
const ASSUMPTIONS = ['fee', 'fee-per-order', 'slippage', 'spread', 'latency', 'fill', 'sizing', 'leverage', 'maintenance', 'at-end'] // prettier-ignore
const LOOK_MS = 300

export async function runAsJob(
  kind: 'backtests' | 'optimizations',
  strategy: string | undefined,
  flags: BacktestFlags,
): Promise<void> {
  if (strategy === undefined) throw refuse('usage', 'strategy', 'nothing', 'name one that the platform has: sma-cross')
  const job = await post<JobView>(`/v1/${kind}`, requestOf(kind, strategy, flags))
  const isJson = flags['json'] === true
  if (!isJson) process.stderr.write(`job ${job.id}\n`)
  const ended = await untilInterrupt((signal) => follow(job, signal))
  if (ended.error) {
    const { code, field, value, mend } = ended.error
    throw new Refusal(code, field, { toString: () => value }, mend)
  }
  const record = ended.run === null ? undefined : await get<RunRecord>(`/v1/runs/${ended.run}`)
  if (isJson) printJson({ job: ended, run: record ?? null })
  else if (record) await printEnd(ended, record)
  process.exitCode = ended.state === 'done' ? EXIT.ok : INTERRUPTED
}

async function printEnd({ kind, progress }: JobView, record: RunRecord): Promise<void> {
  const { printRun } = await import('./run-summary.ts')
  if (kind === 'optimization') process.stdout.write(`best of ${progress.done} trials: ${setOf(record)}\n\n`)
  printRun(record, undefined)
  process.stdout.write(
    `report   ${gatewayUrl()}/v1/runs/${record.id}/report.html   (contrail runs open ${record.id})\n`,
  )
}
const setOf = ({ strategy }: RunRecord): string =>
  Object.entries(strategy.parameters)
    .filter(([name]) => !strategy.fromData.includes(name))
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

/** To its end. An interrupt asks for what is done by then. */
async function follow(job: JobView, signal: AbortSignal): Promise<JobView> {
  const { systemClock } = await import('@contrail/runtime/clock')
  const line = runProgress(process.stderr, job.kind === 'optimization' ? 'trials' : 'events')
  signal.addEventListener('abort', () => void call('DELETE', `/v1/jobs/${job.id}`).catch(() => undefined), {
    once: true,
  })
  try {
    for (let now = job; ; now = await get<JobView>(`/v1/jobs/${job.id}`)) {
      if (now.finishedUs !== null) return now
      const { phase, done, total, rate, etaMs } = now.progress
      if (phase !== 'waiting' && phase !== 'over')
        line.show({ phase, done, total, rate, elapsedMs: 0, leftMs: etaMs ?? undefined })
      await new Promise<void>((resolve) => void systemClock.setTimer(LOOK_MS, resolve))
    }
  } finally {
    line.clear()
  }
}

function requestOf(kind: string, strategy: string, flags: BacktestFlags): Record<string, unknown> {
  const word = (name: string): string | undefined => {
    const given = flags[name]
    return typeof given === 'string' && given !== '' ? given : undefined
  }
  const own = OWN.find((name) => flags[name] !== undefined && flags[name] !== false)
  if (own) throw refuse('usage', `--${own}`, flags[own], 'it is of this machine: leave it out, or leave out --job')
  const always = ALWAYS.find((name) => flags[name] === false)
  if (always) throw refuse('usage', `--no-${always}`, 'given', 'a job always has it: leave it out, or leave out --job')
  if (/[./\\]/.test(strategy))
    throw refuse(
      'usage',
      'strategy',
      strategy,
      'a job runs what the platform has: contrail start FILE, then its name here',
    )
  for (const name of ['venue', 'instrument'])
    if (word(name) === undefined)
      throw refuse('usage', `--${name}`, 'nothing', 'say which data of the platform: contrail data list')
  const number = (name: string, low: number) => word(name) && numberOf(`--${name}`, word(name) as string, low)
  const space = repeated('space')
  const search = {
    space: space.length > 0 ? space : undefined,
    objective: word('objective'),
    sampler: word('sampler'),
    trials: wholeNumber('--trials', word('trials'), 1),
    earlyStop: wholeNumber('--early-stop', word('early-stop'), 1),
    batch: wholeNumber('--batch', word('batch'), 1),
  }
  return defined({
    strategy,
    parameters: parameters(repeated('set').join(',')),
    data: defined(
      Object.fromEntries(['venue', 'instrument', 'timeframe', 'from', 'to'].map((name) => [name, word(name)])),
    ),
    cash: number('cash', 0),
    assumptions: defined({
      ...Object.fromEntries(ASSUMPTIONS.map((name) => [camelCase(name), word(name)])),
      funding: flags['funding'] !== false,
      riskGate: (flags['riskGate'] ?? flags['risk-gate']) !== false,
      accountLimits: (flags['accountLimits'] ?? flags['account-limits']) === true,
    }),
    seed: wholeNumber('--seed', word('seed'), 0),
    convention: word('convention'),
    riskFree: number('risk-free', -1),
    periods: number('periods', 1),
    robustness: flags['robustness'] !== false,
    ...(kind === 'optimizations' ? search : {}),
  })
}

const camelCase = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
const defined = (given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
