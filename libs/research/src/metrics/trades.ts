import { deviation, mean, ratio, sum } from './statistics.ts'
import type { Numbers } from './statistics.ts'

/* Figures of closed trades; p = their profit, net of costs. */

/** sum(p > 0) / abs(sum(p < 0)). Null without a loss. */
export function profitFactor(profits: Numbers): number | null {
  const list = Array.from(profits)
  return ratio(sum(list.filter((p) => p > 0)), Math.abs(sum(list.filter((p) => p < 0))))
}
/** count(p > 0) / count(p). */
export const winRate = (profits: Numbers): number | null =>
  ratio(Array.from(profits).filter((p) => p > 0).length, profits.length)

/** mean(p) / mean(abs(p < 0)): in units of the usual loss. */
export const expectancyR = (profits: Numbers): number | null =>
  ratio(mean(profits), mean(Array.from(profits).flatMap((p) => (p < 0 ? [-p] : []))))

/** sqrt(count) x mean(p) / sd1(p). */
export function sqn(profits: Numbers): number | null {
  const found = ratio(mean(profits), deviation(profits))
  return found === null ? null : found * Math.sqrt(profits.length)
}

/** w - (1 - w) / (mean win / mean loss): the share of equity that would have grown it fastest. */
export function kelly(profits: Numbers): number | null {
  const list = Array.from(profits)
  const win = winRate(profits)
  const payoff = ratio(mean(list.filter((p) => p > 0)), mean(list.flatMap((p) => (p < 0 ? [-p] : []))))
  const share = win === null ? null : ratio(1 - win, payoff)
  return win === null || share === null ? null : win - share
}

/** Longest runs of p > 0 and of p < 0; a zero ends both. */
export function streaks(profits: Numbers): { wins: number; losses: number } {
  let [wins, losses, run, sign] = [0, 0, 0, 0]
  for (let i = 0; i < profits.length; i++) {
    const now = Math.sign(profits[i] as number)
    run = now !== 0 && now === sign ? run + 1 : now === 0 ? 0 : 1
    sign = now
    if (sign > 0) wins = Math.max(wins, run)
    else if (sign < 0) losses = Math.max(losses, run)
  }
  return { wins, losses }
}
