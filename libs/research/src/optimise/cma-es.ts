import { refuse } from '@contrail/contracts'
import { eigen } from './eigen.ts'
import { random } from './random.ts'
import { DRAWS_MAX } from './sampler.ts'
import type { Sampler, SamplerOptions, Seen } from './sampler.ts'
import { pointOf, sizeOf } from './space.ts'
import type { ParameterSet } from './space.ts'

/*
 * Covariance matrix adaptation. N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, section A.1 with
 * its default constants; restarts with twice the population when a run has converged (IPOP, Auger and Hansen 2005).
 */
const SIGMA_START = 0.3
/** A run is over when it moves by less than this of the range, or when its scores do not differ. */
const SIGMA_END = 1e-9
const FLAT_GENERATIONS = 20

export function cmaEsSampler(options: SamplerOptions): Sampler {
  const { space, seed, isFeasible } = options
  for (const dimension of space.dimensions)
    if (dimension.kind === 'choice' && sizeOf(dimension) > 2)
      throw refuse(
        'not_a_number',
        dimension.name,
        dimension.choices.join(', '),
        `CMA-ES walks along numbers; --sampler tpe, or fix it: --set ${dimension.name}=${String(dimension.choices[0])}`,
      )
  const size = space.dimensions.length
  const state = new Walk(size, options.batch ?? 4 + Math.floor(3 * Math.log(size)))
  const generations: { first: number; points: Float64Array[] }[] = []
  const current = (n: number, seen: readonly Seen[]): { first: number; points: Float64Array[] } => {
    for (;;) {
      const last = generations.at(-1)
      if (last && n < last.first + last.points.length) return last
      const first = last ? last.first + last.points.length : 0
      if (last) state.tell(last.points, scoresOf(seen, last))
      const from = random(seed, first, 7)
      generations.push({
        first,
        points: Array.from({ length: state.population }, () => {
          let units = state.draw(from)
          for (let i = 1; i < DRAWS_MAX && isFeasible && !isFeasible(toPoint(units)); i++) units = state.draw(from)
          return units
        }),
      })
    }
  }
  const toPoint = (units: Float64Array): ParameterSet => pointOf(space, [...units])
  /** Population doubles at a restart, so where a generation begins depends on the scores before: it is looked up. */
  const firstOf = (n: number): number => generations.findLast(({ first }) => first <= n)?.first ?? 0
  return {
    name: 'cma-es',
    needs(n) {
      const last = generations.at(-1)
      return last && n >= last.first + last.points.length ? last.first + last.points.length : firstOf(n)
    },
    ask(n, seen) {
      const generation = current(n, seen)
      return toPoint(generation.points[n - generation.first] as Float64Array)
    },
  }
}

const scoresOf = (seen: readonly Seen[], { first, points }: { first: number; points: Float64Array[] }): number[] =>
  points.map((_, i) => {
    const score = seen[first + i]?.score
    return score !== undefined && Number.isFinite(score) ? score : -Infinity
  })

type Constants = {
  population: number
  parents: number
  weights: number[]
  effective: number
  cSigma: number
  dSigma: number
  cPath: number
  cOne: number
  cParents: number
  expectedLength: number
}

function constantsOf(size: number, population: number): Constants {
  const parents = Math.floor(population / 2)
  const raw = Array.from({ length: parents }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1))
  const sum = raw.reduce((total, weight) => total + weight, 0)
  const weights = raw.map((weight) => weight / sum)
  const effective = 1 / weights.reduce((total, weight) => total + weight * weight, 0)
  const cSigma = (effective + 2) / (size + effective + 5)
  const cOne = 2 / ((size + 1.3) ** 2 + effective)
  return {
    population,
    parents,
    weights,
    effective,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((effective - 1) / (size + 1)) - 1) + cSigma,
    cPath: (4 + effective / size) / (size + 4 + (2 * effective) / size),
    cOne,
    cParents: Math.min(1 - cOne, (2 * (effective - 2 + 1 / effective)) / ((size + 2) ** 2 + effective)),
    expectedLength: Math.sqrt(size) * (1 - 1 / (4 * size) + 1 / (21 * size * size)),
  }
}

/** Mean, step and covariance over the unit cube. */
class Walk {
  readonly #size: number
  #constants: Constants
  #mean: Float64Array
  #sigma = SIGMA_START
  #covariance: Float64Array[]
  #axes: { values: Float64Array; vectors: Float64Array[] }
  #pathSigma: Float64Array
  #pathC: Float64Array
  #generation = 0
  #flat = 0

  constructor(size: number, population: number) {
    this.#size = size
    this.#constants = constantsOf(size, Math.max(4, population))
    this.#mean = new Float64Array(size).fill(0.5)
    this.#covariance = identity(size)
    this.#axes = { values: new Float64Array(size).fill(1), vectors: identity(size) }
    this.#pathSigma = new Float64Array(size)
    this.#pathC = new Float64Array(size)
  }

