import { verdictOf } from './stats.ts'
import type { Target, Verdict } from './stats.ts'

/** One line of the result. `value` is what the target is about: mostly ours by bare. */
export type Row = {
  readonly figure: string
  readonly what: string
  readonly value: number
  /** `x` or `%` of bare, or a unit of its own. */
  readonly unit: string
  readonly target?: Target | undefined
  /** Absolute numbers, medians over the rounds. */
  readonly ours?: number
  readonly bare?: number
  readonly absoluteUnit?: string
  readonly rounds?: { readonly ours: readonly number[]; readonly bare: readonly number[] }
  readonly note?: string
}
export type JudgedRow = Row & { readonly verdict: Verdict }

export const judged = (row: Row): JudgedRow => ({ ...row, verdict: verdictOf(row.value, row.target) })

export const HEADINGS = ['figure', 'what', 'result', 'target', 'ours', 'bare', ''] as const

/** Aligned columns, for a terminal. */
export function tableOf(rows: readonly JudgedRow[]): string {
  const cells = [[...HEADINGS], ...rows.map(cellsOf)]
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => (line[column] as string).length)))
  return cells
    .map((line) => line.map((text, column) => text.padEnd(widths[column] as number)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n')
}

export const lineOf = (row: JudgedRow): string => cellsOf(row).filter(Boolean).join('  ') + noteOf(row)

function cellsOf(row: JudgedRow): string[] {
  const { target } = row
  const wanted = target ? `${target.bound === 'at_most' ? '<=' : '>='} ${amount(target.value, row.unit)}` : ''
  const unit = row.absoluteUnit ?? ''
  return [
    row.figure,
    row.what,
    amount(row.value, row.unit),
    wanted,
    row.ours === undefined ? '' : amount(row.ours, unit),
    row.bare === undefined ? '' : amount(row.bare, unit),
    row.verdict === 'no target' ? '' : row.verdict === 'met' ? 'met' : 'not met',
  ]
}

const noteOf = ({ note }: JudgedRow): string => (note ? `\n    ${note}` : '')

function amount(value: number, unit: string): string {
  if (unit === '%') return `${(value * 100).toFixed(0)} %`
  if (unit === 'x') return `${value.toFixed(2)}x`
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return `${value.toFixed(digits)} ${unit}`.trim()
}
