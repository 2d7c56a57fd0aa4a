import type { OpenStudy, Trial } from '@contrail/research'
import { paretoOf } from '@contrail/research'
import type { Done, Judged } from '../commands/optimise.ts'
import { printTable, styled } from './print.ts'
import type { SearchFlags } from './search-flags.ts'
import { printSection } from './sections.ts'
import { pointText, valueText } from './trial-line.ts'

export type ToldStudy = Done & {
  readonly study: OpenStudy
  readonly search: SearchFlags
  readonly ms: number
  /** Trials that were there before. */
  readonly already: number
}
const TOP = 10

/** Best first; those that failed or are undefined are left out. */
function topOf({ end, search }: ToldStudy): Trial[] {
  const { objectives } = search.search.setup
  const sign = objectives[0]?.direction === 'minimise' ? -1 : 1
  const gain = (trial: Trial): number => (trial.state === 'done' ? sign * (trial.values[0] ?? Number.NaN) : Number.NaN)
  return end.trials
    .filter((trial) => Number.isFinite(gain(trial)))
    .toSorted((a, b) => gain(b) - gain(a) || a.number - b.number)
}

export function studyJson(told: ToldStudy, judged: Judged) {
  const { end, study, search, ms, already, remote } = told
  const { objectives } = search.search.setup
  const ran = end.trials.length - already
  return {
    study: study.record.id,
    folder: study.folder,
    strategy: search.search.name,
    sampler: search.samplerName,
    seed: search.seed,
    objectives,
    space: search.search.space.dimensions,
    fixed: search.search.space.fixed,
    notSearched: search.search.space.unbounded,
    ending: end.ending,
    trials: {
      asked: search.trialsMax,
      kept: end.trials.length,
      counted: end.counted,
      before: already,
      failed: end.trials.filter(({ state }) => state === 'failed').length,
    },
    best: end.best ?? null,
    front: objectives.length > 1 ? paretoOf(end.trials, objectives) : null,
    top: topOf(told).slice(0, TOP),
    sections: judged?.sections ?? [],
    run: judged?.record?.id ?? null,
    report: judged?.report ?? null,
    remote: remote ?? null,
    timing: { ms: Math.round(ms), trialsPerSecond: ms > 0 ? Math.round((ran / ms) * 1e5) / 100 : 0 },
  }
}

/** A score that is not defined is most often that of a run without trades. */
function noScore({ end }: ToldStudy): string {
  const done = end.trials.filter((trial) => trial.state === 'done')
  const idle = done.filter((trial) => trial.state === 'done' && trial.metrics['tradeCount'] === 0).length
  if (idle === 0) return 'no trial has a score'
  return `no trial has a score: ${idle} of ${done.length} made no trade; contrail backtest with the same flags says why`
}

const ENDINGS = {
  trials: 'all trials ran',
  exhausted: 'every combination was tried',
  no_improvement: 'ended early: nothing better was found',
  stopped: 'stopped',
} as const

export function printStudy(told: ToldStudy, judged: Judged): void {
  const out = (line = ''): void => void process.stdout.write(`${line}\n`)
  const { end, study, search, ms, already, remote } = told
  const { objectives } = search.search.setup
  const failed = end.trials.filter(({ state }) => state === 'failed')
  const rate = ms > 0 ? (((end.trials.length - already) / ms) * 1000).toFixed(1) : '0'
  out(`${styled('bold', study.record.id)}  ${end.trials.length} trials, ${ENDINGS[end.ending]}; ${rate}/s`)
  const { unbounded } = search.search.space
  if (unbounded.length > 0)
    out(`not searched, for they have no ends: ${unbounded.join(', ')}  (--space ${unbounded[0]}=1..10)`)
  if (failed[0]?.state === 'failed') out(styled('yellow', `${failed.length} failed, the first: ${failed[0].problem}`))
  if (remote)
    out(
      `by worker: ${Object.entries(remote.byWorker)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
    )
  out()
  const front = objectives.length > 1
  const rows = front ? paretoOf(end.trials, objectives) : topOf(told)
  if (front) out(`${rows.length} trials that no other beats in both:`)
  printTable(
    rows.slice(0, front ? 30 : TOP).map((trial) => ({
      trial: trial.number,
      ...Object.fromEntries(
        objectives.map(({ name }, i) => [name, trial.state === 'done' ? valueText(trial.values[i]) : '']),
      ),
      parameters: pointText(trial.point),
    })),
    noScore(told),
  )
  for (const section of judged?.sections ?? []) {
    out()
    printSection(section)
  }
  out()
  if (end.ending === 'stopped') out(`go on with it: contrail optimise --resume ${study.record.id}`)
  if (judged?.report) out(`report ${judged.report}`)
}
