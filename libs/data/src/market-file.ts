import type { Instrument, Timeframe } from '@contrail/contracts'
import type { MarketColumns } from '@contrail/trading'
import { KINDS, seriesOf, sliceRows } from './columns/kinds.ts'
import type { Kind, Rows, SeriesKey } from './columns/kinds.ts'
import type { FileFeed, FileOptions } from './files/feed.ts'
import { Collector, isoOf } from './judge/collector.ts'
import type { Judged } from './judge/collector.ts'
import { stepOfDecimals } from './judge/steps.ts'
import { hashBeside, likelyRows } from './files/measure.ts'
import { openMarketFile } from './opened-file.ts'
import type { OpenedFile } from './opened-file.ts'

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
  const found = new Map<Kind, Rows>()
  const depth = options.depth ?? DEPTH
  const stop = new AbortController()
  const hash = hashBeside(file, stop.signal)
  // What is wrong with the file is told by whoever reads its rows.
  hash.catch(() => {})
  try {
    const keep = { rows: await likelyRows(file) }
    const { opened, judgement, definition } = await streamMarketFile(
      file,
      options,
      (kind, rows) => void found.set(kind, rows),
      keep,
    )
    const series = KINDS.flatMap((kind) => {
      const all = found.get(kind)
      return all ? [seriesOf(keyOfFile(opened, kind, depth), sliceRows(kind, all, 0, all.rows, depth))] : []
    })
    return { series, instruments: [definition], judgement, sha256: await hash }
  } finally {
    stop.abort()
  }
}

/** Reads a file piece by piece: memory does not grow with it, unless all rows are kept and given at once. */
export async function streamMarketFile(
  file: string,
  options: MarketFileOptions,
  onRows: (kind: Kind, rows: Rows, opened: OpenedFile) => void,
  keep?: { readonly rows: number },
): Promise<{ opened: OpenedFile; judgement: FileJudgement; definition: Instrument }> {
  const { onProgress, kind: only, depth = DEPTH, ...fileOptions } = options
  const opened = await openMarketFile({ file, ...fileOptions }, depth)
  const collector = new Collector({
    consecutiveIds: opened.consecutiveIds,
    timeframe: opened.timeframe,
    volumeIn: opened.volumeIn,
    depth,
    keep,
    onRows: (kind, rows) => {
      if (only === undefined || kind === only) onRows(kind, rows, opened)
    },
    textOf: () => opened.lineText(),
  })
  await opened.collect(collector, (line) => onProgress?.(line))
  const judged = collector.end()
  const tickSize = options.tickSize ?? collector.prices.step
  const lotSize = options.lotSize ?? coarser(collector.quantities.step, tickSize)
  const definition = { ...opened.instrument, tickSize, lotSize, minQuantity: lotSize }
  return { opened, judgement: judgementOf(opened, judged), definition }
}

/** Decimals that money is counted in: those of a tick and of a lot together. */
const MONEY_DECIMALS = 18
/** At prices as small as that a quantity of usual worth in such lots is still exact in a double. */
const [TINY_DECIMALS, MONEY_DECIMALS_TINY] = [10, 15]
const decimalsOf = (step: string): number => step.split('.')[1]?.length ?? 0

/** Where prices have many decimals, quantities are large: their lot may be coarser than the volumes are written. */
function coarser(lotSize: string, tickSize: string): string {
  const decimals = decimalsOf(tickSize)
  const left = Math.max(0, (decimals > TINY_DECIMALS ? MONEY_DECIMALS_TINY : MONEY_DECIMALS) - decimals)
  return decimalsOf(lotSize) <= left ? lotSize : stepOfDecimals(left)
}

export function keyOfFile({ instrument, timeframe }: OpenedFile, kind: Kind, depth = DEPTH): SeriesKey {
  return {
    venue: instrument.venue,
    instrument: instrument.instrument,
    kind,
    ...(kind === 'candles' ? { timeframe } : {}),
    ...(kind === 'book' ? { depth } : {}),
  }
}

function judgementOf(opened: OpenedFile, judged: Judged): FileJudgement {
  const { firstUs, lastUs, ...counts } = judged
  const sum = (pattern: RegExp): number =>
    Object.entries(judged.refused).reduce((total, [reason, { count }]) => total + (pattern.test(reason) ? count : 0), 0)
  return {
    file: opened.name,
    format: opened.format,
    instrument: opened.instrument.instrument,
    holds: opened.holds,
    timeframe: opened.timeframe,
    timeUnit: opened.timeUnit,
    ...counts,
    firstTime: isoOf(firstUs),
    lastTime: isoOf(lastUs),
    duplicates: sum(/^duplicate_/),
    disorder: sum(/_out_of_order$|^time_back$/),
    absurd: sum(/absurd|not_positive|not_a_number|negative|^bad_price|^bad_quantity|high_below_low|crossed/),
  }
}

/** What a file holds and what is wrong with it. Keeps nothing of it. */
export async function judgeMarketFile(file: string, options: MarketFileOptions = {}): Promise<FileJudgement> {
  return (await streamMarketFile(file, options, () => undefined)).judgement
}
