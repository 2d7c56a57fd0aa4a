import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import {
  bookSchema,
  decodeCandle,
  decodeJson,
  decodeQuote,
  decodeTick,
  feedStatusSchema,
  parseSubject,
  Refusal,
} from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import type { Sql } from '@contrail/db'
import { createTestDatabases } from '@contrail/db/testing'
import { inspectFile, verifyFile } from '@contrail/data'
import { configSchema, start } from '@contrail/ingest'
import type { FileOptions } from '@contrail/data'
import { applyStreams } from '@contrail/nats'
import { connectNats, createLogger, createMetrics, systemClock } from '@contrail/runtime'
import type { Bus, BusMessage } from '@contrail/runtime'
import { startTestNats, until } from '@contrail/runtime/testing'
import { checkBars, checkBook, checkKnown, checkTrades, comparableTops, lateOf } from './input-checks.ts'
import type { Checked, InArchive, OnBus } from './input-checks.ts'
import { proveChain } from './input-chain.ts'
import type { ChainProof } from './input-chain.ts'
import { twinOf } from './input-twin.ts'
import type { Bar, TwinTrade } from './input-twin.ts'

/**
 * `npm run prove:input [-- FILE --format F --instrument I --venue V]`: a recorded market at full speed through ingest,
 * its bus and its archive; every trade and every bar is compared with what a naive twin makes of the same file.
 * Without FILE: the two recorded markets of ../shared/data. Prints JSON; exit code 1 when a check fails.
 */
const data = path.resolve(import.meta.dirname, '../../../../shared/data/ticks')
const DEFAULT_FILES: readonly FileOptions[] = [
  { file: path.join(data, 'freqtrade_XRP_ETH-trades.json.gz') },
  { file: path.join(data, 'binance_spot_btcusdt_20240808_raw.gz') },
]

/** SMA cross trades on it, through the whole platform. */
const CHAINS = {
  'freqtrade_XRP_ETH-trades.json.gz': { venue: 'freqtrade', instrument: 'XRP-ETH', quantity: 50 },
} as const

type Proof = { file: string; format: string; instrument: string; counts: object; seconds: object; checks: Checked[] }

export async function proveInput(options: FileOptions): Promise<Proof> {
  const nats = await startTestNats()
  const databases = await createTestDatabases()
  try {
    await applyStreams(nats.url)
    const bus = await connectNats({ url: nats.url, name: 'prove-input' })
    try {
      return await replayAndCheck(
        options,
        bus,
        databases.urls.recorder.market as string,
        databases.open('admin', 'market').sql,
      )
    } finally {
      await bus.close()
    }
  } finally {
    await databases.drop()
    await nats.stop()
  }
}

async function replayAndCheck(options: FileOptions, bus: Bus, marketDbUrl: string, sql: Sql): Promise<Proof> {
  const feed = await inspectFile(options)
  const report = await verifyFile(options)
  const log = createLogger({ name: 'prove-input', level: 'warn' })
  const config = configSchema.parse({
    marketDbUrl,
    ingestSource: 'file',
    ingestFiles: [options.file],
    ingestFormat: feed.format.name,
    ingestInstrument: feed.instrument.instrument,
    ingestVenue: feed.instrument.venue,
    ingestTimeUnit: options.timeUnit,
    ingestTimeframe: options.timeframe,
    ingestQuotesPerSecond: 0,
    ingestBooksPerSecond: 0,
  })
  const began = performance.now()
  const ingest = await start(config, { bus, log, clock: systemClock, metrics: createMetrics() })
  try {
    await ingest.ended
    const publishedS = secondsSince(began)
    const { lastSequence } = (await bus.streamState('MD'))!
    await until('the archive has everything', async () => (await recordedThrough(sql)) >= lastSequence, 120_000)
    const recordedS = secondsSince(began)
    const onBus = await readBack(bus, lastSequence)
    const archive = await readArchive(sql)
    const twin = twinOf(options.file, feed.format.name)
    const trades = feed.holds === 'trades' ? onBus.ticks.length + refusedOf(report.refused) : 0
    return {
      file: path.basename(options.file),
      format: feed.format.name,
      instrument: feed.instrument.instrument,
      counts: {
        rows: report.rows,
        refused: report.refused,
        messages: lastSequence,
        ticks: onBus.ticks.length,
        quotes: onBus.quotes.length,
        books: onBus.books.length,
        candles: Object.fromEntries(
          [...Map.groupBy(onBus.candles, (candle) => candle.timeframe)].map(([timeframe, all]) => [
            timeframe,
            all.length,
          ]),
        ),
        late: lateOf(onBus),
        clocks: onBus.clocks,
        statuses: onBus.statuses,
      },
      seconds: { published: publishedS, recorded: recordedS, perSecond: Math.round(lastSequence / publishedS) },
      checks: [
        ...checkKnown(path.basename(options.file), onBus, twin ? comparableTops(twin) : 0),
        ...(trades > 0
          ? checkTrades(onBus, archive, twin, { accepted: report.accepted, refused: refusedOf(report.refused) })
          : []),
        ...(trades > 0 ? checkBars(onBus, archive) : checkCandleFile(report.accepted, onBus, archive)),
        ...(twin && twin.depthIds.length > 0 ? checkBook(onBus, twin) : []),
      ],
    }
  } finally {
    await ingest.stop()
  }
}

