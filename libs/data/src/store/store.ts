import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isoOfUs, MINUTE_US, Refusal, refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import type { CandleColumns, MarketColumns } from '@contrail/trading'
import { barsOfBars, barsOfTicks, finerTimeframes } from '../columns/derive.ts'
import { KIND_SPECS, keyOf, lowerBound, rowsOf, seriesOf, sharedColumns, sliceRows, timesOf } from '../columns/kinds.ts'
import type { Kind, Rows, SeriesKey } from '../columns/kinds.ts'
import type { MarketDataPort, MarketQuery, SeriesInfo } from '../port.ts'
import { EXTENSION } from './format.ts'
import { folderOf, kindOfFolder, periodOf } from './paths.ts'
import { bytesOf, PeriodFile } from './period.ts'
import { readSharedPieces } from './pieces.ts'
import { Transaction } from './transaction.ts'
import type { WriteOptions, WriteReport } from './transaction.ts'

/** More rows than this are not one query: ten years of seconds are 315 million. */
const ROWS_MAX = 500_000_000
/** Trades are kept by our time and bars go by the venue's: so far the two clocks may be apart. */
const CLOCKS_APART_US = 60 * MINUTE_US

/** Market data in columns on this machine's disk. Its folder may be copied, moved and removed as any folder. */
export class DataStore implements MarketDataPort {
  readonly directory: string

  constructor(directory: string) {
    this.directory = path.resolve(directory)
  }

