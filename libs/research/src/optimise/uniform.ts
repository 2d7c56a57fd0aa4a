import { random } from './random.ts'
import type { Random } from './random.ts'
import { drawFeasible } from './sampler.ts'
import type { Sampler, SamplerOptions } from './sampler.ts'
import { pointOf } from './space.ts'
import type { ParameterSet, Space } from './space.ts'

export const uniformPoint = (space: Space, from: Random): ParameterSet =>
  pointOf(
    space,
    space.dimensions.map(() => from.next()),
  )

/** Independent uniform draws; logarithmic where the range says so. */
export function randomSampler({ space, seed, isFeasible }: SamplerOptions): Sampler {
  return {
    name: 'random',
    needs: () => 0,
    ask(n) {
      const from = random(seed, n)
      return drawFeasible(() => uniformPoint(space, from), isFeasible)
    },
  }
}
