import type { Numbers } from './statistics.ts'

/** From a peak to the first value at or above it. */
export type Drawdown = {
  /** Deepest: trough / peak - 1. */
  readonly depth: number
  readonly peakUs: number
  readonly troughUs: number
  /** Null: not recovered by the end. */
  readonly recoveredUs: number | null
  /** To the recovery, or to the end. */
  readonly durationUs: number
}

/** All drawdowns of a curve in order of time. */
export function drawdownsOf(timeUs: Numbers, value: Numbers): Drawdown[] {
  const found: Drawdown[] = []
  let [peak, peakUs, trough, troughUs] = [-Infinity, 0, Infinity, 0]
  for (let i = 0; i < value.length; i++) {
    const [now, at] = [value[i] as number, timeUs[i] as number]
    if (now >= peak) {
      if (trough < peak)
        found.push({ depth: trough / peak - 1, peakUs, troughUs, recoveredUs: at, durationUs: at - peakUs })
      ;[peak, peakUs, trough, troughUs] = [now, at, now, at]
    } else if (now < trough) [trough, troughUs] = [now, at]
  }
  const endUs = timeUs[value.length - 1] as number
  if (trough < peak)
    found.push({ depth: trough / peak - 1, peakUs, troughUs, recoveredUs: null, durationUs: endUs - peakUs })
  return found
}

export type DrawdownFigures = {
  readonly longestUs: number | null
  readonly averageUs: number | null
  readonly averageDepth: number | null
  /** Of the deepest: trough to recovery; null when it has not recovered. */
  readonly recoveryUs: number | null
  /** Share of the time between first and last value that lies below a peak. */
  readonly underWater: number | null
}

export function drawdownFigures(timeUs: Numbers, value: Numbers): DrawdownFigures {
  const all = drawdownsOf(timeUs, value)
  const spanUs = value.length < 2 ? 0 : (timeUs[value.length - 1] as number) - (timeUs[0] as number)
  const deepest = all.reduce<Drawdown | undefined>((a, b) => (a && a.depth <= b.depth ? a : b), undefined)
  const total = all.reduce((sum, one) => sum + one.durationUs, 0)
  return {
    longestUs: all.length === 0 ? null : Math.max(...all.map((one) => one.durationUs)),
    averageUs: all.length === 0 ? null : total / all.length,
    averageDepth: all.length === 0 ? null : all.reduce((sum, one) => sum + one.depth, 0) / all.length,
    recoveryUs: deepest?.recoveredUs == null ? null : deepest.recoveredUs - deepest.troughUs,
    underWater: spanUs > 0 ? Math.min(1, total / spanUs) : null,
  }
}
