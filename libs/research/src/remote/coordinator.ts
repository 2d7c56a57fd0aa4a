import { createHash } from 'node:crypto'
import { decodeJson, encodeJson, studySchema, subjects, trialResultSchema } from '@contrail/contracts'
import type { StudyValue, TrialJob } from '@contrail/contracts'
import type { Bus, Clock, Reader } from '@contrail/runtime'
import type { TrialSetup } from '../optimise/evaluate.ts'
import type { ParameterSet } from '../optimise/space.ts'
import type { StudyRecord } from '../optimise/store.ts'
import type { Outcome } from '../optimise/trial.ts'
import { uploadSeries } from './dataset.ts'

/** How many trials wait in the queue at most, for a sampler that would draw them all at once. */
export const QUEUED_MAX = 256
const LOOK_MS = 20

export type Coordinator = {
  /** Its name on the bus. */
  readonly study: string
  /** Results that were there when it began: of trials that ended while nobody looked. */
  readonly found: number
  /** Results that came more than once; the first one stands. */
  readonly repeated: () => number
  /** By worker, how many results count. */
  readonly byWorker: () => Readonly<Record<string, number>>
  /** Puts the trial into the queue and waits for what comes of it. */
  evaluate(number: number, point: ParameterSet): Promise<Outcome>
  /** What still waits in the queue is taken and not run. */
  close(): Promise<void>
}

/** The same name with another seed, space or code is another study, and so is one that was begun anew. */
export const studyKey = (record: StudyRecord): string =>
  createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 32)

/** One side of a study on many machines: code, data and what all trials share go up once, then trials by the queue. */
export async function openCoordinator(
  bus: Bus,
  clock: Clock,
  record: StudyRecord,
  setup: TrialSetup,
): Promise<Coordinator> {
  const study = studyKey(record)
  const value = await publishStudy(bus, clock, record, setup, study)
  const results = new Results(study)
  const reader = await readResults(bus, results)
  return {
    study,
    found: results.counted,
    repeated: () => results.repeated,
    byWorker: () => Object.fromEntries(results.byWorker),
    async evaluate(number, point) {
      const known = results.get(number)
      if (known) return known
      const answer = results.wait(number)
      const job: TrialJob = { schema: 1, study, number, point: { ...point }, atUs: clock.nowUs() as never }
      await bus.publish(subjects.trial(study), encodeJson(job))
      return await answer
    },
    async close() {
      await reader.stop()
      await (await bus.kv('studies')).put(study, encodeJson({ ...value, state: 'closed' } satisfies StudyValue))
    },
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

async function publishStudy(
  bus: Bus,
  clock: Clock,
  record: StudyRecord,
  setup: TrialSetup,
  study: string,
): Promise<StudyValue> {
  const [bundles, datasets] = await Promise.all([bus.objects('bundles'), bus.objects('datasets')])
  const upload = async (text: string): Promise<string> => {
    const hash = hashOf(text)
    if (!(await bundles.get(hash))) await bundles.put(hash, new TextEncoder().encode(text))
    return hash
  }
  const code = await upload(setup.code)
  const objectiveCode = setup.objectiveCode === undefined ? undefined : await upload(setup.objectiveCode)
  const data: string[] = []
  for (const series of setup.series) data.push(await uploadSeries(datasets, series))
  const value: StudyValue = studySchema.parse({
    schema: 1,
    study,
    name: record.id,
    state: 'open',
    code,
    ...(objectiveCode === undefined ? {} : { objectiveCode }),
    objectives: setup.objectives,
    data,
    instruments: setup.instruments,
    cash: setup.cash,
    assumptions: setup.assumptions,
    convention: setup.convention,
    ...(setup.riskFree === undefined ? {} : { riskFree: setup.riskFree }),
    ...(setup.periods === undefined ? {} : { periods: setup.periods }),
    fixed: setup.fixed,
    ...(setup.fromUs === undefined ? {} : { fromUs: setup.fromUs }),
    ...(setup.toUs === undefined ? {} : { toUs: setup.toUs }),
    createdUs: clock.nowUs(),
  })
  await (await bus.kv('studies')).put(study, encodeJson(value))
  return value
}

/** Each trial once: the first result stands, whatever comes after. */
class Results {
  readonly study: string
  readonly byWorker = new Map<string, number>()
  readonly #outcomes = new Map<number, Outcome>()
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()
  repeated = 0

  constructor(study: string) {
    this.study = study
  }

  get counted(): number {
    return this.#outcomes.size
  }
  get(number: number): Outcome | undefined {
    return this.#outcomes.get(number)
  }

  wait(number: number): Promise<Outcome> {
    return new Promise((resolve) => this.#waiting.set(number, resolve))
  }

  add(data: Uint8Array): void {
    const { number, outcome, worker } = decodeJson(trialResultSchema, data, 'trialResult')
    if (this.#outcomes.has(number)) {
      this.repeated++
      return
    }
    this.#outcomes.set(number, outcome)
    this.byWorker.set(worker, (this.byWorker.get(worker) ?? 0) + 1)
    this.#waiting.get(number)?.(outcome)
    this.#waiting.delete(number)
  }
}

/** Resolves when everything that was stored before has been read. */
async function readResults(bus: Bus, results: Results): Promise<Reader> {
  const state = await bus.streamState('RESULTS')
  const filter = `results.trial.${results.study}.*`
  const last = await bus.lastOnSubject('RESULTS', filter)
  const reader = await bus.read({
    stream: 'RESULTS',
    fromSequence: state?.firstSequence ?? 1,
    filterSubjects: [filter],
    onMessage: ({ data }) => results.add(data),
  })
  while (last && reader.lastSequence < last.sequence) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  return reader
}
