import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frontsOf, paretoOf } from './pareto.ts'
import { createSampler } from './samplers.ts'
import type { Space } from './space.ts'
import { createStudy, listStudies, openStudy, readTrials } from './store.ts'
import type { StudyRecord } from './store.ts'
import { runStudy } from './study.ts'
import { bestOf, objectivesOf } from './trial.ts'
import type { Objective, Outcome, Trial } from './trial.ts'

const SPACE: Space = {
  dimensions: [
    { kind: 'number', name: 'x', low: -5, high: 5, step: undefined, log: false },
    { kind: 'number', name: 'y', low: -5, high: 5, step: undefined, log: false },
  ],
  fixed: {},
  unbounded: [],
}
const RECORD: StudyRecord = {
  schema: 1,
  id: 'first',
  createdUs: 1,
  strategy: 'sma-cross',
  codeHash: 'c',
  dataHash: 'd',
  sampler: 'tpe',
  seed: 4,
  objectives: [{ name: 'sharpe', direction: 'maximise' }],
  space: { dimensions: [...SPACE.dimensions] as never, fixed: {} },
  run: {},
}
const GAIN: Objective[] = [{ name: 'sharpe', direction: 'maximise' }]
const hill = async (_number: number, point: Record<string, unknown>): Promise<Outcome> => {
  const [x, y] = [point['x'] as number, point['y'] as number]
  return { state: 'done', values: [-((x - 1) ** 2) - (y + 2) ** 2], metrics: {}, ms: 1 }
}
const study = (extra: Partial<Parameters<typeof runStudy>[0]> = {}) =>
  runStudy({
    sampler: createSampler('tpe', { space: SPACE, seed: 4 }),
    objectives: GAIN,
    trialsMax: 40,
    concurrency: 3,
    evaluate: hill,
    ...extra,
  })

describe('a stored study', () => {
  let directory: string
  beforeEach(() => void (directory = mkdtempSync(path.join(os.tmpdir(), 'contrail-studies-'))))
  afterEach(() => rmSync(directory, { recursive: true }))

  it('goes on where it was, and ends as one that was never stopped', async () => {
    const first = createStudy(directory, RECORD)
    const stopper = new AbortController()
    const onTrial = (trial: Trial, _best: unknown, done: number): void => {
      first.append(trial)
      if (done === 17) stopper.abort()
    }
    const stopped = await study({ onTrial, signal: stopper.signal })
    first.close()
    expect(stopped.ending).toBe('stopped')
    // What a crash in the middle of a line leaves.
    appendFileSync(path.join(first.folder, 'trials.jsonl'), '{"number":39,"poi')
    const second = openStudy(directory, 'first')
    expect(second.trials.length).toBe(stopped.trials.length)
    let fresh = 0
    const end = await study({
      stored: second.trials,
      onTrial: (trial) => {
        fresh++
        second.append(trial)
      },
    })
    second.close()
    expect(fresh).toBe(40 - stopped.trials.length)
    expect(end.trials).toEqual((await study()).trials)
    expect(readTrials(directory, 'first')).toEqual(end.trials)
  })

  it('is never written over, and has one writer', () => {
    const open = createStudy(directory, RECORD)
    expect(() => createStudy(directory, RECORD)).toThrow(/already_exists/)
    expect(() => openStudy(directory, 'first')).toThrow(/conflict/)
    open.close()
    openStudy(directory, 'first').close()
    expect(listStudies(directory)).toEqual(['first'])
  })

  it('a lock of a process that is gone holds nobody', () => {
    createStudy(directory, RECORD).close()
    const lock = path.join(directory, 'first', 'lock')
    writeFileSync(lock, '999999999')
    openStudy(directory, 'first').close()
    expect(existsSync(lock)).toBe(false)
  })

  it('a damaged line is named; a trial that stands there twice counts once', () => {
    const open = createStudy(directory, RECORD)
    const trial: Trial = { number: 0, point: { x: 1 }, state: 'done', values: [1], metrics: {}, ms: 1 }
    open.append(trial)
    open.append({ ...trial, ms: 2 })
    open.close()
    expect(readTrials(directory, 'first')).toEqual([trial])
    const file = path.join(open.folder, 'trials.jsonl')
    writeFileSync(file, `${readFileSync(file, 'utf8')}rubbish\n`)
    expect(() => readTrials(directory, 'first')).toThrow(/trials.jsonl:3/)
  })

  it('a study that was made otherwise is refused', async () => {
    const { trials } = await study({ trialsMax: 3 })
    const other = trials.map((trial) => ({ ...trial, point: { x: 0, y: 0 } }))
    await expect(study({ stored: other })).rejects.toThrow(/study_differs/)
  })
})

