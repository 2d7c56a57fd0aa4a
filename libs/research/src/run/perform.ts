import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { isoOfUs, refuse } from '@contrail/contracts'
import { hashSeriesByParts } from '@contrail/data/store'
import { systemClock } from '@contrail/runtime/clock'
import { defaultAssumptions } from '@contrail/trading/assumptions'
import { readAhead } from './ahead.ts'
import { dataFor, openData } from './data.ts'
import { fillFor } from './fill.ts'
import { StrategyThread } from './host.ts'
import { bundleStrategy, prepareStrategy } from './strategy.ts'
import type { PreparedCode, StrategyCode } from './strategy.ts'
import { partFolder } from './part.ts'
import type { Progress } from './part.ts'
import type { RunOptions, RunOutcome, RunProgress, RunRequest } from './types.ts'

/**
 * One backtest from a strategy and data to an immutable folder. Whoever calls it, the CLI or a service, gets the same run. It
 * reads no environment, prints nothing and ends no process.
 */
export async function performRun(asked: RunRequest, options: RunOptions = {}): Promise<RunOutcome> {
  checkRequest(asked)
  const assumptions = { ...defaultAssumptions, ...asked.assumptions }
  const progress = progressOf(options.onProgress)
  progress('loading', 0, 0)
  const code = await codeOf(asked, options.cache)
  // It loads while the data does.
  const thread = new StrategyThread(code, options)
  let part: string | undefined
  try {
    const request = { ...asked, data: readAhead(asked.data, asked.fromUs, asked.toUs) }
    const opened = await openData(request.data)
    await thread.loaded()
    const described = await thread.describe(request.parameters ?? {}, fillFor(opened, assumptions))
    const data = await dataFor(request, opened, described, assumptions)
    part = options.directory === undefined ? undefined : partFolder(options.directory)
    const startedMs = systemClock.monotonicMs()
    const running = thread.run(
      {
        parameters: described.parameters,
        instruments: data.instruments,
        series: data.series,
        cash: request.cash,
        assumptions,
        keep: 'all',
        ...(request.fromUs === undefined ? {} : { fromUs: request.fromUs }),
        ...(request.toUs === undefined ? {} : { toUs: request.toUs }),
      },
      part,
      (done, total) => progress('running', done, total),
      options.signal,
    )
    const timed = running.then((result) => ({ result, ms: systemClock.monotonicMs() - startedMs }))
    // While it runs.
    const [ran, dataSha256, { judge }] = await Promise.all([
      timed,
      hashSeriesByParts(data.series),
      import('./judge.ts'),
      options.report === false || part === undefined ? undefined : pagePartsSoon(options.cache),
    ])
    progress('judging', 1, 1)
    const made = { request, code, described, data, dataSha256, assumptions, ...ran }
    const outcome = await judge(made, { ...options, part, thread, progress })
    part = undefined
    return outcome
  } finally {
    await thread.close()
    if (part !== undefined) await rm(part, { recursive: true, force: true })
  }
}

const pagePartsSoon = async (cache: string | undefined): Promise<void> => {
  await (await import('../report/bundle.ts')).pageParts(cache)
}

async function codeOf({ strategy, code }: RunRequest, cache: string | undefined): Promise<StrategyCode | PreparedCode> {
  if (code === undefined) return cache === undefined ? bundleStrategy(strategy) : prepareStrategy(strategy, cache)
  return { source: strategy, code, codeSha256: createHash('sha256').update(code).digest('hex') }
}

function checkRequest({ cash, fromUs, toUs }: RunRequest): void {
  if (!(cash > 0) || !Number.isFinite(cash))
    throw refuse('invalid_cash', 'cash', cash, 'give a positive amount of quote')
  if (fromUs !== undefined && toUs !== undefined && fromUs >= toUs)
    throw refuse('invalid_period', 'from', isoOfUs(fromUs), `begin before the end, ${isoOfUs(toUs)}`)
}

/** Several times a second at most, and each change of phase. */
const PROGRESS_MS = 100

function progressOf(report: ((progress: RunProgress) => void) | undefined): Progress {
  const beganMs = systemClock.monotonicMs()
  let [phase, phaseMs, lastMs] = ['' as RunProgress['phase'], beganMs, -Infinity]
  return (now: RunProgress['phase'], done: number, total: number): void => {
    const nowMs = systemClock.monotonicMs()
    if (now !== phase) [phase, phaseMs] = [now, nowMs]
    else if (nowMs - lastMs < PROGRESS_MS && done < total) return
    lastMs = nowMs
    const rate = nowMs > phaseMs ? (done / (nowMs - phaseMs)) * 1000 : 0
    const leftMs = rate > 0 ? ((total - done) / rate) * 1000 : undefined
    report?.({ phase: now, done, total, elapsedMs: nowMs - beganMs, rate, leftMs })
  }
}
