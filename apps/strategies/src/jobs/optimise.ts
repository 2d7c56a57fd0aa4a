import { existsSync } from 'node:fs'
import path from 'node:path'
import type { OptimizationRequest } from '@contrail/contracts'
import type { MarketDataPort } from '@contrail/data'
import {
  createPool,
  createSampler,
  createStudy,
  judgedRun,
  openStudy,
  plateau,
  plateauSection,
  prepareSearch,
  runStudy,
  trialCountOf,
} from '@contrail/research'
import type { OpenStudy, Outcome, ParameterSet, RunProgress, Search, StudyEnd, StudyRecord } from '@contrail/research'
import { systemClock } from '@contrail/runtime'
import { noScore, runRequestOf } from './task.ts'
import type { Said, Task } from './task.ts'

/** A grid ends by itself; nothing goes on beyond these. */
const TRIALS_DEFAULT = 100

export type OptimiseTask = Task & { readonly request: OptimizationRequest; readonly study: string }

/**
 * A search as a job. Its study is kept trial by trial under the id of the job, so that another process goes on with it; its
 * run is that of the best parameters, with the study in its report. Stopped, it is the best of what was tried.
 */
export async function optimise(
  task: OptimiseTask,
  port: MarketDataPort,
  tell: (progress: RunProgress) => void,
  signal: AbortSignal,
): Promise<Said> {
  const { request } = task
  const run = runRequestOf(request, task.code, port)
  tell(progressOf('loading', 0, request.trials ?? TRIALS_DEFAULT, 0, 0))
  const search = await prepareSearch({
    run,
    objective: request.objective,
    ...(request.space ? { space: request.space } : {}),
  })
  const study = studyOf(task, search)
  try {
    const end = await runTrials(request, search, study, tell, signal)
    const { best } = end
    if (!best) return { kind: 'failed', error: noScore(end.trials) }
    tell(progressOf('judging', end.trials.length, end.trials.length, 0, 0))
    const complete = end.ending !== 'stopped'
    const sections = complete ? [await plateauOf(search, best)] : []
    const trials = trialCountOf(end.trials, request.periods ?? search.periods)
    const chosen = { ...run, parameters: { ...run.parameters, ...best.point }, trials }
    const { record } = await judgedRun(chosen, sections, { directory: task.runsDir })
    return { kind: 'done', run: record.id, complete, events: end.trials.length }
  } finally {
    study.close()
  }
}

function studyOf({ request, study: id, studiesDir }: OptimiseTask, search: Search): OpenStudy {
  if (existsSync(path.join(studiesDir, id, 'study.json'))) return openStudy(studiesDir, id)
  const { objectives, assumptions, cash, convention } = search.setup
  const { fromUs, toUs } = search
  const record: StudyRecord = {
    schema: 1,
    id,
    createdUs: systemClock.nowUs(),
    strategy: search.name,
    codeHash: search.codeHash,
    dataHash: search.dataHash,
    sampler: request.sampler,
    seed: request.seed ?? 1,
    ...(request.batch === undefined ? {} : { batch: request.batch }),
    objectives: [...objectives],
    space: JSON.parse(JSON.stringify({ dimensions: search.space.dimensions, fixed: search.space.fixed })),
    run: { job: id, data: search.data.label, cash, convention, fromUs, toUs, assumptions },
  }
  return createStudy(studiesDir, record)
}

async function runTrials(
  { sampler, seed = 1, batch, trials, earlyStop }: OptimizationRequest,
  search: Search,
  study: OpenStudy,
  tell: (progress: RunProgress) => void,
  signal: AbortSignal,
): Promise<StudyEnd> {
  const { space, isFeasible, setup } = search
  const pool = createPool(setup)
  const beganMs = systemClock.monotonicMs()
  const already = study.trials.length
  const total = Math.max(trials ?? TRIALS_DEFAULT, (study.trials.at(-1)?.number ?? -1) + 1)
  try {
    return await runStudy({
      sampler: createSampler(sampler, { space, seed, isFeasible, ...(batch === undefined ? {} : { batch }) }),
      objectives: setup.objectives,
      trialsMax: total,
      patience: earlyStop,
      concurrency: pool.threads,
      evaluate: (_number, point) => pool.evaluate(point),
      stored: study.trials,
      onTrial: (trial, _best, done) => {
        study.append(trial)
        tell(progressOf('running', done, total, done - already, systemClock.monotonicMs() - beganMs))
      },
      signal,
    })
  } finally {
    await pool.close()
  }
}

async function plateauOf(search: Search, best: NonNullable<StudyEnd['best']>) {
  const { space, isFeasible, setup } = search
  const pool = createPool(setup)
  try {
    const evaluate = (point: ParameterSet): Promise<Outcome> => pool.evaluate(point)
    const found = await plateau({ space, isFeasible, objectives: setup.objectives, best, evaluate })
    return plateauSection(found, setup.objectives)
  } finally {
    await pool.close()
  }
}

function progressOf(phase: RunProgress['phase'], done: number, total: number, ran: number, elapsedMs: number): RunProgress {
  const rate = elapsedMs > 0 ? (ran / elapsedMs) * 1000 : 0
  return { phase, done, total, elapsedMs, rate, leftMs: rate > 0 ? ((total - done) / rate) * 1000 : undefined }
}
