import type { RobustnessSection } from '@contrail/research'
import { printTable, styled } from './print.ts'

const COLOURS = { good: 'green', doubtful: 'yellow', bad: 'red', unknown: 'dim' } as const
type Format = RobustnessSection['figures'][number]['format']

function shown(value: number | string | null, format: Format): string {
  if (value === null) return 'undefined'
  if (typeof value === 'string') return value
  if (format === 'percent') return `${(value * 100).toFixed(2)}%`
  if (format === 'count') return value.toFixed(0)
  if (format === 'money') return value.toFixed(2)
  return value.toFixed(format === 'probability' ? 4 : 3)
}

/** A study as text: its answer, its figures, its tables. */
export function printSection(section: RobustnessSection): void {
  const out = (line = ''): void => void process.stdout.write(`${line}\n`)
  out(`${styled('bold', section.title)}  ${styled(COLOURS[section.verdict], section.verdict)}`)
  out(`  ${section.summary}`)
  printTable(
    section.figures.map(({ label, value, format }) => ({ figure: label, value: shown(value, format) })),
    '',
  )
  for (const { columns, rows } of section.tables) {
    out()
    printTable(
      rows.map((row) =>
        Object.fromEntries(columns.map(({ label, format }, i) => [label, shown(row[i] ?? null, format)])),
      ),
      'nothing',
    )
  }
}
