/** Nearest rank: the smallest value that at least this part of all values does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  if (values.length === 0) throw new Error('a percentile of nothing')
  if (!(part > 0 && part <= 1)) throw new Error(`${part} is not a part of one`)
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] as number
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('a median of nothing')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  if (!Number.isInteger(middle)) return sorted[Math.floor(middle)] as number
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Median of ours by median of theirs. Rounds were interleaved, so both saw the same machine. */
export const ratioOf = (ours: readonly number[], bare: readonly number[]): number => median(ours) / median(bare)

export type Target = { readonly bound: 'at_most' | 'at_least'; readonly value: number }
export const atMost = (value: number): Target => ({ bound: 'at_most', value })
export const atLeast = (value: number): Target => ({ bound: 'at_least', value })

export type Verdict = 'met' | 'MISSED' | 'no target'
export function verdictOf(value: number, target: Target | undefined): Verdict {
  if (!target) return 'no target'
  const met = target.bound === 'at_most' ? value <= target.value : value >= target.value
  return met ? 'met' : 'MISSED'
}

/** Messages per second between the first and the last of so many, from the server's own times. */
export function ratePerSecond(count: number, firstUs: number, lastUs: number): number {
  if (count < 2 || lastUs <= firstUs) throw new Error(`no rate of ${count} messages in ${lastUs - firstUs} us`)
  return ((count - 1) * 1e6) / (lastUs - firstUs)
}
