import path from 'node:path'
import { Refusal, refuse } from '@contrail/contracts'
import type { MarketQuery } from '../port.ts'
import { importToStore } from '../import.ts'
import type { MarketFileOptions } from '../market-file.ts'
import { readMarketFile } from '../market-file.ts'
import { keyOf, lowerBound, rowsOf, timesOf } from '../columns/kinds.ts'
import type { SeriesKey } from '../columns/kinds.ts'
import { kindOfFolder, periodOf } from './paths.ts'
import { PeriodFile } from './period.ts'
import type { DataStore } from './store.ts'
import { openStore } from './store.ts'
import { keepReplaced } from './transaction.ts'
import type { WriteReport } from './transaction.ts'
import { matches } from './verify.ts'

export type RepairReport = WriteReport & {
  source: string
  /** Damaged files that were set aside, relative to the store. */
  setAside: string[]
}
export type RepairOptions = {
  /** Rows that differ from the source's are replaced too; otherwise only missing ones are filled in. */
  replace?: boolean
  file?: MarketFileOptions
}

/**
 * Fills a store from a source and from nothing else: missing rows are added, damaged files are set aside and made anew,
 * and whatever is replaced stays beside it in `.replaced`.
 */
export async function repairFromFile(
  store: DataStore,
  file: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { series, judgement } = await readMarketFile(file, options.file)
  const setAside: string[] = []
  for (const each of series) setAside.push(...setDamagedAside(store, keyOf(each), timesOf(each.kind, rowsOf(each))))
  const { written } = await importToStore(store, file, { ...options.file, replace: options.replace ?? false })
  return { ...written, source: judgement.file, setAside }
}

export async function repairFromStore(
  store: DataStore,
  directory: string,
  query: Partial<MarketQuery>,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const source = openStore(directory)
  const keys = source.series().filter((key) => matches(key, query) && store.series().some((own) => matches(own, key)))
  if (keys.length === 0)
    throw refuse('no_data', 'from', directory, 'name a store that has the same series; see contrail data list')
  const definitions = await source.instruments()
  const total: RepairReport = {
    rows: 0,
    added: 0,
    known: 0,
    differing: 0,
    replaced: options.replace ?? false,
    files: [],
    source: directory,
    setAside: [],
  }
  for (const key of keys) {
    const series = await source.read(key)
    const definition = definitions.find((each) => each.venue === key.venue && each.instrument === key.instrument)!
    total.setAside.push(...setDamagedAside(store, key, timesOf(key.kind, rowsOf(series))))
    const written = await store.write(series, definition, `store ${path.basename(directory)}`, {
      replace: total.replaced,
    })
    for (const count of ['rows', 'added', 'known', 'differing'] as const) total[count] += written[count]
    total.files.push(...written.files)
  }
  return total
}

/** Damaged files of the series that the source has rows for. One that it has none for is refused: nothing would fill it. */
function setDamagedAside(store: DataStore, key: SeriesKey, times: Float64Array): string[] {
  const aside: string[] = []
  for (const file of store.files(key)) {
    if (isWhole(file, key)) continue
    const period = path.basename(file).split('.')[0]!
    const row = lowerBound(times, times.length, startOf(period))
    if (row === times.length || periodOf(key.kind, times[row]!) !== period)
      throw refuse(
        'source_lacks_period',
        'from',
        period,
        `the damaged file of ${period} can only be made from a source that has it`,
      )
    aside.push(path.relative(store.directory, keepReplaced(file)))
  }
  return aside
}

const startOf = (period: string): number =>
  Date.parse(`${period.length === 7 ? `${period}-01` : period}T00:00:00Z`) * 1000

function isWhole(file: string, key: SeriesKey): boolean {
  try {
    const period = new PeriodFile(file)
    for (const { name } of period.header.description.columns) period.part().column(name, () => undefined)
    return kindOfFolder(path.basename(path.dirname(file)))?.kind === key.kind
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}
