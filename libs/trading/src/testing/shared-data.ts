import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Reference files lie beside the repository, not in it: a test that wants one is skipped by name where it is absent. */
const folder = path.resolve(import.meta.dirname, '../../../../../shared/data')

export const sharedFile = (name: string): string => path.join(folder, name)
export const hasShared = (name: string): boolean => existsSync(sharedFile(name))

export function readShared(name: string): string {
  const bytes = readFileSync(sharedFile(name))
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** A sheet as columns of numbers by header; an empty or other cell is NaN. */
export function readSheet(name: string): { rows: number; column: (header: string) => number[] } {
  const lines = readShared(name).trim().split(/\r?\n/)
  const headers = (lines[0] as string).split(',').map((header) => header.trim())
  const cells = lines.slice(1).map((line) => line.split(','))
  return {
    rows: cells.length,
    column: (header) => {
      const index = headers.indexOf(header)
      if (index < 0) throw new Error(`${name} has no column ${header}; it has ${headers.join(', ')}`)
      return cells.map((row) => ((row[index] ?? '').trim() === '' ? NaN : Number(row[index])))
    },
  }
}
