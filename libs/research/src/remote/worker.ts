import { availableParallelism } from 'node:os'
import { decodeJson, encodeJson, refuse, studySchema, subjects, trialSchema } from '@contrail/contracts'
import type { StudyValue, TrialJob, TrialResult } from '@contrail/contracts'
import { WrongLastSequence } from '@contrail/runtime'
import type { Bus, BusMessage, Clock } from '@contrail/runtime'
import type { Assumptions } from '@contrail/trading'
import type { TrialSetup } from '../optimise/evaluate.ts'
import { createPool } from '../optimise/pool.ts'
import type { Pool } from '../optimise/pool.ts'
import type { Outcome } from '../optimise/trial.ts'
import type { Convention } from '../metrics/types.ts'
import { downloadSeries } from './dataset.ts'

export type WorkerOptions = {
  readonly bus: Bus
  readonly clock: Clock
  /** Who it is, in results. */
  readonly name: string
  /** Trials at once; default one per core. */
  readonly threads?: number | undefined
  readonly trialMsMax?: number | undefined
  readonly onTrial?: (done: { study: string; number: number; outcome: Outcome }) => void
  readonly onProblem?: (problem: Error) => void
}
export type TrialWorker = { readonly threads: number; stop(): Promise<void> }

/** Code and data of so many studies stay loaded; the one that was idle longest goes first. */
const STUDIES_MAX = 3

/** The other side: takes a trial, runs it, publishes its result, and only then says that it is done. */
export async function startTrialWorker(options: WorkerOptions): Promise<TrialWorker> {
  const { bus } = options
  const studies = new Studies(options)
  const threads = studies.threads
  const consumer = await bus.consume({
    stream: 'RESEARCH',
    durable: 'trials',
    shared: true,
    concurrency: threads,
    onMessage: (message) => handle(options, studies, message),
    // A trial that ends every worker that takes it, or whose study cannot be read: it counts as failed, or nobody would ever know.
    onDead: async (message, cause) => {
      const job = jobOf(message)
      if (job) await report(options, job, { state: 'failed', problem: cause.message, ms: 0 })
    },
    ...(options.onProblem ? { onProblem: options.onProblem } : {}),
  })
  return {
    threads,
    async stop() {
      await consumer.stop()
      await studies.close()
    },
  }
}

async function handle(options: WorkerOptions, studies: Studies, message: BusMessage): Promise<void> {
  const job = decodeJson(trialSchema, message.data, 'trial')
  const { study, number, point } = job
  const value = await studies.read(study)
  if (value?.state !== 'open') return
  // Delivered again after its result was stored: there is nothing left to do.
  if (await options.bus.lastOnSubject('RESULTS', subjects.trialResult(study, number))) return
  const pool = await studies.pool(value)
  const outcome = await pool.evaluate(point)
  await report(options, job, outcome)
}

/** Undefined for a message that is no trial: its dead letter is all there is to say. */
function jobOf({ data }: BusMessage): TrialJob | undefined {
  try {
    return decodeJson(trialSchema, data, 'trial')
  } catch {
    return undefined
  }
}

async function report(options: WorkerOptions, { study, number }: TrialJob, outcome: Outcome): Promise<void> {
  const result: TrialResult = {
    schema: 1,
    study,
    number,
    worker: options.name as never,
    outcome: outcome as TrialResult['outcome'],
    atUs: options.clock.nowUs() as never,
  }
  try {
    await options.bus.publish(subjects.trialResult(study, number), encodeJson(result), {
      messageId: `${study}.${number}`,
      expectedLastSubjectSequence: 0,
    })
  } catch (error) {
    // Another worker was first, or our own first attempt arrived after all: either way it is there once.
    if (!(error instanceof WrongLastSequence)) throw error
    return
  }
  options.onTrial?.({ study, number, outcome })
}

class Studies {
  readonly threads: number
  readonly #options: WorkerOptions
  readonly #pools = new Map<string, Promise<Pool>>()

  constructor(options: WorkerOptions) {
    this.#options = options
    this.threads = Math.max(1, options.threads ?? availableParallelism())
  }

  async read(study: string): Promise<StudyValue | undefined> {
    const entry = await (await this.#options.bus.kv('studies')).get(study)
    return entry?.value ? decodeJson(studySchema, entry.value, 'study') : undefined
  }

  async pool(value: StudyValue): Promise<Pool> {
    const { study } = value
    const opened = this.#pools.get(study) ?? this.#open(value)
    // The newest last.
    this.#pools.delete(study)
    this.#pools.set(study, opened)
    for (const [old, pool] of this.#pools) {
      if (this.#pools.size <= STUDIES_MAX) break
      this.#pools.delete(old)
      void pool.then((one) => one.close())
    }
    return await opened
  }

  #open(value: StudyValue): Promise<Pool> {
    const opening = this.#load(value)
    // The next trial tries again.
    opening.catch(() => this.#pools.delete(value.study))
    return opening
  }

  async #load(value: StudyValue): Promise<Pool> {
    const { bus, trialMsMax } = this.#options
    const [bundles, datasets] = await Promise.all([bus.objects('bundles'), bus.objects('datasets')])
    const code = async (hash: string): Promise<string> => {
      const data = await bundles.get(hash)
      if (!data) throw refuse('not_found', 'bundle', hash, 'start the study again')
      return new TextDecoder().decode(data)
    }
    const series = await Promise.all(value.data.map((hash) => downloadSeries(datasets, hash)))
    const setup: TrialSetup = {
      code: await code(value.code),
      instruments: value.instruments,
      series,
      cash: value.cash,
      assumptions: value.assumptions as unknown as Assumptions,
      convention: value.convention as Convention,
      riskFree: value.riskFree,
      periods: value.periods,
      fixed: value.fixed,
      objectives: value.objectives,
      objectiveCode: value.objectiveCode === undefined ? undefined : await code(value.objectiveCode),
      fromUs: value.fromUs,
      toUs: value.toUs,
    }
    return createPool(setup, { threads: this.threads, trialMsMax })
  }

  async close(): Promise<void> {
    for (const pool of this.#pools.values()) await (await pool).close()
  }
}
