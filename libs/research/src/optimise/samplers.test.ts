import { describe, expect, it } from 'vitest'
import { createSampler } from './samplers.ts'
import type { SamplerName, SamplerOptions } from './sampler.ts'
import { runStudy } from './study.ts'
import type { Dimension, ParameterSet, Space } from './space.ts'
import type { Objective, Outcome } from './trial.ts'

/** Standard functions to minimise, as in the papers. */
const numbers = (point: ParameterSet): number[] => Object.values(point) as number[]
const sphere = (point: ParameterSet): number => numbers(point).reduce((sum, x) => sum + (x - 1) ** 2, 0)
const rosenbrock = (point: ParameterSet): number => {
  const x = numbers(point)
  let sum = 0
  for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i + 1]! - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2
  return sum
}
const branin = (point: ParameterSet): number => {
  const [x, y] = numbers(point) as [number, number]
  const curve = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
  return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
}
const ackley = (point: ParameterSet): number => {
  const x = numbers(point).map((value) => value - 3)
  const square = x.reduce((sum, value) => sum + value * value, 0) / x.length
  const waves = x.reduce((sum, value) => sum + Math.cos(2 * Math.PI * value), 0) / x.length
  return -20 * Math.exp(-0.2 * Math.sqrt(square)) - Math.exp(waves) + 20 + Math.E
}
const mixed = (point: ParameterSet): number =>
  ((point['x0'] as number) - 7) ** 2 + (point['mode'] === 'b' ? 0 : 20) + (point['on'] === true ? 0 : 10)

const range = (name: string, low: number, high: number, step?: number): Dimension => ({
  kind: 'number',
  name,
  low,
  high,
  step,
  log: false,
})
const cube = (size: number, low: number, high: number): Space => ({
  dimensions: Array.from({ length: size }, (_, i) => range(`x${i}`, low, high)),
  fixed: {},
  unbounded: [],
})
const MIXED: Space = {
  dimensions: [
    range('x0', 0, 40, 1),
    { kind: 'choice', name: 'mode', choices: ['a', 'b', 'c', 'd'] },
    { kind: 'choice', name: 'on', choices: [false, true] },
  ],
  fixed: {},
  unbounded: [],
}
const LESS: Objective[] = [{ name: 'loss', direction: 'minimise' }]
const done = (value: number): Outcome => ({ state: 'done', values: [value], metrics: {}, ms: 0 })

async function lossOf(
  name: SamplerName,
  options: SamplerOptions,
  loss: (point: ParameterSet) => number,
  trialsMax: number,
): Promise<number> {
  const end = await runStudy({
    sampler: createSampler(name, options),
    objectives: LESS,
    trialsMax,
    concurrency: 1,
    evaluate: async (_number, point) => done(loss(point)),
  })
  return end.best?.state === 'done' ? (end.best.values[0] as number) : Infinity
}
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

describe('samplers on known functions', () => {
  it.each([
    ['sphere, 4 dimensions', cube(4, -5, 5), sphere],
    ['branin', { ...cube(2, -5, 15) }, branin],
    ['ackley, 3 dimensions', cube(3, -10, 10), ackley],
    ['numbers and choices', MIXED, mixed],
  ] as const)('TPE finds more than random search in 80 trials: %s', async (_name, space, loss) => {
    const seeds = Array.from({ length: 15 }, (_, i) => i + 1)
    const run = (name: SamplerName) => Promise.all(seeds.map((seed) => lossOf(name, { space, seed }, loss, 80)))
    const [tpe, uniform] = [await run('tpe'), await run('random')]
    expect(median(tpe)).toBeLessThan(median(uniform))
  })

  it('CMA-ES converges on the sphere and on the bent valley of Rosenbrock', async () => {
    for (const seed of [1, 2, 3]) {
      expect(await lossOf('cma-es', { space: cube(5, -5, 5), seed }, sphere, 1500)).toBeLessThan(1e-10)
      expect(await lossOf('cma-es', { space: cube(4, -3, 3), seed }, rosenbrock, 6000)).toBeLessThan(1e-8)
    }
  })

  it('a grid is every combination once, without those that the schema refuses', async () => {
    const space = { ...cube(0, 0, 1), dimensions: [range('fast', 1, 4, 1), range('slow', 2, 6, 2)] }
    const points: ParameterSet[] = []
    const end = await runStudy({
      sampler: createSampler('grid', { space, seed: 1, isFeasible: ({ fast, slow }) => fast! < slow! }),
      objectives: LESS,
      trialsMax: 1000,
      concurrency: 3,
      evaluate: async (_number, point) => {
        points.push(point)
        return done(0)
      },
    })
    expect(end.ending).toBe('exhausted')
    expect(points.map(({ fast, slow }) => `${fast}/${slow}`)).toEqual([
      '1/2',
      '1/4',
      '1/6',
      '2/4',
      '2/6',
      '3/4',
      '3/6',
      '4/6',
    ])
  })

  it('a grid over a range without steps is refused by name', () => {
    expect(() => createSampler('grid', { space: cube(1, 0, 1), seed: 1 })).toThrow(/x0.*--space x0=/)
  })

  it('CMA-ES refuses a choice of more than two', () => {
    expect(() => createSampler('cma-es', { space: MIXED, seed: 1 })).toThrow(/mode/)
  })
})

describe('one seed, one study', () => {
  const LOSSES: Record<string, [Space, (point: ParameterSet) => number]> = {
    random: [MIXED, mixed],
    tpe: [MIXED, mixed],
    'cma-es': [cube(3, -3, 3), rosenbrock],
  }
  /** Answers come back in an order that has nothing to do with the one they were asked in. */
  async function disordered(name: SamplerName, concurrency: number, seed: number, patience?: number) {
    const [space, loss] = LOSSES[name]!
    const open: (() => void)[] = []
    let turn = 0
    const release = (): void => {
      turn = (turn * 1_103_515_245 + 12_345) % 2 ** 31
      open.splice(turn % open.length, 1)[0]?.()
    }
    const end = await runStudy({
      sampler: createSampler(name, { space, seed }),
      objectives: LESS,
      trialsMax: 120,
      patience,
      concurrency,
      evaluate: (_number, point) =>
        new Promise((resolve) => {
          open.push(() => resolve(done(loss(point))))
          setImmediate(release)
        }),
    })
    return end
  }

  it.each(['random', 'tpe', 'cma-es'] as const)('%s: the same trials on 1, 3 and 16 workers', async (name) => {
    const ends = await Promise.all([1, 3, 16].map((workers) => disordered(name, workers, 5)))
    expect(ends.map(({ trials }) => trials.length)).toEqual([120, 120, 120])
    expect(ends[1]?.trials).toEqual(ends[0]?.trials)
    expect(ends[2]?.trials).toEqual(ends[0]?.trials)
    expect((await disordered(name, 3, 6)).trials).not.toEqual(ends[0]?.trials)
  })

  it('an early stop chooses the same best on any number of workers', async () => {
    const ends = await Promise.all([1, 3, 16].map((workers) => disordered('tpe', workers, 3, 15)))
    expect(ends.map(({ ending }) => ending)).toEqual(['no_improvement', 'no_improvement', 'no_improvement'])
    expect(new Set(ends.map(({ counted }) => counted)).size).toBe(1)
    expect(ends[0]!.counted).toBeLessThan(120)
    expect(ends[1]?.best).toEqual(ends[0]?.best)
    expect(ends[2]?.best).toEqual(ends[0]?.best)
  })
})
