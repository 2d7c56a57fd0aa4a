import { systemClock } from '@contrail/runtime/clock'
import { defaultAssumptions } from '@contrail/trading/assumptions'
import { pageParts } from '../report/bundle.ts'
import { reportData } from '../report/data.ts'
import { renderReport } from '../report/render.ts'
import type { RobustnessSection } from '../report/sections.ts'
import type { StrategyThread } from './host.ts'
import type { Progress } from './part.ts'
import { recordOf } from './record.ts'
import type { Made } from './record.ts'
import { finishRun, putCurves, runId } from './store.ts'
import type { RunOptions, RunOutcome } from './types.ts'

/* From the result of a run to its folder. Loaded while the run is on: nothing of it is needed before. */

type Ran = Omit<Made, 'totals' | 'decisionsSha256' | 'id' | 'createdAt'>
type Place = RunOptions & {
  readonly part: string | undefined
  readonly thread: Pick<StrategyThread, 'counted' | 'written'>
  readonly progress: Progress
}

export async function judge(ran: Ran, { directory, part, thread, progress, ...options }: Place): Promise<RunOutcome> {
  const { request, code, described, data, result } = ran
  const curves = part === undefined ? undefined : putCurves(part, result, request.cash)
  // Awaited at the end: what fails before that is told first.
  curves?.catch(() => {})
  // They draw on a thread of their own while this one judges.
  const studies = sectionsOf(ran)
  studies.catch(() => {})
  const totals = await thread.counted()
  const judged = recordOf({ ...ran, totals, decisionsSha256: '', id: '', createdAt: '' })
  const chart = part === undefined ? undefined : reportData(judged, result, totals.traded, data.series)
  const sections = await studies
  const decisionsSha256 = await thread.written()
  const createdMs = systemClock.nowUs() / 1000
  const id = runId(createdMs, `${code.codeSha256} ${decisionsSha256} ${JSON.stringify(described.parameters)}`)
  const record = { ...judged, decisionsSha256, id, createdAt: new Date(createdMs).toISOString() }
  if (directory === undefined || part === undefined || chart === undefined)
    return { record, result, series: data.series, sections, folder: undefined }
  progress('writing', 1, 1)
  const html =
    options.report === false ? undefined : renderReport(record, chart, sections, await pageParts(options.cache))
  await curves
  const folder = await finishRun(directory, part, { record, chart, sections, html })
  return { record, result, series: data.series, sections, folder }
}

/** Studies that need the whole run are left out of one that was stopped. */
async function sectionsOf({ request, result, data }: Ran): Promise<RobustnessSection[]> {
  if (request.robustness === false || !result.complete) return []
  const { robustness } = await import('../robust/robustness.ts')
  return await robustness(result, {
    cash: request.cash,
    seed: request.assumptions?.seed ?? defaultAssumptions.seed,
    series: data.series,
    fromUs: request.fromUs,
    toUs: request.toUs,
    ...(request.trials ? { trials: request.trials } : {}),
  })
}
