import { isDeepStrictEqual, parseArgs } from 'node:util'
import { decodeJson, trialResultSchema } from '@contrail/contracts'
import { connectNats, systemClock } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { createPool, createSampler, openCoordinator, prepareSearch, runStudy } from '@contrail/research'
import type { Coordinator, Outcome, ParameterSet, Search, StudyEnd, StudyRecord, Trial } from '@contrail/research'
import { INSTRUMENT, walk } from '../../../libs/research/src/testing/walk.ts'
import { startQueue, Workers } from './lib-optimise.ts'

/**
 * `npm run prove:optimise [-- --trials 400 --workers 3 --kill-seconds 2]`: one study twice, on one process and through the
 * work queue on several `contrail worker` processes of which one is killed every few seconds. All trials must end, none
 * be lost, none counted twice, and every trial, the best among them, must be the same.
 */
export type OptimiseResult = {
  passed: boolean
  trials: number
  completed: number
  lost: number
  /** Results that are in the stream more than once, and trials that were counted more than once. */
  twice: number
  /** Trials whose outcome differs from the one on one process. */
  differing: number
  sameBest: boolean
  best: { number: number; point: ParameterSet; values: readonly (number | null)[] } | null
  workers: number
  kills: number
  /** Trials handed out again, because their worker was gone. */
  takenOver: number
  byWorker: Readonly<Record<string, number>>
  failures: string[]
  seconds: number
}

const SEED = 11
const OBJECTIVES = 'sharpe'

export async function proveOptimise(options: {
  trials: number
  workers: number
  /** A worker is killed so often, by time or whenever so many trials have ended. */
  killEvery: { ms: number } | { trials: number }
  /** Bars of the market: so long is a trial. */
  rows: number
  say?: (line: string) => void
}): Promise<OptimiseResult> {
  const startedMs = performance.now()
  const search = await prepareSearch({
    run: {
      strategy: 'sma-cross',
      parameters: { quantity: 10 },
      data: { kind: 'columns', label: 'walk', series: [walk(options.rows, 7)], instruments: [INSTRUMENT] },
      cash: 100_000,
    },
    space: ['fast=2..60', 'slow=20..300', 'allowShort'],
    objective: OBJECTIVES,
  })
  const alone = await onOneProcess(search, options.trials)
  options.say?.(`on one process: ${alone.trials.length} trials, best ${JSON.stringify(alone.best?.point)}`)
  const queue = await startQueue()
  const bus = await connectNats({ url: queue.urlOf('strategies'), name: 'prove-optimise' })
  const workers = new Workers(queue.urlOf('researcher'), options.workers)
  try {
    const coordinator = await openCoordinator(bus, systemClock, recordOf(search), search.setup)
    const counted: number[] = []
    const { killEvery } = options
    if ('ms' in killEvery) workers.killEvery(killEvery.ms, () => counted.length)
    const far = await study(
      search,
      options.trials,
      64,
      (number, point) => coordinator.evaluate(number, point),
      (trial) => {
        counted.push(trial.number)
        const isDue = 'trials' in killEvery && counted.length % killEvery.trials === 0
        if (isDue && counted.length < options.trials) workers.kill()
        if (counted.length % 20 === 0) options.say?.(`${counted.length} trials, ${workers.kills} kills`)
      },
    )
    const stored = await storedResults(bus, coordinator)
    await workers.stop()
    const judged = judge(alone, far, counted, stored, options.trials)
    await coordinator.close()
    const takenOver = (await queue.deliveries()) - options.trials
    const failures = failuresOf(judged, workers, takenOver)
    return {
      passed: failures.length === 0,
      ...judged,
      workers: options.workers,
      kills: workers.kills,
      takenOver,
      byWorker: coordinator.byWorker(),
      failures,
      seconds: Math.round((performance.now() - startedMs) / 1000),
    }
  } finally {
    await workers.stop()
    await bus.close()
    await queue.stop()
  }
}

function study(
  search: Search,
  trialsMax: number,
  concurrency: number,
  evaluate: (number: number, point: ParameterSet) => Promise<Outcome>,
  onTrial?: (trial: Trial) => void,
): Promise<StudyEnd> {
  const { space, isFeasible, setup } = search
  return runStudy({
    sampler: createSampler('tpe', { space, seed: SEED, isFeasible }),
    objectives: setup.objectives,
    trialsMax,
    concurrency,
    evaluate,
    ...(onTrial ? { onTrial } : {}),
  })
}

