/** Seeded generator (mulberry32): the only randomness of the synthetic market. State is one 32-bit integer. */
export type Random = {
  /** In [0, 1). */
  next(): number
  /** Mean 0, deviation 1. */
  normal(): number
  /** Whole number of arrivals at this mean. */
  poisson(mean: number): number
  between(low: number, high: number): number
}

/** Above this mean the product method underflows; nothing here asks for it. */
const POISSON_MEAN_MAX = 500

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    between: (low, high) => low + (high - low) * next(),
    poisson(mean) {
      const limit = Math.exp(-Math.min(mean, POISSON_MEAN_MAX))
      let count = 0
      for (let product = next(); product > limit; product *= next()) count++
      return count
    },
  }
}

/** A seed of its own for each name under one seed (FNV-1a). */
export function seedOf(seed: number, name: string): number {
  let hash = (2_166_136_261 ^ seed) >>> 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16_777_619) >>> 0
  return hash
}
