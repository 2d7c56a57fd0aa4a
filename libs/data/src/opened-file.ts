import path from 'node:path'
import { check, instrumentSchema } from '@contrail/contracts'
import type { Instrument, Timeframe } from '@contrail/contracts'
import type { BadRow, FileEvent } from './files/event.ts'
import { inspectFile } from './files/feed.ts'
import type { FileFeed, FileOptions } from './files/feed.ts'
import { lineLayout } from './files/layout.ts'
import { collectEvents } from './files/read.ts'
import { LineScanner, scanFile } from './files/scan.ts'
import type { Collector } from './judge/collector.ts'
import { collectTable, inspectTable, TABLE_FORMATS, tableFormatOf } from './tables/read.ts'
import type { TableFormat } from './tables/read.ts'

/** A file of any format that was looked at and can be read into a collector, once. */
export type OpenedFile = {
  readonly name: string
  readonly format: string
  readonly holds: FileFeed['holds']
  readonly timeUnit: string
  readonly timeframe: Timeframe | undefined
  /** Its steps are a guess until all rows were seen. */
  readonly instrument: Instrument
  readonly consecutiveIds: boolean
  /** What the collector is given as volume. */
  readonly volumeIn: 'base' | 'quote'
  collect(collector: Collector, onLine: (line: number) => void): Promise<void>
  /** The row that was read last, for reports. */
  lineText(): string
}
const SHOWN_CHARACTERS_MAX = 120
const PROGRESS_LINES = 16_384

export async function openMarketFile(options: FileOptions, depth: number): Promise<OpenedFile> {
  const named = TABLE_FORMATS.find((format) => format === options.format)
  const table = named ?? (options.format === undefined ? await tableFormatOf(options.file) : undefined)
  return table ? await openTable(options, table) : await openText(options, depth)
}

async function openText(options: FileOptions, depth: number): Promise<OpenedFile> {
  const feed = await inspectFile(options)
  const layout = feed.newestFirst ? undefined : lineLayout(feed)
  let scanner: LineScanner | undefined
  let latest: FileEvent | BadRow | undefined
  return {
    name: feed.name,
    format: feed.format.name,
    holds: feed.holds,
    timeUnit: feed.timeUnit,
    timeframe: feed.context.timeframe,
    instrument: feed.instrument,
    consecutiveIds: feed.format.consecutiveIds,
    // Events of other formats come with the volume converted.
    volumeIn: layout && feed.format.name !== 'binance-klines' ? feed.context.volumeIn : 'base',
    lineText: () => scanner?.lineText() ?? (JSON.stringify(latest) ?? '').slice(0, SHOWN_CHARACTERS_MAX),
    collect: async (collector, onLine) => {
      if (layout) {
        scanner = new LineScanner(feed, layout, collector)
        return await scanFile(feed, scanner, onLine)
      }
      return await collectEvents(feed, collector, depth, (event) => {
        latest = event
        if ((event.line ?? 0) % PROGRESS_LINES === 0) onLine(event.line ?? 0)
      })
    },
  }
}

const HOLDS = { candles: 'candles', ticks: 'trades', quotes: 'quotes', funding: 'funding' } as const

async function openTable(options: FileOptions, format: TableFormat): Promise<OpenedFile> {
  const feed = await inspectTable(options, format)
  const [base = '', quote = '', perp] = feed.instrument.split('-')
  const draft = {
    venue: options.venue ?? 'file',
    instrument: feed.instrument,
    kind: perp ? 'perp' : 'spot',
    base,
    quote,
    tickSize: '1',
    lotSize: '1',
    minQuantity: '1',
    minNotional: '0',
    makerFeeBps: 10,
    takerFeeBps: 10,
  }
  return {
    name: path.basename(options.file),
    format,
    holds: HOLDS[feed.shape],
    timeUnit: feed.timeUnit,
    timeframe: feed.timeframe,
    instrument: check(instrumentSchema, draft, 'instrument'),
    consecutiveIds: false,
    volumeIn: options.volumeIn ?? 'base',
    lineText: () => '',
    collect: async (collector, onLine) => await collectTable(feed, collector, onLine),
  }
}