  async list(): Promise<SeriesInfo[]> {
    return this.#folders().map(({ folder }) => {
      const files = periodFiles(path.join(this.directory, folder)).map((file) => new PeriodFile(file))
      const [first, last] = [files[0]!, files.at(-1)!]
      return {
        ...first.key,
        rows: files.reduce((sum, file) => sum + file.rows, 0),
        firstUs: first.header.firstUs,
        lastUs: last.header.lastUs,
        files: files.length,
      }
    })
  }

  /** Which series there are, by the names of their folders: damaged ones too. */
  series(): SeriesKey[] {
    return this.#folders().map(({ venue, instrument, kind, timeframe, depth }) => ({
      venue,
      instrument,
      kind,
      ...(timeframe ? { timeframe } : {}),
      ...(depth ? { depth } : {}),
    }))
  }

  async instruments(): Promise<Instrument[]> {
    const found = new Map<string, Instrument>()
    for (const { folder } of this.#folders()) {
      const last = periodFiles(path.join(this.directory, folder)).at(-1)!
      const { definition } = new PeriodFile(last).header.description
      found.set(`${definition.venue}.${definition.instrument}`, definition)
    }
    return [...found.values()]
  }

  /** Bars of a timeframe that is not stored are made from finer ones, or from trades. */
  async read(query: MarketQuery): Promise<MarketColumns> {
    const derived = query.kind === 'candles' ? await this.#derive(query) : undefined
    if (derived) return derived
    const { key, rows } = await this.#read(query)
    return seriesOf(key, rows)
  }

  /** Times of the stored rows of exactly this series; none when nothing is stored. */
  async times(query: MarketQuery): Promise<Float64Array> {
    if (this.files(query).length === 0) return new Float64Array(0)
    try {
      const { key, rows } = await this.#read(query, [])
      return timesOf(key.kind, rows)
    } catch (error) {
      if (error instanceof Refusal && error.code === 'no_data') return new Float64Array(0)
      throw error
    }
  }

  /** Only these columns (and the time) of the rows; the others are not even read from the disk. */
  async readColumns(query: MarketQuery, names: readonly string[]): Promise<Rows> {
    const known = KIND_SPECS[query.kind].columns.map(({ name }) => name)
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined) throw refuse('unknown_column', 'column', unknown, `use one of ${known.join(', ')}`)
    return (await this.#read(query, names)).rows
  }

  async write(series: MarketColumns, instrument: Instrument, source: string, options?: WriteOptions) {
    const transaction = this.begin()
    try {
      transaction.append(keyOf(series), instrument, rowsOf(series))
    } catch (error) {
      transaction.abort()
      throw error
    }
    return await transaction.commit(source, options)
  }

  begin(): Transaction {
    return new Transaction(this.directory)
  }

  /** SHA-256 of the content that a query gives: equal wherever it is stored and however it came there. */
  async hashOf(query: MarketQuery): Promise<string> {
    return hashSeries([await this.read(query)])
  }

  /** Files of a series, oldest first. */
  files(key: SeriesKey): string[] {
    return periodFiles(path.join(this.directory, folderOf(key)))
  }

  async #read(query: MarketQuery, names?: readonly string[]): Promise<{ key: SeriesKey; rows: Rows }> {
    const files = this.#filesOf(query)
    const total = files.reduce((sum, file) => sum + file.rows, 0)
    if (total > ROWS_MAX) throw refuse('too_many_rows', 'query', total, `ask for at most ${ROWS_MAX}: a shorter period`)
    const { key } = files[0]!
    const all = sharedColumns(key.kind, total, key.depth, names)
    let row = 0
    const pieces = files.flatMap((file) => {
      row += file.rows
      return file.pieces(all, row - file.rows)
    })
    await readSharedPieces(pieces)
    const times = timesOf(key.kind, { rows: total, columns: all })
    const from = query.fromUs === undefined ? 0 : lowerBound(times, total, query.fromUs)
    const to = query.toUs === undefined ? total : lowerBound(times, total, query.toUs)
    if (to <= from) throw this.#nothing(query)
    if (from === 0 && to === total) return { key, rows: { rows: total, columns: all } }
    return { key, rows: sliceRows(key.kind, { rows: total, columns: all }, from, to, key.depth) }
  }

  async #derive(query: MarketQuery): Promise<CandleColumns | undefined> {
    const { timeframe, fromUs, toUs, venue, instrument } = query
    if (!timeframe || this.files({ ...query, timeframe }).length > 0) return undefined
    const wide = {
      venue,
      instrument,
      fromUs: fromUs === undefined ? undefined : fromUs - (fromUs % TIMEFRAME_US[timeframe]) - CLOCKS_APART_US,
      toUs: toUs === undefined ? undefined : toUs + TIMEFRAME_US[timeframe] + CLOCKS_APART_US,
    }
    const finer = finerTimeframes(timeframe).find(
      (each) => this.files({ venue, instrument, kind: 'candles', timeframe: each }).length > 0,
    )
    const source: MarketQuery = finer ? { ...wide, kind: 'candles', timeframe: finer } : { ...wide, kind: 'ticks' }
    if (this.files(source).length === 0) return undefined
    const { key, rows } = await this.#read(source)
    const series = seriesOf(key, rows)
    const bars =
      series.kind === 'ticks' ? barsOfTicks(series, timeframe) : barsOfBars(series as CandleColumns, timeframe)
    const from = lowerBound(bars.openTimeUs, bars.rows, fromUs ?? -Infinity)
    const to = lowerBound(bars.openTimeUs, bars.rows, toUs ?? Infinity)
    if (to <= from) throw this.#nothing(query)
    return seriesOf(keyOf(bars), sliceRows('candles', rowsOf(bars), from, to)) as CandleColumns
  }

  #filesOf(query: MarketQuery): PeriodFile[] {
    const key = this.#keyOf(query)
    if (!key) throw this.#nothing(query)
    const firstPeriod = query.fromUs === undefined ? '' : periodOf(query.kind, query.fromUs)
    const lastPeriod = query.toUs === undefined ? '9' : periodOf(query.kind, query.toUs)
    const files = this.files(key)
      .filter((file) => {
        const period = path.basename(file, EXTENSION)
        return period >= firstPeriod && period <= lastPeriod
      })
      .map((file) => new PeriodFile(file))
      .filter(({ header }) => header.lastUs >= (query.fromUs ?? -Infinity) && header.firstUs < (query.toUs ?? Infinity))
    if (files.length === 0) throw this.#nothing(query)
    return files
  }

  /** Of book rows the deepest there are, when no depth is asked for. */
  #keyOf({ venue, instrument, kind, timeframe, depth }: MarketQuery): SeriesKey | undefined {
    if (kind !== 'book' || depth !== undefined) {
      const key = { venue, instrument, kind, timeframe, depth }
      return existsSync(path.join(this.directory, folderOf(key))) ? key : undefined
    }
    const books = this.#folders().filter((each) => each.venue === venue && each.instrument === instrument)
    return books.filter((each) => each.kind === 'book').sort((a, b) => (b.depth ?? 0) - (a.depth ?? 0))[0]
  }

  #nothing(query: MarketQuery) {
    const { venue, instrument, kind, timeframe, fromUs, toUs } = query
    const has = this.#folders().map((each) =>
      `${each.venue} ${each.instrument} ${each.kind} ${each.timeframe ?? ''}`.trim(),
    )
    const period = `${fromUs === undefined ? '' : ` from ${isoOfUs(fromUs)}`}${toUs === undefined ? '' : ` to ${isoOfUs(toUs)}`}`
    return refuse(
      'no_data',
      'data',
      `${venue} ${instrument} ${kind}${timeframe ? ` ${timeframe}` : ''}${period}`,
      has.length === 0
        ? 'import some: contrail data import FILE'
        : `the store has ${has.slice(0, 8).join('; ')}; see contrail data list`,
    )
  }

  #folders(): {
    venue: string
    instrument: string
    folder: string
    kind: Kind
    timeframe?: Timeframe
    depth?: number
  }[] {
    if (!existsSync(this.directory)) return []
    return subfolders(this.directory).flatMap((venue) =>
      subfolders(path.join(this.directory, venue)).flatMap((instrument) =>
        subfolders(path.join(this.directory, venue, instrument)).flatMap((name) => {
          const kind = kindOfFolder(name)
          const folder = path.join(venue, instrument, name)
          return kind && periodFiles(path.join(this.directory, folder)).length > 0
            ? [{ venue, instrument, folder, ...kind }]
            : []
        }),
      ),
    )
  }
}

export const openStore = (directory: string): DataStore => new DataStore(directory)

/** SHA-256 over the rows of several series in their order, with what series they are. */
export function hashSeries(all: readonly MarketColumns[]): string {
  const hash = createHash('sha256')
  for (const bytes of contentOf(all)) hash.update(bytes)
  return hash.digest('hex')
}

const PART_BYTES = 8 << 20

/** The same, and others get their turn in between. */
export async function hashSeriesByParts(all: readonly MarketColumns[]): Promise<string> {
  const hash = createHash('sha256')
  for (const bytes of contentOf(all)) {
    if (typeof bytes === 'string') hash.update(bytes)
    else
      for (let from = 0; from < bytes.length; from += PART_BYTES) {
        hash.update(bytes.subarray(from, from + PART_BYTES))
        await setImmediate()
      }
  }
  return hash.digest('hex')
}

function* contentOf(all: readonly MarketColumns[]): Generator<string | Uint8Array> {
  for (const series of all) {
    const { rows, columns } = rowsOf(series)
    yield JSON.stringify([keyOf(series), rows])
    for (const { name } of KIND_SPECS[series.kind].columns) yield bytesOf(columns[name]!)
  }
}

const subfolders = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()

const periodFiles = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(EXTENSION))
        .sort()
        .map((name) => path.join(folder, name))
    : []

export type { WriteOptions, WriteReport }