async function onOneProcess(search: Search, trials: number): Promise<StudyEnd> {
  const pool = createPool(search.setup, { threads: 1 })
  try {
    return await study(search, trials, 1, (_number, point) => pool.evaluate(point))
  } finally {
    await pool.close()
  }
}

const recordOf = (search: Search): StudyRecord => ({
  schema: 1,
  id: 'prove',
  createdUs: systemClock.nowUs(),
  strategy: search.name,
  codeHash: search.codeHash,
  dataHash: search.dataHash,
  sampler: 'tpe',
  seed: SEED,
  objectives: [...search.setup.objectives],
  space: { dimensions: [...search.space.dimensions] as never, fixed: search.space.fixed },
  run: {},
})

/** Straight from the stream, past the coordinator. */
async function storedResults(bus: Bus, { study: key }: Coordinator): Promise<number[]> {
  const numbers: number[] = []
  const last = (await bus.streamState('RESULTS'))?.lastSequence ?? 0
  for (let sequence = 1; sequence <= last; sequence++) {
    const message = await bus.getMessage('RESULTS', sequence)
    if (!message?.subject.startsWith(`results.trial.${key}.`)) continue
    numbers.push(decodeJson(trialResultSchema, message.data, 'trialResult').number)
  }
  return numbers
}

function judge(alone: StudyEnd, far: StudyEnd, counted: number[], stored: number[], trials: number) {
  const repeated = (numbers: number[]): number => numbers.length - new Set(numbers).size
  const differing = alone.trials.filter((trial, i) => !same(trial, far.trials[i])).length
  const { best } = far
  return {
    trials,
    completed: far.trials.length,
    lost: trials - new Set(stored).size,
    twice: repeated(stored) + repeated(counted),
    differing,
    sameBest: best !== undefined && same(alone.best, best),
    best: best?.state === 'done' ? { number: best.number, point: best.point, values: best.values } : null,
  }
}

/** All but how long it took. */
const same = (a: Trial | undefined, b: Trial | undefined): boolean =>
  a !== undefined && isDeepStrictEqual({ ...a, ms: 0 }, { ...b, ms: 0 })

function failuresOf(judged: ReturnType<typeof judge>, workers: Workers, takenOver: number): string[] {
  const failures: string[] = []
  if (judged.completed !== judged.trials) failures.push(`${judged.completed} of ${judged.trials} trials ended`)
  if (judged.lost > 0) failures.push(`${judged.lost} trials are lost`)
  if (judged.twice > 0) failures.push(`${judged.twice} trials are there twice`)
  if (judged.differing > 0) failures.push(`${judged.differing} trials differ from those on one process`)
  if (!judged.sameBest) failures.push('another best than on one process')
  if (workers.kills === 0) failures.push('no worker was killed: the study was too short')
  if (takenOver === 0) failures.push('no trial was taken over: no worker was killed at work')
  if (workers.failure) failures.push(workers.failure)
  return failures
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      trials: { type: 'string', default: '400' },
      workers: { type: 'string', default: '3' },
      'kill-seconds': { type: 'string', default: '2' },
      rows: { type: 'string', default: '400000' },
    },
  })
  const result = await proveOptimise({
    trials: Number(values.trials),
    workers: Number(values.workers),
    killEvery: { ms: Number(values['kill-seconds']) * 1000 },
    rows: Number(values.rows),
    say: (line) => console.error(`prove:optimise: ${line}`),
  })
  console.log(JSON.stringify(result, null, 2))
  console.log(
    `prove:optimise ${result.passed ? 'passed' : 'FAILED'}: ${result.completed} of ${result.trials} trials on ` +
      `${result.workers} workers, ${result.kills} killed, ${result.takenOver} trials taken over, ${result.lost} lost, ` +
      `${result.twice} twice, ${result.sameBest ? 'the same best' : 'ANOTHER best'} as on one process`,
  )
  process.exitCode = result.passed ? 0 : 1
}

if (import.meta.main) await main()
