import { quantile } from '../metrics/statistics.ts'
import type { RobustnessSection } from '../report/sections.ts'

type Chart = RobustnessSection['charts'][number]
type Format = Extract<Chart, { kind: 'histogram' }>['format']

const BINS = 40

/** What a lot of made-up runs gave. */
export type Spread = {
  readonly values: Float64Array
  readonly p5: number | null
  readonly median: number | null
  readonly p95: number | null
}

export const spreadOf = (values: Float64Array): Spread => ({
  values,
  p5: quantile(values, 0.05),
  median: quantile(values, 0.5),
  p95: quantile(values, 0.95),
})

export const shareBelow = (values: Float64Array, limit: number): number =>
  values.length === 0 ? 0 : values.reduce((count, value) => count + (value < limit ? 1 : 0), 0) / values.length

export function histogram(title: string, values: Float64Array, marker: number | undefined, format: Format): Chart {
  const all = [...values, ...(marker === undefined ? [] : [marker])]
  const [low, high] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), -Infinity)]
  const width = (high - low) / BINS || 1
  const start = high > low ? low : low - (width * BINS) / 2
  const counts = Array.from({ length: BINS }, () => 0)
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - start) / width)))
    counts[bin] = (counts[bin] as number) + 1
  }
  return {
    kind: 'histogram',
    title,
    edges: Array.from({ length: BINS + 1 }, (_, i) => start + i * width),
    counts,
    ...(format === undefined ? {} : { format }),
    ...(marker === undefined ? {} : { marker: { label: 'this run', value: marker } }),
  }
}

export const percent = (value: number | null): string =>
  value === null ? 'undefined' : `${(value * 100).toFixed(1)} %`
