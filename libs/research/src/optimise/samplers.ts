import { cmaEsSampler } from './cma-es.ts'
import { gridSampler } from './grid.ts'
import type { Sampler, SamplerName, SamplerOptions } from './sampler.ts'
import { tpeSampler } from './tpe.ts'
import { randomSampler } from './uniform.ts'

const MAKERS: Readonly<Record<SamplerName, (options: SamplerOptions) => Sampler>> = {
  grid: gridSampler,
  random: randomSampler,
  tpe: tpeSampler,
  'cma-es': cmaEsSampler,
}

export const createSampler = (name: SamplerName, options: SamplerOptions): Sampler => MAKERS[name](options)
