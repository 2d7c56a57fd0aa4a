import { refuse } from '@contrail/contracts'
import type { Coordinator, Outcome, ParameterSet, Sampler, StudyEnd, StudyRecord, Trial } from '@contrail/research'
import { parseArgs } from 'citty'
import { connection, home } from '../lib/home.ts'
import { INTERRUPTED, untilInterrupt } from '../lib/interrupt.ts'
import { jobArgs } from '../lib/backtest-flags.ts'
import { printJson } from '../lib/print.ts'
import { command, EXIT } from '../lib/run.ts'
import { searchArgs, searchFromFlags, samplerOf } from '../lib/search-flags.ts'
import type { SearchFlags } from '../lib/search-flags.ts'
import { newStudyId, studiesDirectory } from '../lib/study-home.ts'
import { printStudy, studyJson } from '../lib/study-summary.ts'
import { trialLine } from '../lib/trial-line.ts'

const args = {
  strategy: { type: 'positional', description: 'File, or built-in name; not needed with --resume', required: false },
  ...searchArgs,
  id: { type: 'string', description: 'Name of the study; default by time and strategy' },
  resume: { type: 'string', description: 'Go on with this study: nothing else needs to be said again' },
  remote: { type: 'boolean', description: 'Through the work queue, on every machine that runs `contrail worker`' },
  ...jobArgs,
  report: { type: 'boolean', description: 'Run the best once more and write its report', default: true },
  plateau: { type: 'boolean', description: 'Look how fast the score falls around the best', default: true },
} as const

export default command(
  'optimise',
  'Search parameters: contrail optimise sma-cross --data FILE --space fast=2..50 --space slow=10..200',
  args,
  async (given) => {
    if (given.job) return await (await import('../lib/job.ts')).runAsJob('optimizations', given.strategy, given)
    const { systemClock } = await import('@contrail/runtime')
    const said = overrides(given)
    const resumed = given.resume === undefined ? undefined : await recall(given.resume)
    const flags = { ...(resumed ? parseArgs(resumed.words, args) : given), ...said }
    const { strategy } = flags as { strategy?: string }
    if (strategy === undefined) throw refuse('usage', 'strategy', 'nothing', 'contrail optimise sma-cross --data FILE')
    const search = await searchFromFlags(strategy, flags)
    const sampler = await samplerOf(search)
    const { createStudy, openStudy } = await import('@contrail/research')
    const nowUs = systemClock.nowUs()
    const id = resumed?.record.id ?? given.id ?? newStudyId(search.search.name, nowUs)
    const record = recordOf(id, search, resumed?.record.createdUs ?? nowUs)
    if (resumed) mustEqual(resumed.record, record)
    const study = resumed ? openStudy(studiesDirectory(), id) : createStudy(studiesDirectory(), record)
    // What has been tried stays tried, whatever is asked for now.
    const trialsMax = Math.max(search.trialsMax, (study.trials.at(-1)?.number ?? -1) + 1)
    const startedMs = systemClock.monotonicMs()
    try {
      if (!given.json) process.stderr.write(`study ${id}: ${study.folder}\n`)
      const done = await untilInterrupt((signal) =>
        runTrials(
          { ...search, trialsMax },
          sampler,
          study.record,
          study.trials,
          (trial) => study.append(trial),
          flags.remote === true,
          signal,
        ),
      )
      const ms = systemClock.monotonicMs() - startedMs
      const told = { ...done, study, search: { ...search, trialsMax }, ms, already: study.trials.length }
      const judged = done.end.ending === 'stopped' ? undefined : await judge(search, done.end, flags)
      if (given.json) printJson(studyJson(told, judged))
      else printStudy(told, judged)
      const none = done.end.best === undefined
      process.exitCode = done.end.ending === 'stopped' ? INTERRUPTED : none ? EXIT.refused : EXIT.ok
    } finally {
      study.close()
    }
  },
)

type Given = Record<string, unknown>
/** What may be said anew when a study goes on: how much and where, not what. */
const overrides = (given: Given): Given =>
  Object.fromEntries(
    ['trials', 'jobs', 'early-stop', 'remote', 'report', 'plateau'].flatMap((name) =>
      process.argv.some((word) => new RegExp(`^--(no-)?${name}(=|$)`).test(word)) ? [[name, given[name]]] : [],
    ),
  )

/** The words of the first time are put where flags that may be repeated are looked for. */
async function recall(id: string): Promise<{ record: StudyRecord; words: string[] }> {
  const { readStudy } = await import('@contrail/research')
  const record = readStudy(studiesDirectory(), id)
  const words = record.run['words'] as string[]
  process.argv.push(...words)
  return { record, words }
}

function recordOf(id: string, { search, samplerName, seed, batch }: SearchFlags, createdUs: number): StudyRecord {
  const { objectives, assumptions, cash, convention } = search.setup
  const { fromUs, toUs } = search
  return {
    schema: 1,
    id,
    createdUs,
    strategy: search.name,
    codeHash: search.codeHash,
    dataHash: search.dataHash,
    sampler: samplerName,
    seed,
    ...(batch === undefined ? {} : { batch }),
    objectives: [...objectives],
    ...(search.objectiveHash === undefined ? {} : { objectiveHash: search.objectiveHash }),
    space: JSON.parse(JSON.stringify({ dimensions: search.space.dimensions, fixed: search.space.fixed })),
    run: { words: wordsOfStart(), data: search.data.label, cash, convention, fromUs, toUs, assumptions },
  }
}

