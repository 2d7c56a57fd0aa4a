import { describe, expect, test } from 'vitest'
import { run } from '../indicators/indicator.ts'
import type { Column, Columns, RunnableIndicator } from '../indicators/indicator.ts'
import { hasShared, readSheet } from './shared-data.ts'

export type SheetCase = {
  /** Which convention the sheet follows. */
  convention: string
  make: () => RunnableIndicator
  /** Column of the sheet by output. */
  columns: Record<string, string>
  /** Largest difference, absolute: half a unit of the last digit that the sheet has. */
  within: number
  /** Turns a column of the sheet into ours. */
  map?: (value: number, row: number, sheet: Sheet) => number
  /** Row from which an output is compared, where the sheet began otherwise than its convention says. */
  from?: Record<string, number>
  /** Rows at the end that are not compared, where the sheet was made before its last bar had ended. */
  without?: number
  /** Values that must be compared at least: 10 unless the sheet is shorter. */
  atLeast?: number
  /** Inputs that are not columns of the sheet. */
  inputs?: (sheet: Sheet) => Columns
}
export type Sheet = ReturnType<typeof readSheet>

/** Each sheet against the indicator that follows its convention; a sheet that is absent is skipped by its name. */
export function compareSheets(all: Record<string, SheetCase[]>): void {
  for (const [file, cases] of Object.entries(all))
    describe.skipIf(!hasShared(file))(file, () => {
      test.each(cases.map((each) => [each.make().name, each.convention, each] as const))('%s: %s', (_, __, each) => {
        const sheet = readSheet(file)
        const indicator = each.make()
        const own = (input: Column) => [input, columnOf(sheet, input)]
        const given = each.inputs?.(sheet) ?? (Object.fromEntries(indicator.inputs.map(own)) as Columns)
        const results = run(indicator, given) as Record<string, Float64Array>
        for (const [output, header] of Object.entries(each.columns)) {
          const expected = sheet.column(header).map((value, row) => each.map?.(value, row, sheet) ?? value)
          // Where the sheet begins is part of its convention.
          const from = each.from?.[output] ?? expected.findIndex((value) => !Number.isNaN(value))
          if (each.from === undefined) expect(results[output]!.findIndex((value) => !Number.isNaN(value))).toBe(from)
          const last = expected.length - (each.without ?? 0)
          const rows = expected
            .map((_, row) => row)
            .slice(0, last)
            .filter((row) => row >= from && !Number.isNaN(expected[row]!))
          expect(rows.length).toBeGreaterThanOrEqual(each.atLeast ?? 10)
          for (const row of rows)
            expect(
              Math.abs(results[output]![row]! - expected[row]!),
              `${output} in row ${row + 2}`,
            ).toBeLessThanOrEqual(each.within)
        }
      })
    })
}

function columnOf(sheet: ReturnType<typeof readSheet>, column: Column): number[] {
  for (const header of [column, column[0]!.toUpperCase() + column.slice(1), `${column} `])
    try {
      return sheet.column(header)
    } catch {
      continue
    }
  throw new Error(`no column ${column}`)
}