it('a trial that fails is kept and never the best; what is not its fault ends the study', async () => {
  const end = await study({
    evaluate: async (number, point) =>
      number % 2 === 0 ? { state: 'failed', problem: 'threw', ms: 0 } : await hill(number, point),
  })
  expect(end.trials.filter(({ state }) => state === 'failed').length).toBe(20)
  expect(end.best?.state).toBe('done')
  await expect(study({ evaluate: () => Promise.reject(new Error('the disk is full')) })).rejects.toThrow('disk is full')
})

it('a study that is stopped does not wait for what is far away', async () => {
  const stopper = new AbortController()
  let asked = 0
  const kept: number[] = []
  const end = await study({
    signal: stopper.signal,
    evaluate: (number, point) => {
      if (++asked === 8) setImmediate(() => stopper.abort())
      return number < 5 ? hill(number, point) : new Promise(() => undefined)
    },
    onTrial: ({ number }) => kept.push(number),
  })
  expect(end.ending).toBe('stopped')
  expect(end.trials.map(({ number }) => number)).toEqual(kept.toSorted((a, b) => a - b))
  expect(kept.length).toBe(5)
})

it('a score that is not defined is never the best', () => {
  const trial = (number: number, value: number | null): Trial => ({
    number,
    point: {},
    state: 'done',
    values: [value],
    metrics: {},
    ms: 0,
  })
  expect(bestOf([trial(0, null), trial(1, -3), trial(2, -3)], GAIN)?.number).toBe(1)
  expect(bestOf([trial(0, null)], GAIN)).toBeUndefined()
})

it('objectives have a direction', () => {
  expect(objectivesOf('sharpe')).toEqual([{ name: 'sharpe', direction: 'maximise' }])
  expect(objectivesOf('sharpe, volatility')[1]).toEqual({ name: 'volatility', direction: 'minimise' })
  expect(objectivesOf('tradeCount:min')[0]?.direction).toBe('minimise')
  expect(() => objectivesOf('a,b,c')).toThrow(/at most 2/)
})

it('fronts by the sweep are those of the definition', () => {
  const twin = (gains: readonly number[][]): number[] => {
    const fronts = gains.map(() => -1)
    for (let front = 0; fronts.includes(-1); front++) {
      const left = gains.flatMap((_, i) => (fronts[i] === -1 ? [i] : []))
      const beats = (a: number[], b: number[]): boolean =>
        a[0]! >= b[0]! && a[1]! >= b[1]! && (a[0]! > b[0]! || a[1]! > b[1]!)
      for (const i of left.filter((one) => !left.some((other) => beats(gains[other]!, gains[one]!)))) fronts[i] = front
    }
    return fronts
  }
  const small = fc.integer({ min: 0, max: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(small, small), { maxLength: 25 }), (gains) => {
      expect(frontsOf(gains)).toEqual(twin(gains))
    }),
  )
})

it('two objectives: the front holds what nothing beats, and TPE finds a better one than random search', async () => {
  const two: Objective[] = [
    { name: 'a', direction: 'maximise' },
    { name: 'b', direction: 'minimise' },
  ]
  const evaluate = async (_number: number, point: Record<string, unknown>): Promise<Outcome> => {
    const [x, y] = [point['x'] as number, point['y'] as number]
    return { state: 'done', values: [-((x - 1) ** 2) - y * y, (x + 1) ** 2 + y * y], metrics: {}, ms: 0 }
  }
  const distance = async (name: 'tpe' | 'random'): Promise<number> => {
    const end = await study({
      objectives: two,
      evaluate,
      trialsMax: 150,
      sampler: createSampler(name, { space: SPACE, seed: 2 }),
    })
    const front = paretoOf(end.trials, two)
    // The true front is y = 0, -1 <= x <= 1.
    return front.reduce((sum, { point }) => sum + Math.abs(point['y'] as number), 0) / front.length
  }
  expect(await distance('tpe')).toBeLessThan(await distance('random'))
})
