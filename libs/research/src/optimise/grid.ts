import { refuse } from '@contrail/contracts'
import type { Sampler, SamplerOptions } from './sampler.ts'
import { sizeOf, valueAt } from './space.ts'
import type { ParameterSet, Space } from './space.ts'

/** Points before those that the schema refuses are left out. */
export const GRID_MAX = 1_000_000

/** Every combination, the last parameter fastest. */
export function gridSampler({ space, isFeasible }: SamplerOptions): Sampler {
  const total = gridSize(space)
  const places: number[] = []
  for (let i = 0; i < total; i++) if (!isFeasible || isFeasible(pointAt(space, i))) places.push(i)
  return {
    name: 'grid',
    needs: () => 0,
    ask: (n) => (n < places.length ? pointAt(space, places[n] as number) : undefined),
  }
}

export function gridSize(space: Space): number {
  const endless = space.dimensions.find((dimension) => sizeOf(dimension) === Infinity)
  if (endless)
    throw refuse(
      'no_step',
      endless.name,
      'a range without a step',
      `--space ${endless.name}=0.5..3:0.25, or --sampler tpe`,
    )
  const total = space.dimensions.reduce((product, dimension) => product * sizeOf(dimension), 1)
  if (total > GRID_MAX)
    throw refuse('too_large', 'grid', `${total} points`, `keep it below ${GRID_MAX}: wider steps, or --sampler tpe`)
  return total
}

function pointAt(space: Space, index: number): ParameterSet {
  let rest = index
  const values = space.dimensions.toReversed().map((dimension) => {
    const size = sizeOf(dimension)
    const value = valueAt(dimension, rest % size)
    rest = Math.floor(rest / size)
    return [dimension.name, value] as const
  })
  return Object.fromEntries(values.reverse())
}
