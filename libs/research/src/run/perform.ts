import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { refuse } from '@contrail/contracts'
import { hashSeriesByParts } from '@contrail/data'
import { systemClock } from '@contrail/runtime'
import { defaultAssumptions } from '@contrail/trading'
import type { Assumptions } from '@contrail/trading'
import { reportData } from '../report/data.ts'
import { pageParts } from '../report/bundle.ts'
import { renderReport } from '../report/render.ts'
import type { RobustnessSection } from '../report/sections.ts'
import { robustness } from '../robust/robustness.ts'
import { dataFor, openData } from './data.ts'
import type { Opened, RunData } from './data.ts'
import { StrategyThread } from './host.ts'
import type { Described } from './host.ts'
import { recordOf } from './record.ts'
import { finishRun, partFolder, putCurves, runId } from './store.ts'
import { bundleStrategy } from './strategy.ts'
import type { StrategyCode } from './strategy.ts'
import type { RunOptions, RunOutcome, RunProgress, RunRequest, RunResult } from './types.ts'

/**
 * One backtest from a strategy and data to an immutable folder. Whoever calls it, the CLI or a service, gets the same run. It
 * reads no environment, prints nothing and ends no process.
 */
export async function performRun(request: RunRequest, options: RunOptions = {}): Promise<RunOutcome> {
  checkRequest(request)
  const assumptions = { ...defaultAssumptions, ...request.assumptions }
  const progress = progressOf(options.onProgress)
  progress('loading', 0, 0)
  const code = await codeOf(request)
  const opened = await openData(request.data)
  const thread = new StrategyThread(code.code, code.source, options)
  let part: string | undefined
  try {
    await thread.loaded()
    const described = await thread.describe(request.parameters ?? {}, fillOf(opened, assumptions))
    const data = await dataFor(request, opened, described, assumptions)
    const { directory } = options
    part = directory === undefined ? undefined : partFolder(directory)
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
    // While it runs.
    const [{ result, totals }, dataSha256] = await Promise.all([running, hashSeriesByParts(data.series)])
    const ms = systemClock.monotonicMs() - startedMs
    progress('judging', 1, 1)
    const curves = part === undefined ? undefined : putCurves(part, result, request.cash)
    const made = { request, code, described, data, dataSha256, assumptions, result, totals, ms }
    const judged = recordOf({ ...made, decisionsSha256: '', id: '', createdAt: '' })
    const chart = part === undefined ? undefined : reportData(judged, result, totals.traded, data.series)
    const sections = sectionsOf(request, result, data)
    const decisionsSha256 = await thread.written()
    const createdMs = systemClock.nowUs() / 1000
    const id = runId(createdMs, `${code.codeSha256} ${decisionsSha256} ${JSON.stringify(described.parameters)}`)
    const record = { ...judged, decisionsSha256, id, createdAt: new Date(createdMs).toISOString() }
    if (directory === undefined || part === undefined || chart === undefined)
      return { record, result, series: data.series, sections, folder: undefined }
    progress('writing', 1, 1)
    const html = options.report === false ? undefined : renderReport(record, chart, sections, await pageParts())
    await curves
    const folder = await finishRun(directory, part, { record, chart, sections, html })
    part = undefined
    return { record, result, series: data.series, sections, folder }
  } finally {
    await thread.close()
    if (part !== undefined) await rm(part, { recursive: true, force: true })
  }
}

/** Where the run decides on sizes, what the strategy asks for only has to be an order at all: one lot. */
function fillOf({ fill, instruments }: Opened, { sizing }: Assumptions): Described['parameters'] {
  const [first] = instruments
  return sizing.kind === 'strategy' || !first ? fill : { ...fill, quantity: Number(first.lotSize) }
}

async function codeOf({ strategy, code }: RunRequest): Promise<StrategyCode> {
  if (code === undefined) return await bundleStrategy(strategy)
  return { source: strategy, code, codeSha256: createHash('sha256').update(code).digest('hex') }
}

function checkRequest({ cash, fromUs, toUs }: RunRequest): void {
  if (!(cash > 0) || !Number.isFinite(cash))
    throw refuse('invalid_cash', 'cash', cash, 'give a positive amount of quote')
  if (fromUs !== undefined && toUs !== undefined && fromUs >= toUs)
    throw refuse('invalid_period', 'from', fromUs, 'begin before the end')
}

/** Studies that need the whole run are left out of one that was stopped. */
function sectionsOf(request: RunRequest, result: RunResult, { series }: RunData): RobustnessSection[] {
  if (request.robustness === false || !result.complete) return []
  return robustness(result, {
    cash: request.cash,
    seed: request.assumptions?.seed ?? defaultAssumptions.seed,
    series,
    fromUs: request.fromUs,
    toUs: request.toUs,
    ...(request.trials ? { trials: request.trials } : {}),
  })
}

/** Several times a second at most, and each change of phase. */
const PROGRESS_MS = 100

function progressOf(report: ((progress: RunProgress) => void) | undefined) {
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
