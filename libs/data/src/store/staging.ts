import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { Instrument } from '@contrail/contracts'
import { refuse } from '@contrail/contracts'
import { BYTES_PER, cellsOf, KIND_SPECS, lowerBound, sliceRows, timesOf } from '../columns/kinds.ts'
import type { ColumnArray, Rows, SeriesKey } from '../columns/kinds.ts'
import { periodEndUs, periodOf } from './paths.ts'
import { bytesOf } from './period.ts'
import type { Part } from './period.ts'

type StagedPeriod = { readonly period: string; readonly folder: string; rows: number; firstUs: number; lastUs: number }
const COPY_BYTES = 4 << 20

/** Rows of one series on their way into the store: one growing file per column of each period, so memory stays small. */
export class StagedSeries {
  readonly key: SeriesKey
  definition: Instrument
  readonly periods: StagedPeriod[] = []
  readonly #folder: string
  readonly #files = new Map<string, number>()

  constructor(folder: string, key: SeriesKey, definition: Instrument) {
    this.#folder = folder
    this.key = key
    this.definition = definition
  }

  /** Rows after those before, in order of time. */
  append(rows: Rows): void {
    const { kind, depth } = this.key
    const times = timesOf(kind, rows)
    for (let from = 0; from < rows.rows;) {
      const timeUs = times[from]!
      const last = this.periods.at(-1)
      if (last && timeUs < last.lastUs)
        throw refuse('disorder', 'rows', `${timeUs} after ${last.lastUs}`, 'give rows in order of time')
      const to = lowerBound(times, rows.rows, periodEndUs(kind, timeUs))
      this.#write(this.#period(timeUs), sliceRows(kind, rows, from, to, depth), to - from, times[to - 1]!)
      from = to
    }
  }

  #period(timeUs: number): StagedPeriod {
    const period = periodOf(this.key.kind, timeUs)
    const last = this.periods.at(-1)
    if (last?.period === period) return last
    this.close()
    const folder = path.join(this.#folder, period)
    mkdirSync(folder, { recursive: true })
    const made = { period, folder, rows: 0, firstUs: timeUs, lastUs: timeUs }
    this.periods.push(made)
    return made
  }

  #write(period: StagedPeriod, rows: Rows, count: number, lastUs: number): void {
    for (const { name } of KIND_SPECS[this.key.kind].columns) {
      const fd = this.#files.get(name) ?? openSync(path.join(period.folder, name), 'a')
      this.#files.set(name, fd)
      const bytes = bytesOf(rows.columns[name]!)
      for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from)
    }
    period.rows += count
    period.lastUs = lastUs
  }

  close(): void {
    for (const fd of this.#files.values()) closeSync(fd)
    this.#files.clear()
  }
}

export function stagedPart({ folder, rows, firstUs, lastUs }: StagedPeriod): Part {
  return { rows, firstUs, lastUs, column: (name, take) => copyFile(path.join(folder, name), take) }
}

/** A staged period in memory, where it must be merged row by row. */
export function stagedRows(key: SeriesKey, { folder, rows }: StagedPeriod): Rows {
  const columns = KIND_SPECS[key.kind].columns.map((spec): [string, ColumnArray] => {
    const bytes = readFileSync(path.join(folder, spec.name))
    const copy = new Uint8Array(cellsOf(spec, rows, key.depth) * BYTES_PER[spec.type])
    copy.set(bytes)
    return [spec.name, spec.type === 'f64' ? new Float64Array(copy.buffer) : new Int8Array(copy.buffer)]
  })
  return { rows, columns: Object.fromEntries(columns) }
}

function copyFile(file: string, take: (bytes: Uint8Array) => void): void {
  const fd = openSync(file, 'r')
  try {
    for (;;) {
      const bytes = new Uint8Array(COPY_BYTES)
      const read = readSync(fd, bytes)
      if (read === 0) return
      take(bytes.subarray(0, read))
    }
  } finally {
    closeSync(fd)
  }
}
