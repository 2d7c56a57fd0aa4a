import { median, verdictOf } from './stats.ts'
import type { Target } from './stats.ts'

/** One figure of the research bench: what a target is about, mostly a ratio to something that ran by turns with it. */
export type BenchRow = {
  /** Row of the targets in design/performance.md, where it has one. */
  readonly goal?: number
  readonly what: string
  /** `x`, `%`, or a unit of its own. */
  readonly unit: string
  readonly median: number
  readonly best?: number
  readonly target?: Target
  /** Compared with what others have published, on their machines: neither met nor missed. */
  readonly anchor?: boolean
  readonly ours?: string
  readonly beside?: string
  readonly note?: string
}
export type CaseResult = {
  readonly name: string
  readonly rows: readonly BenchRow[]
  /** What was left out, and why. */
  readonly notRun: readonly string[]
  /** The bare loop of this machine, before and after, ns an element. */
  readonly calibrationNs: readonly [number, number]
  readonly seconds: number
}
export type Timed = {
  readonly coldMs: number
  readonly minMs: number
  readonly medianMs: number
  readonly all: readonly number[]
}

export function timed(act: () => unknown): number {
  const startedMs = performance.now()
  act()
  return performance.now() - startedMs
}

/** By turns, so that all see the same machine, after one of each that does not count. */
export function measure(acts: readonly (() => unknown)[], reps: number, coldMs: readonly number[] = []): Timed[] {
  for (const act of acts) act()
  const took = acts.map(() => [] as number[])
  for (let i = 0; i < reps; i++) acts.forEach((act, index) => took[index]!.push(timed(act)))
  return took.map((all, index) => timesOf(all, coldMs[index]))
}

const timesOf = (all: readonly number[], coldMs = Number.NaN): Timed => ({
  coldMs,
  minMs: Math.min(...all),
  medianMs: median(all),
  all,
})

/** `above` by `below`: of the medians, and of the best. */
export const ratioOf = (above: Timed, below: Timed): { median: number; best: number } => ({
  median: above.medianMs / below.medianMs,
  best: above.minMs / below.minMs,
})

export const nsText = ({ medianMs, minMs, coldMs }: Timed, events: number): string => {
  const [middle, best, cold] = [medianMs, minMs, coldMs].map((ms) => number_((ms * 1e6) / events))
  return `${middle} ns, best ${best}` + (Number.isNaN(coldMs) ? '' : `, cold ${cold}`)
}

const CALIBRATED = 4_000_000

/** A bare loop over a column: what this machine does just now, ns an element, best of five. */
export function calibrate(): number {
  const column = Float64Array.from({ length: 4_096 }, (_, i) => i % 97)
  const pass = () => {
    let sum = 0
    for (let i = 0; i < CALIBRATED; i++) sum = sum * 0.9 + column[i & 4_095]! * 0.1
    if (Number.isNaN(sum)) throw new Error('the column holds no numbers')
  }
  return (Math.min(...[1, 2, 3, 4, 5].map(() => timed(pass))) * 1e6) / CALIBRATED
}

const HEADINGS = ['goal', 'what', 'median', 'best', 'target', 'ours', 'beside', '']

export function tableOf(rows: readonly BenchRow[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)))
  return cells
    .map((line) => line.map((text, column) => text.padEnd(widths[column]!)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}

export const verdictWord = ({ median: value, target, anchor }: BenchRow): string => {
  if (anchor) return 'published anchor, not run here'
  const verdict = verdictOf(value, target)
  return verdict === 'no target' ? '' : verdict.toLowerCase()
}

function cellsOf(row: BenchRow): string[] {
  const { goal, what, unit, target, ours = '', beside = '' } = row
  return [
    goal === undefined ? '' : String(goal),
    what,
    amount(row.median, unit),
    row.best === undefined ? '' : amount(row.best, unit),
    target ? `${target.bound === 'at_most' ? '<=' : '>='} ${amount(target.value, unit)}` : '',
    ours,
    beside,
    verdictWord(row),
  ]
}

function amount(value: number, unit: string): string {
  if (unit === '%') return `${(value * 100).toFixed(0)} %`
  if (unit === 'x') return `${number_(value)}x`
  return `${number_(value)} ${unit}`.trim()
}

const number_ = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
