import { instantOf, refuse, sha256Field } from '@contrail/contracts'
import type { BacktestRequest, JobKind, OptimizationRequest, TrialView } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { BUILT_IN_STRATEGIES, METRIC_NAMES, objectivesOf, readTrials } from '@contrail/research'
import type { Trial } from '@contrail/research'
import type { Clock, Logger } from '@contrail/runtime'
import { wholeBundle } from '../verbs.ts'
import type { VerbContext } from '../verbs.ts'
import { createJobEvents } from './events.ts'
import type { JobLimits } from './limits.ts'
import { createRunner } from './runner.ts'
import { createRuns } from './runs.ts'
import { createJobStore } from './store.ts'
import type { Job } from './store.ts'
import type { Places } from './task.ts'
import { runRequestOf } from './task.ts'

export type JobsOptions = {
  readonly database: Database
  readonly context: VerbContext
  readonly clock: Clock
  readonly log: Logger
  readonly limits: JobLimits
  readonly places: Places
}

/** Research over HTTP: a queue, who works it off, and the runs that come of it. */
export function createJobs({ database, context, clock, log, limits, places }: JobsOptions) {
  const store = createJobStore(database, context.tenant)
  const runs = createRuns(database, context.tenant, places.runsDir, log)
  const events = createJobEvents((id) => store.get(id), clock)

  /** The hash of the code that a name means now. */
  async function hashOf(strategy: string): Promise<string> {
    if (isBuiltIn(strategy)) return (await context.catalogue.get(strategy)).bundle.sha256
    const known = sha256Field.safeParse(strategy).success
      ? (await context.store.versionByCode(strategy))?.code
      : await store.newestVersion(strategy)
    if (known !== undefined) return known
    const mend = `one of ${BUILT_IN_STRATEGIES.join(', ')}, a deployed definition, or the hash of a version`
    throw refuse('unknown_strategy', 'strategy', strategy, mend)
  }

  async function codeOf(strategy: string, code: string): Promise<string> {
    if (isBuiltIn(strategy)) {
      const { bundle } = await context.catalogue.get(strategy)
      if (bundle.sha256 === code) return bundle.text
    }
    const version = await context.store.versionByCode(code)
    if (!version?.bundle)
      throw refuse('code_changed', 'strategy', strategy, 'it is not what it was when this was asked for: ask again')
    return await wholeBundle(context, new TextDecoder().decode(version.bundle))
  }

  const runner = createRunner({ store, clock, log, limits, codeOf, places })
  return {
    store,
    runs,
    events,
    start: () => runner.start(),
    /** What cannot be right is refused before anything waits. */
    async submit(
      kind: JobKind,
      request: BacktestRequest | OptimizationRequest,
      by: string,
      key: string | undefined,
    ): Promise<Job> {
      const { from, to, source } = request.data
      if (source === 'database' && places.marketDbUrl === undefined)
        throw refuse('invalid', 'data.source', source, 'this service knows no market database: use files')
      const [fromUs, toUs] = [instantOf('data.from', from, 'invalid'), instantOf('data.to', to, 'invalid')]
      if (fromUs !== undefined && toUs !== undefined && fromUs >= toUs)
        throw refuse('invalid_period', 'data.from', from, 'begin before the end')
      runRequestOf(request, '', NO_PORT)
      if ('objective' in request) mustBeMetrics(request.objective)
      const code = await hashOf(request.strategy)
      const job = await store.add({ kind, request, code, by, key, atUs: clock.nowUs() }, limits.queuedMax)
      runner.poke()
      return job
    },
    /** Of an optimization, as they were tried; none before its data is read. */
    async trials(id: string, limit: number, after: number): Promise<TrialView[]> {
      const { kind } = await store.get(id)
      if (kind !== 'optimization') throw refuse('not_found', 'trials', id, 'only an optimization has trials')
      const all = readTrials(places.studiesDir, id).filter(({ number }) => number > after)
      return all.slice(0, limit).map(trialViewOf)
    },
    async cancel(id: string): Promise<Job> {
      const job = await store.cancel(id, clock.nowUs())
      if (job.state === 'running') runner.cancel(id)
      return job
    },
    async stop(): Promise<void> {
      events.stop()
      await runner.stop()
    },
  }
}
export type Jobs = ReturnType<typeof createJobs>

function mustBeMetrics(objective: string): void {
  const unknown = objectivesOf(objective).find(({ name }) => !(METRIC_NAMES as readonly string[]).includes(name))
  if (unknown) throw refuse('invalid', 'objective', unknown.name, `one of ${METRIC_NAMES.join(', ')}`)
}

const trialViewOf = (trial: Trial): TrialView => ({
  number: trial.number,
  state: trial.state,
  parameters: { ...trial.point } as TrialView['parameters'],
  values: trial.state === 'done' ? [...trial.values] : [],
  problem: trial.state === 'failed' ? trial.problem : null,
})
const isBuiltIn = (name: string): boolean => (BUILT_IN_STRATEGIES as readonly string[]).includes(name)
/** Reading the words needs no data. */
const NO_PORT = { read: never, list: never, instruments: never }
function never(): never {
  throw new Error('nothing is read here')
}
