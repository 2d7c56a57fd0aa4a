import type { ParameterSet, Space } from './space.ts'

/** What a sampler knows of a trial: one score to make as large as possible; undefined = it failed or is not defined. */
export type Seen = { readonly point: ParameterSet; readonly score: number | undefined }

/**
 * Trial n is a function of (seed, n, points of all trials before n, scores of the first `needs(n)` trials) and of
 * nothing else. So the same seed gives the same trials on one thread and on a hundred machines, and a stored study
 * goes on where it was.
 */
export interface Sampler {
  readonly name: SamplerName
  /** How many leading trials must have a score before trial n can be drawn. */
  needs(n: number): number
  /** Undefined: there is nothing left to try. `seen[i].score` may be read only for i < needs(n). */
  ask(n: number, seen: readonly Seen[]): ParameterSet | undefined
}
export const SAMPLERS = ['grid', 'random', 'tpe', 'cma-es'] as const
export type SamplerName = (typeof SAMPLERS)[number]

export type SamplerOptions = {
  readonly space: Space
  readonly seed: number
  /** False for parameters that the strategy's schema refuses (fast >= slow); they are drawn again. */
  readonly isFeasible?: (point: ParameterSet) => boolean
  /**
   * How many trials may be open at once (TPE), or how many make a generation (CMA-ES; default by dimensions). Part of
   * the study: it does not depend on the cores that are there.
   */
  readonly batch?: number
}

/** How often a point that the schema refuses is drawn anew before it is given up. */
export const DRAWS_MAX = 200

export function drawFeasible(draw: () => ParameterSet, isFeasible: SamplerOptions['isFeasible']): ParameterSet {
  let point = draw()
  for (let i = 1; i < DRAWS_MAX && isFeasible && !isFeasible(point); i++) point = draw()
  return point
}
