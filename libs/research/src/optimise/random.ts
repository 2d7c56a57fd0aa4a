/** Seeded and splittable: the numbers of trial 17 are the same whether or not trial 16 was drawn before. */
export type Random = {
  /** In [0, 1). */
  next(): number
  /** Whole, in [0, count). */
  below(count: number): number
  normal(): number
}

/** sfc32, seeded through splitmix32 over all the given numbers. Source: PractRand (C. Doty-Humphrey), public domain. */
export function random(...seeds: readonly number[]): Random {
  let mixed = 0x9e3779b9
  for (const seed of seeds) {
    mixed = scramble(mixed ^ scramble(seed >>> 0))
    mixed = scramble(mixed ^ scramble(Math.floor(seed / 2 ** 32) >>> 0))
  }
  // Words of an array: variables that closures share would be boxed at each step.
  const state = Int32Array.of(scramble(mixed), scramble(mixed + 1), scramble(mixed + 2), 1)
  const word = (): number => {
    const [b, c, counter] = [state[1]!, state[2]!, state[3]!]
    const sum = (((state[0]! + b) | 0) + counter) | 0
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + sum
    state[3] = counter + 1
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  const next = (): number => ((word() >>> 5) * 67_108_864 + (word() >>> 6)) / 2 ** 53
  let spare: number | undefined
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    // Box and Muller; 1 - u is never 0.
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  return { next, below: (count) => Math.floor(next() * count), normal }
}

function scramble(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}

/** Fisher and Yates, in place. */
export function shuffle<T extends { [index: number]: number; length: number }>(values: T, from: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = from.below(i + 1)
    const kept = values[i] as number
    values[i] = values[j] as number
    values[j] = kept
  }
  return values
}
