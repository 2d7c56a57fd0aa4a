import { stripVTControlCharacters, styleText } from 'node:util'

export const colour = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined
type Style = Parameters<typeof styleText>[0]
export const styled = (style: Style, text: string): string => (colour ? styleText(style, text) : text)

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Left-aligned text, right-aligned numbers; an empty table says what is missing. */
export function printTable(rows: readonly Record<string, string | number | null>[], empty: string): void {
  const [first] = rows
  if (!first) return void process.stdout.write(`${empty}\n`)
  const columns = Object.keys(first)
  const texts = rows.map((row) => columns.map((column) => String(row[column] ?? '')))
  const widths = columns.map((column, i) => Math.max(column.length, ...texts.map((row) => width(row[i] as string))))
  const numeric = columns.map((_, i) => texts.every((row) => /^-?[\d.,]*%?$/.test(row[i] as string)))
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] as number) - width(cell))
        return numeric[i] ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd()
  process.stdout.write(`${styled('dim', line(columns))}\n`)
  for (const row of texts) process.stdout.write(`${line(row)}\n`)
}
/** A list that goes on says so: nobody shall take a page for all there is. */
export function printMore({ items, next }: { items: readonly unknown[]; next?: string }): void {
  if (next !== undefined) process.stdout.write(`the newest ${items.length}; there are more: --limit 500\n`)
}
const width = (text: string): number => stripVTControlCharacters(text).length

export function ago(us: number): string {
  const seconds = Math.max(0, Date.now() - us / 1000) / 1000 // tidy-ok: shown to a person
  if (seconds < 60) return `${seconds.toFixed(0)} s ago`
  if (seconds < 3600) return `${(seconds / 60).toFixed(0)} min ago`
  if (seconds < 86_400) return `${(seconds / 3600).toFixed(1)} h ago`
  return `${(seconds / 86_400).toFixed(1)} d ago`
}
export const clockOf = (us: number): string => new Date(us / 1000).toISOString().slice(11, 23)
export const isoOf = (us: number): string => new Date(us / 1000).toISOString()