/** Everything after the name of the command that says what the study is. */
const wordsOfStart = (): string[] => process.argv.slice(3)

/** Trials of other code or data are no trials of this study. */
function mustEqual(before: StudyRecord, now: StudyRecord): void {
  for (const name of COMPARED) {
    const [was, is] = [before[name], now[name]].map((value) => JSON.stringify(value)?.replaceAll('"', '') ?? 'nothing')
    if (was !== is) throw refuse('study_differs', name, is, `it was ${was}: begin a new study for the new one`)
  }
}
const COMPARED = ['codeHash', 'dataHash', 'sampler', 'seed', 'batch', 'objectives', 'objectiveHash', 'space'] as const

export type Done = {
  readonly end: StudyEnd
  readonly remote: { byWorker: Readonly<Record<string, number>>; repeated: number } | undefined
}

async function runTrials(
  flags: SearchFlags,
  sampler: Sampler,
  record: StudyRecord,
  stored: readonly Trial[],
  keep: (trial: Trial) => void,
  isRemote: boolean,
  signal: AbortSignal,
): Promise<Done> {
  const { runStudy, QUEUED_MAX } = await import('@contrail/research')
  const { systemClock } = await import('@contrail/runtime')
  const { setup } = flags.search
  const line = trialLine({
    total: flags.trialsMax,
    objectives: setup.objectives,
    already: stored.length,
    nowMs: () => systemClock.monotonicMs(),
  })
  const hands = isRemote ? await remoteHands(flags, record) : await ownHands(flags)
  try {
    const end = await runStudy({
      sampler,
      objectives: setup.objectives,
      trialsMax: flags.trialsMax,
      patience: flags.patience,
      concurrency: hands.threads ?? QUEUED_MAX,
      evaluate: hands.evaluate,
      stored,
      onTrial(trial, best, done) {
        keep(trial)
        line.show(done, best)
      },
      signal,
    })
    return { end, remote: hands.told?.() }
  } finally {
    line.clear()
    await hands.close()
  }
}

type Hands = {
  threads?: number
  evaluate: (number: number, point: ParameterSet) => Promise<Outcome>
  told?: () => { byWorker: Readonly<Record<string, number>>; repeated: number }
  close: () => Promise<void>
}

async function ownHands({ search, jobs }: SearchFlags): Promise<Hands> {
  const { createPool } = await import('@contrail/research')
  const pool = createPool(search.setup, { threads: jobs })
  return { threads: pool.threads, evaluate: (_number, point) => pool.evaluate(point), close: () => pool.close() }
}

/** Without any result for so long a word is said. */
const WORKER_MS = 15_000

async function remoteHands({ search }: SearchFlags, record: StudyRecord): Promise<Hands> {
  const [{ connectNats, systemClock }, { openCoordinator }] = await Promise.all([
    import('@contrail/runtime'),
    import('@contrail/research'),
  ])
  const bus = await connectNats({ url: connection('operatorNatsUrl'), name: 'optimise' })
  const coordinator: Coordinator = await openCoordinator(bus, systemClock, record, search.setup)
  const nobody = setTimeout(() => {
    if (Object.keys(coordinator.byWorker()).length === 0)
      process.stderr.write(`no result after ${WORKER_MS / 1000} s: is there a worker? contrail worker\n`)
  }, WORKER_MS)
  return {
    evaluate: (number, point) => coordinator.evaluate(number, point),
    told: () => ({ byWorker: coordinator.byWorker(), repeated: coordinator.repeated() }),
    async close() {
      clearTimeout(nobody)
      await coordinator.close()
      await bus.close()
    },
  }
}

export type Judged = Awaited<ReturnType<typeof judge>>

/** The best once more, in full, with all that says how far to trust it. */
async function judge(flags: SearchFlags, end: StudyEnd, { report, plateau: wanted }: Given) {
  const { createPool, judgedRun, plateau, plateauSection, runsDirectory, trialCountOf } =
    await import('@contrail/research')
  const { search, request, jobs } = flags
  const { best } = end
  if (!best) return undefined
  const sections = []
  if (wanted !== false) {
    const pool = createPool(search.setup, { threads: jobs })
    const { space, isFeasible, setup } = search
    const evaluate = (point: ParameterSet): Promise<Outcome> => pool.evaluate(point)
    sections.push(
      plateauSection(
        await plateau({ space, isFeasible, objectives: setup.objectives, best, evaluate }),
        setup.objectives,
      ),
    )
    await pool.close()
  }
  if (report === false) return { sections, record: undefined, folder: undefined, report: undefined }
  const run = await judgedRun(
    {
      ...request,
      parameters: { ...request.parameters, ...best.point },
      trials: trialCountOf(end.trials, request.periods ?? search.periods),
    },
    sections,
    { directory: runsDirectory(home(), process.env) },
  )
  return { sections: [...run.sections, ...sections], record: run.record, folder: run.folder, report: run.report }
}
