import { gainsOf } from './trial.ts'
import type { Objective, Trial } from './trial.ts'

/**
 * The front of each point of two gains, 0 = nobody is better in both. A sweep from the best first gain down: a point
 * belongs to the first front whose last point does not beat it in the second.
 */
export function frontsOf(gains: readonly (readonly number[] | undefined)[]): (number | undefined)[] {
  const fronts: (number | undefined)[] = gains.map(() => undefined)
  const order = gains.flatMap((gain, i) => (gain ? [i] : []))
  const at = (i: number, objective: number): number => gains[i]?.[objective] ?? -Infinity
  order.sort((a, b) => at(b, 0) - at(a, 0) || at(b, 1) - at(a, 1) || a - b)
  const tails: { first: number; second: number }[] = []
  for (const i of order) {
    const [first, second] = [at(i, 0), at(i, 1)]
    // Equal in both is not beaten: the tail's own twin joins its front.
    const isBeaten = (tail: { first: number; second: number }): boolean =>
      tail.second > second || (tail.second === second && tail.first > first)
    let [low, high] = [0, tails.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBeaten(tails[middle] as { first: number; second: number })) low = middle + 1
      else high = middle
    }
    fronts[i] = low
    tails[low] = { first, second }
  }
  return fronts
}

/** One number per trial for samplers: the objective itself, or for two of them the front, and within it the crowding. */
export function scoresOf(
  trials: readonly (Trial | undefined)[],
  objectives: readonly Objective[],
): (number | undefined)[] {
  const gains = trials.map((trial) => gainsOf(trial, objectives))
  if (objectives.length === 1) return gains.map((gain) => gain?.[0])
  const fronts = frontsOf(gains)
  const rooms = roomOf(gains, fronts)
  return fronts.map((front, i) => (front === undefined ? undefined : -front + 0.5 * (rooms[i] ?? 0)))
}

/** How much room a point has on its front, 0 to 1; the ends have most. Deb et al., NSGA-II, 2002. */
function roomOf(gains: readonly (readonly number[] | undefined)[], fronts: readonly (number | undefined)[]): number[] {
  const rooms = gains.map(() => 0)
  const members = Map.groupBy(
    fronts.flatMap((front, i) => (front === undefined ? [] : [i])),
    (i) => fronts[i] as number,
  )
  for (const front of members.values()) {
    const sorted = front.toSorted((a, b) => (gains[a]?.[0] ?? 0) - (gains[b]?.[0] ?? 0) || a - b)
    const [low, high] = [gains[sorted[0] as number], gains[sorted.at(-1) as number]] as [number[], number[]]
    for (const [k, i] of sorted.entries()) {
      const [before, after] = [sorted[k - 1], sorted[k + 1]]
      if (before === undefined || after === undefined) {
        rooms[i] = 1
        continue
      }
      const shares = [0, 1].map((objective) => {
        const range = Math.abs((high[objective] as number) - (low[objective] as number))
        const gap = Math.abs((gains[after]?.[objective] ?? 0) - (gains[before]?.[objective] ?? 0))
        return range === 0 ? 0 : gap / range
      })
      rooms[i] = Math.min(1, ((shares[0] as number) + (shares[1] as number)) / 2)
    }
  }
  return rooms
}

/** Trials that no other one beats in every objective, the best first objective first. */
export function paretoOf(trials: readonly Trial[], objectives: readonly Objective[]): Trial[] {
  const gains = trials.map((trial) => gainsOf(trial, objectives))
  const fronts = frontsOf(gains)
  return trials
    .filter((_, i) => fronts[i] === 0)
    .toSorted((a, b) => (gainsOf(b, objectives)?.[0] ?? 0) - (gainsOf(a, objectives)?.[0] ?? 0) || a.number - b.number)
}
