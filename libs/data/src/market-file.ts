import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Instrument, Timeframe } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'
import { copyRows, joinRows } from './columns/join.ts'
import { KINDS, seriesOf } from './columns/kinds.ts'
import type { Kind, Rows, SeriesKey } from './columns/kinds.ts'
import type { BadRow, FileEvent } from './files/event.ts'
import { inspectFile } from './files/feed.ts'
import type { FileFeed, FileOptions } from './files/feed.ts'
import { lineLayout } from './files/layout.ts'
import { collectEvents } from './files/read.ts'
import { LineScanner, scanFile } from './files/scan.ts'
import { Collector, isoOf } from './judge/collector.ts'
import type { Judged } from './judge/collector.ts'

export type MarketFileOptions = Omit<FileOptions, 'file'> & {
  /** Only this kind of the rows. */
  kind?: Kind | undefined
  /** Levels of a side that book rows keep; 20. */
  depth?: number | undefined
  onProgress?: ((rows: number) => void) | undefined
}
/** What a file holds and what is wrong with it. Refused rows are in `refused` by reason with the first of each. */
export type FileJudgement = Omit<Judged, 'firstUs' | 'lastUs'> & {
  file: string
  format: string
  instrument: string
  holds: FileFeed['holds']
  timeframe: Timeframe | undefined
  timeUnit: string
  firstTime: string | undefined
  lastTime: string | undefined
  /** Of the refused rows: repeated, out of order, and such as no market can have said. */
  duplicates: number
  disorder: number
  absurd: number
}
export type MarketFile = {
  series: MarketColumns[]
  instruments: Instrument[]
  judgement: FileJudgement
  /** Of the file's bytes. */
  sha256: string
}
const DEPTH = 20

/** A market data file of any known format as columns in memory, over shared memory. */
export async function readMarketFile(file: string, options: MarketFileOptions = {}): Promise<MarketFile> {
  const pieces = new Map<Kind, Rows[]>()
  const depth = options.depth ?? DEPTH
  const { feed, judgement, definition } = await streamMarketFile(file, options, (kind, rows) => {
    const copy = copyRows(kind, rows, depth)
    pieces.set(kind, [...(pieces.get(kind) ?? []), copy])
  })
  const kinds = KINDS.filter((kind) => pieces.has(kind))
  return {
    series: kinds.map((kind) => seriesOf(keyOfFile(feed, kind, depth), joinRows(kind, pieces.get(kind)!, depth))),
    instruments: [definition],
    judgement,
    sha256: await hashFile(file),
  }
}

/** Reads a file piece by piece: memory does not grow with it. The arrays of a piece are used again for the next. */
export async function streamMarketFile(
  file: string,
  options: MarketFileOptions,
  onRows: (kind: Kind, rows: Rows, feed: FileFeed) => void,
): Promise<{ feed: FileFeed; judgement: FileJudgement; definition: Instrument }> {
  const { onProgress, kind: only, depth = DEPTH, ...fileOptions } = options
  const feed = await inspectFile({ file, ...fileOptions })
  const layout = lineLayout(feed)
  let scanner: LineScanner | undefined
  let latest: FileEvent | BadRow | undefined
  const collector = new Collector({
    consecutiveIds: feed.format.consecutiveIds,
    timeframe: feed.context.timeframe,
    // Events of other formats come with the volume converted.
    volumeIn: layout && feed.format.name !== 'binance-klines' ? feed.context.volumeIn : 'base',
    depth,
    onRows: (kind, rows) => {
      if (only === undefined || kind === only) onRows(kind, rows, feed)
    },
    textOf: () => scanner?.lineText() ?? JSON.stringify(latest).slice(0, SHOWN_CHARACTERS_MAX),
  })
  if (layout) {
    scanner = new LineScanner(feed, layout, collector)
    await scanFile(feed, scanner, (line) => onProgress?.(line))
  } else
    await collectEvents(feed, collector, depth, (event) => {
      latest = event
      if ((event.line ?? 0) % PROGRESS_ROWS === 0) onProgress?.(event.line ?? 0)
    })
  const judged = collector.end()
  const definition: Instrument = {
    ...feed.instrument,
    tickSize: options.tickSize ?? finer(feed.instrument.tickSize, collector.prices.step),
    lotSize: options.lotSize ?? finer(feed.instrument.lotSize, collector.quantities.step),
  }
  return { feed, judgement: judgementOf(feed, judged), definition: { ...definition, minQuantity: definition.lotSize } }
}
const PROGRESS_ROWS = 16_384
const SHOWN_CHARACTERS_MAX = 120

const finer = (a: string, b: string): string => (Number(a) <= Number(b) ? a : b)

export function keyOfFile({ instrument, context }: FileFeed, kind: Kind, depth = DEPTH): SeriesKey {
  return {
    venue: instrument.venue,
    instrument: instrument.instrument,
    kind,
    ...(kind === 'candles' ? { timeframe: context.timeframe } : {}),
    ...(kind === 'book' ? { depth } : {}),
  }
}

function judgementOf(feed: FileFeed, judged: Judged): FileJudgement {
  const { firstUs, lastUs, ...counts } = judged
  const sum = (pattern: RegExp): number =>
    Object.entries(judged.refused).reduce((total, [reason, { count }]) => total + (pattern.test(reason) ? count : 0), 0)
  return {
    file: feed.name,
    format: feed.format.name,
    instrument: feed.instrument.instrument,
    holds: feed.holds,
    timeframe: feed.context.timeframe,
    timeUnit: feed.timeUnit,
    ...counts,
    firstTime: isoOf(firstUs),
    lastTime: isoOf(lastUs),
    duplicates: sum(/^duplicate_/),
    disorder: sum(/_out_of_order$|^time_back$/),
    absurd: sum(/absurd|not_positive|not_a_number|negative|^bad_price|^bad_quantity|high_below_low|crossed/),
  }
}

export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
