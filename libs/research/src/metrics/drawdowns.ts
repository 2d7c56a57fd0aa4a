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

/** What the curve was before its first point. */
export type Start = { readonly timeUs: number; readonly value: number }

/** All drawdowns of a curve in order of time. */
export function drawdownsOf(timeUs: Numbers, value: Numbers, start?: Start): Drawdown[] {
  const found: Drawdown[] = []
  // Scalars: a curve has a million points.
  let peak = start ? start.value : -Infinity
  let peakUs = start ? start.timeUs : 0
  let trough = start ? start.value : Infinity
  let troughUs = peakUs
  for (let i = 0; i < value.length; i++) {
    const now = value[i] as number
    if (now >= peak) {
      const at = timeUs[i] as number
      if (trough < peak)
        found.push({ depth: trough / peak - 1, peakUs, troughUs, recoveredUs: at, durationUs: at - peakUs })
      peak = now
      peakUs = at
      trough = now
      troughUs = at
    } else if (now < trough) {
      trough = now
      troughUs = timeUs[i] as number
    }
  }
  const endUs = (timeUs[value.length - 1] as number | undefined) ?? peakUs
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

export function drawdownFigures(timeUs: Numbers, value: Numbers, start?: Start): DrawdownFigures {
  const all = drawdownsOf(timeUs, value, start)
  const spanUs = value.length < 1 ? 0 : (timeUs[value.length - 1] as number) - (start?.timeUs ?? (timeUs[0] as number))
  const deepest = all.reduce<Drawdown | undefined>((a, b) => (a && a.depth <= b.depth ? a : b), undefined)
  const total = all.reduce((sum, one) => sum + one.durationUs, 0)
  return {
    longestUs: all.length === 0 ? null : all.reduce((most, one) => Math.max(most, one.durationUs), 0),
    averageUs: all.length === 0 ? null : total / all.length,
    averageDepth: all.length === 0 ? null : all.reduce((sum, one) => sum + one.depth, 0) / all.length,
    recoveryUs: deepest?.recoveredUs == null ? null : deepest.recoveredUs - deepest.troughUs,
    underWater: spanUs > 0 ? Math.min(1, total / spanUs) : null,
  }
}
