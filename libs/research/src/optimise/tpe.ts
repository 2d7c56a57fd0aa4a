import { normalCdf } from '../metrics/statistics.ts'
import { random } from './random.ts'
import type { Random } from './random.ts'
import { drawFeasible } from './sampler.ts'
import type { Sampler, SamplerOptions, Seen } from './sampler.ts'
import { fromUnit, pointOf, sizeOf, toUnit } from './space.ts'
import type { Dimension, ParameterSet, Space } from './space.ts'
import { uniformPoint } from './uniform.ts'

/*
 * Tree-structured Parzen estimator: one density over the good trials, one over the rest, and the candidate where the
 * first outweighs the second most. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NIPS 2011; the
 * multivariate kernels after Watanabe, "Tree-structured Parzen estimator", arXiv:2304.11127.
 */
const STARTUP_TRIALS = 10
const CANDIDATES = 24
const GOOD_SHARE = 0.1
const GOOD_MAX = 25
/** Trials that may be open at once, unless the study says another number. */
export const TPE_BATCH = 8
/** More do not change the densities enough to pay for: the best and the newest are kept. */
const REST_MAX = 1000

export function tpeSampler({ space, seed, isFeasible, batch = TPE_BATCH }: SamplerOptions): Sampler {
  return {
    name: 'tpe',
    needs: (n) => (n < STARTUP_TRIALS ? 0 : Math.max(0, n - batch + 1)),
    ask(n, seen) {
      const from = random(seed, n)
      const known = n - batch + 1
      if (n < STARTUP_TRIALS) return drawFeasible(() => uniformPoint(space, from), isFeasible)
      const [good, rest] = split(space, seen, n, known)
      return best(space, densityOf(space, good), densityOf(space, rest), from, isFeasible)
    },
  }
}

/** Open trials are taken for bad ones (the constant liar): nobody else is sent where one is already on its way. */
function split(space: Space, seen: readonly Seen[], n: number, known: number): [number[][], number[][]] {
  const scored: { units: number[]; score: number; number: number }[] = []
  const rest: number[][] = []
  for (let i = 0; i < n; i++) {
    const { point, score } = seen[i] as Seen
    const units = space.dimensions.map((dimension) => toUnit(dimension, point[dimension.name] as never))
    const value = i < known ? score : undefined
    if (value === undefined || !Number.isFinite(value)) rest.push(units)
    else scored.push({ units, score: value, number: i })
  }
  scored.sort((a, b) => b.score - a.score || a.number - b.number)
  const goodCount = Math.min(GOOD_MAX, Math.max(1, Math.ceil(GOOD_SHARE * scored.length)))
  const good = scored.slice(0, goodCount).map(({ units }) => units)
  const others = scored.slice(goodCount).sort((a, b) => a.number - b.number)
  return [good, [...others.map(({ units }) => units), ...rest].slice(-REST_MAX)]
}

type Density = {
  readonly centres: readonly (readonly number[])[]
  readonly widths: readonly number[]
  /** ln of the mass of a kernel inside [0, 1], per centre and dimension. */
  readonly masses: readonly (readonly number[])[]
}

function densityOf(space: Space, centres: readonly (readonly number[])[]): Density {
  const count = Math.max(1, centres.length)
  const spread = 0.2 * count ** (-1 / (space.dimensions.length + 4))
  // Never narrower than a step, nor than a hundredth of the range while there are few points.
  const widths = space.dimensions.map((dimension) =>
    Math.max(spread, 0.5 / Math.min(100 + count, sizeOf(dimension)), 1 / Math.min(100, count + 2) / 10),
  )
  const masses = centres.map((centre) => centre.map((at, d) => Math.log(massInside(at, widths[d] as number))))
  return { centres, widths, masses }
}

function best(
  space: Space,
  good: Density,
  rest: Density,
  from: Random,
  isFeasible: SamplerOptions['isFeasible'],
): ParameterSet {
  let chosen: ParameterSet | undefined
  let chosenGain = -Infinity
  for (let i = 0; i < CANDIDATES; i++) {
    const point = drawFeasible(() => draw(space, good, from), isFeasible)
    const units = space.dimensions.map((dimension) => toUnit(dimension, point[dimension.name] as never))
    const gain = logDensity(space, good, units) - logDensity(space, rest, units)
    if (chosen && gain <= chosenGain) continue
    chosen = point
    chosenGain = gain
  }
  return chosen as ParameterSet
}

/** One kernel of the mixture is drawn, then a point from it; the prior (the whole range) is a kernel too. */
function draw(space: Space, density: Density, from: Random): ParameterSet {
  const kernel = from.below(density.centres.length + 1)
  const centre = density.centres[kernel]
  if (!centre) return uniformPoint(space, from)
  const units = space.dimensions.map((dimension, d) =>
    dimension.kind === 'choice'
      ? drawChoice(dimension, centre[d] as number, density.centres.length, from)
      : drawInside(centre[d] as number, density.widths[d] as number, from),
  )
  return pointOf(space, units)
}

function drawInside(at: number, width: number, from: Random): number {
  for (let i = 0; i < 100; i++) {
    const unit = at + width * from.normal()
    if (unit >= 0 && unit < 1) return unit
  }
  return from.next()
}

const stayOf = (choices: number, count: number): number => (1 + 1 / count) / (1 + choices / count)

function drawChoice(dimension: Dimension, at: number, count: number, from: Random): number {
  const choices = sizeOf(dimension)
  const other = 1 / (count + choices)
  return from.next() < stayOf(choices, count) - other ? at : (from.below(choices) + 0.5) / choices
}

function logDensity(space: Space, density: Density, units: readonly number[]): number {
  const logs = density.centres.map((centre, k) => {
    let sum = 0
    for (const [d, dimension] of space.dimensions.entries()) {
      const [at, unit] = [centre[d] as number, units[d] as number]
      if (dimension.kind === 'choice') {
        const choices = sizeOf(dimension)
        const count = density.centres.length
        const same = fromUnit(dimension, at) === fromUnit(dimension, unit)
        sum += Math.log((same ? stayOf(choices, count) : 1 / (count + choices)) * choices)
      } else {
        const width = density.widths[d] as number
        const distance = (unit - at) / width
        sum += -0.5 * distance * distance - Math.log(width * Math.sqrt(2 * Math.PI)) - (density.masses[k]?.[d] ?? 0)
      }
    }
    return sum
  })
  // The prior: density 1 everywhere.
  const top = Math.max(0, ...logs)
  const total = logs.reduce((sum, log) => sum + Math.exp(log - top), Math.exp(-top))
  return top + Math.log(total) - Math.log(logs.length + 1)
}

const massInside = (at: number, width: number): number =>
  Math.max(1e-12, normalCdf((1 - at) / width) - normalCdf(-at / width))
