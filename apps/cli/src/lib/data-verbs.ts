import { statSync } from 'node:fs'
import path from 'node:path'
import { isoOfUs, refuse } from '@contrail/contracts'
import type { MarketQuery, SeriesVerdict } from '@contrail/data'
import { dataDirectory, dataStore, fileFlags, seriesFlags, timeFlag } from './data-flags.ts'
import { connection } from './home.ts'
import { ingestData } from './ingest-data.ts'
import { progressLine } from './data-progress.ts'

export type DataArgs = Readonly<Record<string, unknown>>
export type Verb = (files: readonly string[], args: DataArgs) => Promise<unknown>

const CHILD_FLAGS = ['format', 'instrument', 'venue', 'time-unit', 'timeframe', 'volume-in', 'tick-size', 'lot-size']
const childFlags = (args: DataArgs, names: readonly string[]): string[] =>
  names.flatMap((name) => (typeof args[name] === 'string' ? [`--${name}`, args[name]] : []))

export const importFiles: Verb = async (files, args) => {
  const to = args['to'] ?? 'store'
  if (to !== 'store' && to !== 'timescale') throw refuse('usage', 'to', to, 'use store or timescale')
  const results: unknown[] = []
  for (const file of named(files)) {
    const line = progressLine(`import ${path.basename(file)}`, 'rows')
    try {
      results.push(await (to === 'store' ? intoStore : intoDatabase)(file, args, line.update))
    } finally {
      line.end()
    }
  }
  return results.length === 1 ? results[0] : { imports: results }
}

async function intoStore(file: string, args: DataArgs, update: (rows: number) => void): Promise<unknown> {
  const { importToStore } = await import('@contrail/data')
  const options = { ...(await fileFlags(args)), replace: args['replace'] === true, onProgress: update }
  return { ...(await importToStore(await dataStore(), file, options)), store: dataDirectory() }
}

async function intoDatabase(file: string, args: DataArgs, update: (rows: number) => void): Promise<unknown> {
  const env = { CONTRAIL_MARKET_DB_URL: connection('marketDbUrl') }
  return await ingestData(['import', file, ...childFlags(args, CHILD_FLAGS)], env, ({ rows }) => update(rows))
}

export const listSeries: Verb = async (_files, args) => {
  const wanted = await seriesFlags(args)
  const { matchesSeries } = await import('@contrail/data')
  const items = (await (await dataStore()).list()).filter((each) => matchesSeries(each, wanted))
  return {
    store: dataDirectory(),
    items: items.map(({ firstUs, lastUs, ...each }) => ({ ...each, first: isoOfUs(firstUs), last: isoOfUs(lastUs) })),
  }
}

export const verify: Verb = async (files, args) => {
  if (files.length === 0) {
    const { verifyStore } = await import('@contrail/data')
    const items = await verifyStore(await dataStore(), await seriesFlags(args))
    return { store: dataDirectory(), ok: items.every(isWhole), items }
  }
  const { judgeMarketFile } = await import('@contrail/data')
  const judgements: unknown[] = []
  for (const file of named(files)) {
    const line = progressLine(`verify ${path.basename(file)}`, 'rows')
    try {
      judgements.push(await judgeMarketFile(file, { ...(await fileFlags(args)), onProgress: line.update }))
    } finally {
      line.end()
    }
  }
  return judgements.length === 1 ? judgements[0] : { files: judgements }
}
const isWhole = (each: SeriesVerdict): boolean =>
  each.damaged.length + each.duplicates + each.disorder + each.absurd + each.gaps.count === 0

export const repair: Verb = async (files, args) => {
  const source = typeof args['source'] === 'string' ? args['source'] : files[0]
  if (!source)
    throw refuse('missing', 'source', 'nothing', 'name a file, the folder of another store, or exchange:NAME')
  const exchange = /^exchange:(.+)$/.exec(source)?.[1]
  if (exchange) return await download([exchange], args)
  const { repairFromFile, repairFromStore } = await import('@contrail/data')
  const store = await dataStore()
  const replace = args['replace'] === true
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory() === true
  if (isFolder) return await repairFromStore(store, source, await seriesFlags(args), { replace })
  return await repairFromFile(store, source, { replace, file: await fileFlags(args) })
}

export const exportRows: Verb = async (files, args) => {
  const { EXPORT_FORMATS, exportSeries } = await import('@contrail/data')
  const [file] = files
  if (!file) throw refuse('missing', 'file', 'nothing', 'name the file to write: contrail data export OUT.parquet ...')
  const ending = path.extname(file).slice(1)
  const format = EXPORT_FORMATS.find((each) => each === (args['format'] ?? (ending === 'feather' ? 'arrow' : ending)))
  if (!format) throw refuse('usage', 'format', args['format'] ?? ending, `use one of ${EXPORT_FORMATS.join(', ')}`)
  const store = await dataStore()
  const series = await store.read(await queryOf(args))
  await exportSeries(series, format, file)
  const { venue, instrument, kind, rows } = series
  return { file: path.resolve(file), format, venue, instrument, kind, rows }
}

async function queryOf(args: DataArgs): Promise<MarketQuery> {
  const { venue, instrument, kind = 'candles', timeframe } = await seriesFlags(args)
  const missing = !venue
    ? 'venue'
    : !instrument
      ? 'instrument'
      : kind === 'candles' && !timeframe
        ? 'timeframe'
        : undefined
  if (missing || !venue || !instrument)
    throw refuse('missing', missing ?? 'venue', 'nothing', 'say which series; contrail data list shows them')
  return { venue, instrument, kind, timeframe, fromUs: await timeFlag(args, 'from'), toUs: await timeFlag(args, 'to') }
}

export const download: Verb = async (files, args) => {
  const venue = files[0] ?? args['venue']
  if (typeof venue !== 'string') throw refuse('missing', 'venue', 'nothing', 'name the exchange, e.g. binance')
  const [fromUs, toUs] = [await timeFlag(args, 'from'), await timeFlag(args, 'to')]
  if (fromUs === undefined) throw refuse('missing', 'from', 'nothing', 'say since when, e.g. --from 2024-05-01')
  const line = progressLine(`download ${venue}`, 'rows')
  try {
    const times = ['--from-us', String(fromUs), ...(toUs === undefined ? [] : ['--to-us', String(toUs)])]
    const flags = [...childFlags(args, ['instrument', 'timeframe', 'kind']), ...times]
    const env = { CONTRAIL_DATA_DIR: dataDirectory() }
    return await ingestData(['download', venue, ...flags], env, ({ rows, part }) => line.update(rows, part))
  } finally {
    line.end()
  }
}

/** What the running platform has recorded, into the store now; it does so by itself every few minutes. */
export const archive: Verb = async () => {
  const env = { CONTRAIL_MARKET_DB_URL: connection('marketDbUrl'), CONTRAIL_DATA_DIR: dataDirectory() }
  const copied = (await ingestData(['archive'], env, () => undefined)) as object
  return { ...copied, store: dataDirectory() }
}

function named(files: readonly string[]): string[] {
  if (files.length === 0) throw refuse('missing', 'file', 'nothing', 'name at least one file')
  return files.map((file) => path.resolve(file))
}
