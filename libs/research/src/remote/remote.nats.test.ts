import { encodeJson, subjects } from '@contrail/contracts'
import { applyStreams } from '@contrail/nats'
import { connectNats, systemClock } from '@contrail/runtime'
import type { Bus } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import type { TestNats } from '@contrail/runtime/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPool } from '../optimise/pool.ts'
import { prepareSearch } from '../optimise/prepare.ts'
import type { Search } from '../optimise/prepare.ts'
import type { StudyRecord } from '../optimise/store.ts'
import { INSTRUMENT, walk } from '../testing/walk.ts'
import { openCoordinator, studyKey } from './coordinator.ts'
import { decodeSeries, encodeSeries } from './dataset.ts'
import { startTrialWorker } from './worker.ts'
import type { TrialWorker } from './worker.ts'

let server: TestNats
let bus: Bus
let far: Bus
let search: Search
let seed = 0
const problems: Error[] = []

beforeAll(async () => {
  server = await startTestNats()
  await applyStreams(server.url)
  ;[bus, far] = (await Promise.all(['near', 'far'].map((name) => connectNats({ url: server.url, name })))) as [Bus, Bus]
  search = await prepareSearch({
    run: {
      strategy: 'sma-cross',
      parameters: { quantity: 1 },
      data: { kind: 'columns', label: 'walk', series: [walk(400, 2)], instruments: [INSTRUMENT] },
      cash: 10_000,
    },
    space: ['fast=2..10', 'slow=11..40'],
    objective: 'finalEquity',
  })
})
afterAll(async () => {
  await Promise.all([bus.close(), far.close()])
  await server.stop()
})
beforeEach(() => void problems.splice(0))

/** Another study each time. */
const record = (): StudyRecord => ({
  schema: 1,
  id: 'test',
  createdUs: 1,
  strategy: 'sma-cross',
  codeHash: search.codeHash,
  dataHash: search.dataHash,
  sampler: 'random',
  seed: ++seed,
  objectives: [...search.setup.objectives],
  space: { dimensions: [...search.space.dimensions] as never, fixed: search.space.fixed },
  run: {},
})
const worker = (name: string): Promise<TrialWorker> =>
  startTrialWorker({ bus: far, clock: systemClock, name, threads: 1, onProblem: (problem) => problems.push(problem) })
const queued = async (): Promise<number> => {
  const state = await bus.streamState('RESEARCH')
  return state ? state.lastSequence - state.firstSequence + 1 : 0
}

describe('trials far away', () => {
  it('give what they give here, and are known to whoever comes later', async () => {
    const study = record()
    const first = await openCoordinator(bus, systemClock, study, search.setup)
    const hand = await worker('one')
    const points = [3, 4, 5].map((fast) => ({ fast, slow: 20 }))
    const outcomes = await Promise.all(points.map((point, number) => first.evaluate(number, point)))
    const pool = createPool(search.setup, { threads: 1 })
    for (const [i, point] of points.entries())
      expect({ ...outcomes[i], ms: 0 }).toEqual({ ...(await pool.evaluate(point)), ms: 0 })
    await pool.close()
    await hand.stop()
    await first.close()
    const second = await openCoordinator(bus, systemClock, study, search.setup)
    expect(second.found).toBe(3)
    expect(await second.evaluate(1, points[1]!)).toEqual(outcomes[1])
    expect(second.byWorker()).toEqual({ one: 3 })
    await second.close()
    expect(await queued()).toBe(0)
  })

  it('what ended while nobody looked counts, and a trial that is queued twice runs once', async () => {
    const study = record()
    const before = await openCoordinator(bus, systemClock, study, search.setup)
    const key = studyKey(study)
    const job = { schema: 1, study: key, number: 0, point: { fast: 3, slow: 20 }, atUs: 1 } as never
    for (let i = 0; i < 3; i++) await bus.publish(subjects.trial(key), encodeJson(job))
    const sequence = (await bus.streamState('RESULTS'))?.lastSequence ?? 0
    const hand = await worker('two')
    await until('the queue is empty', async () => (await queued()) === 0)
    expect((await bus.streamState('RESULTS'))?.lastSequence).toBe(sequence + 1)
    const again = await openCoordinator(bus, systemClock, study, search.setup)
    expect([again.found, again.repeated()]).toEqual([1, 0])
    await hand.stop()
    await Promise.all([before.close(), again.close()])
  })

  it('trials of a closed study, and of none, are taken and not run; a message that is no trial is a dead letter', async () => {
    const study = record()
    const coordinator = await openCoordinator(bus, systemClock, study, search.setup)
    await coordinator.close()
    const sequence = (await bus.streamState('RESULTS'))?.lastSequence ?? 0
    const letters = (await bus.streamState('DLQ'))?.lastSequence ?? 0
    for (const key of [studyKey(study), '0'.repeat(32)]) {
      const job = { schema: 1, study: key, number: 0, point: { fast: 3, slow: 20 }, atUs: 1 } as never
      await bus.publish(subjects.trial(key), encodeJson(job))
    }
    await bus.publish(subjects.trial('rubbish'), new Uint8Array([1, 2, 3]))
    const hand = await worker('three')
    await until('the queue is empty', async () => (await queued()) === 0)
    await hand.stop()
    expect((await bus.streamState('RESULTS'))?.lastSequence).toBe(sequence)
    expect((await bus.streamState('DLQ'))?.lastSequence).toBe(letters + 1)
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('dead letter')])
  })
})

it('a series comes back from the wire as it was, over shared memory', async () => {
  const series = walk(123, 9)
  const back = await decodeSeries(await encodeSeries(series))
  expect(back).toEqual(series)
  expect(back.kind === 'candles' && back.close.buffer).toBeInstanceOf(SharedArrayBuffer)
})