  get population(): number {
    return this.#constants.population
  }

  /** Drawn again while it lies outside the range, then cut to it. */
  draw(from: { normal(): number }): Float64Array {
    const point = new Float64Array(this.#size)
    for (let attempt = 0; attempt < 20; attempt++) {
      const z = Float64Array.from(this.#axes.values, (value) => Math.sqrt(value) * from.normal())
      let isInside = true
      for (let i = 0; i < this.#size; i++) {
        let sum = 0
        for (let k = 0; k < this.#size; k++) sum += (this.#axes.vectors[k] as Float64Array)[i]! * z[k]!
        point[i] = this.#mean[i]! + this.#sigma * sum
        if (point[i]! < 0 || point[i]! > 1) isInside = false
      }
      if (isInside) return point
    }
    return point.map((value) => Math.min(1, Math.max(0, value)))
  }

  tell(points: readonly Float64Array[], scores: readonly number[]): void {
    const order = points.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
    if (scores[order[0]!] === -Infinity) return
    this.#generation++
    const best = order.slice(0, this.#constants.parents).map((i) => points[i] as Float64Array)
    const steps = best.map((point) => point.map((value, i) => (value - this.#mean[i]!) / this.#sigma))
    const shift = new Float64Array(this.#size)
    for (const [k, step] of steps.entries())
      for (let i = 0; i < this.#size; i++) shift[i]! += this.#constants.weights[k]! * step[i]!
    this.#mean = this.#mean.map((value, i) => value + this.#sigma * shift[i]!)
    this.#adapt(shift, steps)
    this.#flat = scores[order[0]!] === scores[order.at(-1)!] ? this.#flat + 1 : 0
    const widest = Math.sqrt(Math.max(...this.#axes.values))
    if (this.#sigma * widest < SIGMA_END || this.#flat >= FLAT_GENERATIONS || !Number.isFinite(this.#sigma))
      this.#restart()
  }

  #adapt(shift: Float64Array, steps: readonly Float64Array[]): void {
    const { cSigma, dSigma, cPath, cOne, cParents, effective, weights, expectedLength } = this.#constants
    const whitened = this.#whiten(shift)
    const gainSigma = Math.sqrt(cSigma * (2 - cSigma) * effective)
    this.#pathSigma = this.#pathSigma.map((value, i) => (1 - cSigma) * value + gainSigma * whitened[i]!)
    const length = Math.sqrt(this.#pathSigma.reduce((sum, value) => sum + value * value, 0))
    const decay = Math.sqrt(1 - (1 - cSigma) ** (2 * this.#generation))
    const isCalm = length / decay / expectedLength < 1.4 + 2 / (this.#size + 1)
    const gainC = isCalm ? Math.sqrt(cPath * (2 - cPath) * effective) : 0
    this.#pathC = this.#pathC.map((value, i) => (1 - cPath) * value + gainC * shift[i]!)
    const keep = 1 - cOne - cParents + (isCalm ? 0 : cOne * cPath * (2 - cPath))
    for (let i = 0; i < this.#size; i++)
      for (let j = 0; j <= i; j++) {
        let rank = 0
        for (const [k, step] of steps.entries()) rank += weights[k]! * step[i]! * step[j]!
        const value = keep * this.#covariance[i]![j]! + cOne * this.#pathC[i]! * this.#pathC[j]! + cParents * rank
        this.#covariance[i]![j] = value
        this.#covariance[j]![i] = value
      }
    this.#sigma *= Math.exp(Math.min(1, (cSigma / dSigma) * (length / expectedLength - 1)))
    this.#axes = eigen(this.#covariance)
  }

  /** C^(-1/2) x. */
  #whiten(x: Float64Array): Float64Array {
    const result = new Float64Array(this.#size)
    for (const [k, vector] of this.#axes.vectors.entries()) {
      let along = 0
      for (let i = 0; i < this.#size; i++) along += vector[i]! * x[i]!
      along /= Math.sqrt(this.#axes.values[k]!)
      for (let i = 0; i < this.#size; i++) result[i]! += along * vector[i]!
    }
    return result
  }

  #restart(): void {
    this.#constants = constantsOf(this.#size, this.#constants.population * 2)
    this.#mean.fill(0.5)
    this.#sigma = SIGMA_START
    this.#covariance = identity(this.#size)
    this.#axes = { values: new Float64Array(this.#size).fill(1), vectors: identity(this.#size) }
    this.#pathSigma.fill(0)
    this.#pathC.fill(0)
    this.#generation = 0
    this.#flat = 0
  }
}

const identity = (size: number): Float64Array[] =>
  Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_none, j) => (i === j ? 1 : 0)))