const refusedOf = (refused: Record<string, { count: number }>): number =>
  Object.values(refused).reduce((sum, { count }) => sum + count, 0)
const secondsSince = (began: number): number => Math.round(performance.now() - began) / 1000

function checkCandleFile(accepted: number, bus: OnBus, archive: InArchive): Checked[] {
  return [
    { check: 'candles of the file on MD', wanted: accepted, found: bus.candles.length },
    { check: 'candles of the file in the archive', wanted: accepted, found: archive.candles.length },
  ].map((each) => ({ ...each, passed: each.wanted === each.found }))
}

async function recordedThrough(sql: Sql): Promise<number> {
  const [row] = await sql<{ through: number | null }[]>`select max(last_sequence) as through from sources`
  return row?.through ?? 0
}

async function readBack(bus: Bus, lastSequence: number): Promise<OnBus> {
  const found: OnBus = { ticks: [], quotes: [], books: [], candles: [], statuses: [], clocks: 0, lastSequence: 0 }
  const reader = await bus.read({ stream: 'MD', fromSequence: 1, onMessage: (message) => sort(message, found) })
  await until('MD is read back', () => found.lastSequence >= lastSequence, 60_000)
  await reader.stop()
  return found
}

function sort(message: BusMessage, found: OnBus): void {
  found.lastSequence = message.sequence
  switch (parseSubject(message.subject).kind) {
    case 'tick':
      return void found.ticks.push(decodeTick(message.data))
    case 'quote':
      return void found.quotes.push(decodeQuote(message.data))
    case 'book':
      return void found.books.push(decodeJson(bookSchema, message.data, 'book'))
    case 'candle':
      return void found.candles.push(decodeCandle(message.data))
    case 'feedStatus':
      return void found.statuses.push(decodeJson(feedStatusSchema, message.data, 'status').status)
    case 'clock':
      return void found.clocks++
    default:
      throw new Error(`${message.subject} has no place on MD`)
  }
}

async function readArchive(sql: Sql): Promise<InArchive> {
  const ticks = await sql<TwinTrade[]>`
    select trade_id as id, price, quantity, venue_time_us as "timeUs" from ticks order by sequence`
  const candles = await sql<(Bar & { timeframe: Timeframe })[]>`
    select timeframe, open_time_us as "openTimeUs", open, high, low, close, volume, quote_volume as "quoteVolume", trades
    from candles order by open_time_us`
  const gaps = await sql`select 1 from gaps`
  return { ticks: [...ticks], candles: [...candles], gaps: gaps.length }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      format: { type: 'string' },
      instrument: { type: 'string' },
      venue: { type: 'string' },
      'time-unit': { type: 'string' },
    },
  })
  const { format, instrument, venue } = values
  const timeUnit = values['time-unit'] as FileOptions['timeUnit']
  const files = positionals.map((file) => ({ file: path.resolve(file), format, instrument, venue, timeUnit }))
  const proofs: Proof[] = []
  for (const options of files.length > 0 ? files : DEFAULT_FILES.filter(isThere)) proofs.push(await proveInput(options))
  const chains: Record<string, ChainProof> = {}
  for (const [file, market] of Object.entries(CHAINS)) {
    const options = DEFAULT_FILES.find((one) => path.basename(one.file) === file)
    if (files.length === 0 && options && isThere(options)) chains[file] = await proveChain(options, market)
  }
  const passed =
    Object.values(chains).every(({ checks }) => checks.every((each) => each.passed)) &&
    proofs.length > 0 &&
    proofs.every(({ checks }) => checks.length > 0 && checks.every((each) => each.passed))
  console.log(JSON.stringify({ passed, proofs, chains }, null, 2))
  process.exitCode = passed ? 0 : 1
}

function isThere({ file }: FileOptions): boolean {
  if (existsSync(file)) return true
  console.error(`absent: ${path.basename(file)} (recorded data lies beside the repository in ../shared/data)`)
  return false
}

if (import.meta.main)
  await main().catch((error: unknown) => {
    const said = error instanceof Refusal || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
    if (!said) throw error
    console.error(`prove:input: ${(error as Error).message}`)
    process.exitCode = 2
  })
