import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Instrument } from '@contrail/contracts'
import { sharedColumns } from '../columns/kinds.ts'
import type { Rows, SeriesKey } from '../columns/kinds.ts'
import { locked, stagingFolder } from './lock.ts'
import { mergeRows } from './merge.ts'
import { fileOf, folderOf } from './paths.ts'
import { partOf, PeriodFile, writePeriod } from './period.ts'
import { StagedSeries, stagedPart, stagedRows } from './staging.ts'

export type WriteReport = {
  /** Rows given. */
  rows: number
  added: number
  known: number
  /** Rows that were there with other content. */
  differing: number
  /** What became of the differing ones. */
  replaced: boolean
  /** Files that are new or changed, relative to the store. */
  files: string[]
}
export type WriteOptions = {
  /** Rows that differ from the stored ones take their place; the old file is kept in `.replaced`. */
  replace?: boolean
}
const REPLACED = '.replaced'

type Ready = { readonly made: string; readonly target: string; readonly keepOld: boolean }

/** Several series into the store, all or none: files are made aside, forced to the disk and renamed at the end. */
export class Transaction {
  readonly #root: string
  readonly #folder: string
  readonly #series = new Map<string, StagedSeries>()

  constructor(root: string) {
    this.#root = root
    this.#folder = stagingFolder(root, randomUUID())
  }

  append(key: SeriesKey, definition: Instrument, rows: Rows): void {
    const name = folderOf(key)
    let series = this.#series.get(name)
    if (!series) {
      series = new StagedSeries(path.join(this.#folder, name), key, definition)
      this.#series.set(name, series)
    }
    series.definition = definition
    series.append(rows)
  }

  /** The definition that the files carry: steps are only known once all rows were seen. */
  define(definition: Instrument): void {
    for (const series of this.#series.values())
      if (series.key.venue === definition.venue && series.key.instrument === definition.instrument)
        series.definition = definition
  }

  async commit(source: string, options: WriteOptions = {}): Promise<WriteReport> {
    const replaced = options.replace ?? false
    const report: WriteReport = { rows: 0, added: 0, known: 0, differing: 0, replaced, files: [] }
    try {
      await locked(this.#root, () => {
        const ready: Ready[] = []
        for (const series of this.#series.values()) {
          series.close()
          for (const period of series.periods) {
            const made = this.#make(series, period, source, report)
            if (made) ready.push(made)
          }
        }
        for (const each of ready) this.#put(each)
        report.files = ready.map(({ target }) => path.relative(this.#root, target))
      })
    } finally {
      this.abort()
    }
    return report
  }

  abort(): void {
    for (const series of this.#series.values()) series.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Makes the period's new file aside; undefined when nothing in it is new. */
  #make(
    series: StagedSeries,
    period: StagedSeries['periods'][number],
    source: string,
    report: WriteReport,
  ): Ready | undefined {
    const { key, definition } = series
    const target = path.join(this.#root, folderOf(key), fileOf(period.period))
    const made = path.join(period.folder, fileOf('new'))
    report.rows += period.rows
    if (!existsSync(target)) {
      report.added += period.rows
      writePeriod(made, key, definition, [source], [stagedPart(period)])
      return { made, target, keepOld: false }
    }
    const old = new PeriodFile(target)
    const sources = [...old.header.description.sources.filter((each) => each !== source), source]
    if (period.firstUs > old.header.lastUs || period.lastUs < old.header.firstUs) {
      report.added += period.rows
      const parts = [old.part(), stagedPart(period)]
      writePeriod(made, key, definition, sources, period.firstUs > old.header.lastUs ? parts : parts.toReversed())
      return { made, target, keepOld: false }
    }
    const stored: Rows = { rows: old.rows, columns: sharedColumns(key.kind, old.rows, key.depth) }
    old.readInto(stored.columns, 0)
    const { merged, added, known, differing } = mergeRows(key, stored, stagedRows(key, period), report.replaced)
    report.added += added
    report.known += known
    report.differing += differing
    const changed = report.replaced && differing > 0
    if (added === 0 && !changed) return undefined
    writePeriod(made, key, definition, sources, [partOf(key, merged)])
    return { made, target, keepOld: changed }
  }

  #put({ made, target, keepOld }: Ready): void {
    const folder = path.dirname(target)
    mkdirSync(folder, { recursive: true })
    if (keepOld) keepReplaced(target)
    renameSync(made, target)
    syncFolder(folder)
  }
}

/** Moves a stored file to `.replaced` beside it, under a number of its own. */
export function keepReplaced(file: string): string {
  const folder = path.join(path.dirname(file), REPLACED)
  mkdirSync(folder, { recursive: true })
  const { name, ext } = path.parse(file)
  let number = 1
  while (existsSync(path.join(folder, `${name}.${number}${ext}`))) number++
  const kept = path.join(folder, `${name}.${number}${ext}`)
  renameSync(file, kept)
  return kept
}

/** A rename is durable once its folder is. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
