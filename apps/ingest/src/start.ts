import { DAY_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { openDatabase } from '@contrail/db'
import type { Database } from '@contrail/db'
import { createHttp, listen } from '@contrail/runtime'
import type { Running, ServiceContext } from '@contrail/runtime'
import { Archive } from './archive/archive.ts'
import { keepCopying } from './archive/copying.ts'
import type { IngestConfig } from './config.ts'
import { addRoutes } from './http/routes.ts'
import { createSource, formingBars } from './market-data.ts'
import { Pipeline } from './pipeline/pipeline.ts'
import { Recent } from './pipeline/recent.ts'
import { Recorder } from './recorder/recorder.ts'
import type { Source } from './source/port.ts'
import { recordPast } from './source/synthetic/past.ts'

const CONNECTIONS_MAX = 4
const MINUTE_MS = 60_000
const RETENTION_EVERY_MS = 60 * MINUTE_MS
/** Late trades of a live venue still get into their bar. */
const LIVE_GRACE_US = 500_000

export type Ingest = Running & {
  readonly url: string
  /** Resolves at the end of a replay, after its last message is in the stream; rejects when the source failed. */
  readonly ended: Promise<void>
  readonly instruments: readonly Instrument[]
}
type Stops = (() => Promise<void> | void)[]

/** Market data from one source to the bus, and with a database from the bus into the archive. */
export async function start(config: IngestConfig, context: ServiceContext): Promise<Ingest> {
  // In the order of start; stopped in reverse: the source first, then what it said goes out, then it is recorded.
  const stops: Stops = []
  try {
    return await startParts(config, context, stops)
  } catch (error) {
    await stopAll(stops)
    throw error
  }
}

async function startParts(config: IngestConfig, context: ServiceContext, stops: Stops): Promise<Ingest> {
  const { clock, log, metrics, bus } = context
  const database = config.marketDbUrl
    ? openDatabase(config.marketDbUrl, { max: CONNECTIONS_MAX, name: 'contrail-ingest' })
    : undefined
  if (database) stops.push(() => database.close())
  const archive = database && new Archive(database.sql)
  const recorder = database && (await startRecorder(config, context, database, stops))
  const source = await createSource(config, context, archive)
  const instruments = await source.instruments()
  await archive?.saveInstruments(instruments, clock.nowUs())

  if (database && source.past)
    log.info({ bars: await recordPast(database.sql, source.venue, source.past(), clock.nowUs()) }, 'past recorded')
  const recent = new Recent()
  const pipeline = new Pipeline({ ...pipelineOptions(config, source, instruments), clock, metrics, log, bus, recent })
  stops.push(() => pipeline.stop())
  if (archive && source.time === 'wall')
    for (const { venue, instrument } of instruments)
      pipeline.restoreBars(instrument, await formingBars(archive, venue, instrument, clock.nowUs()))

  const { internalToken } = config
  const ready = async () => readiness(bus.connected, recorder)
  const app = createHttp({ name: 'ingest', log, metrics, ready, ...(internalToken ? { internalToken } : {}) })
  const known = async () => await allInstruments(instruments, archive)
  addRoutes(app, { recent, archive, instruments: known, feeds: () => pipeline.views() })
  const door = await listen(app, { host: config.host, port: config.port })
  stops.push(() => door.close())

  pipeline.start()
  await source.start(pipeline)
  stops.push(
    () => pipeline.drained(),
    () => source.stop(),
  )
  const ended = source.ended.then(() => pipeline.drained())
  ended.catch((error: unknown) => log.error({ err: error }, 'the source ended'))
  log.info({ url: door.url, source: config.ingestSource, instruments: instruments.length }, 'ingest runs')
  return { name: 'ingest', url: door.url, ended, instruments, stop: async () => await stopAll(stops) }
}

async function startRecorder(config: IngestConfig, context: ServiceContext, database: Database, stops: Stops) {
  if (!config.ingestRecorder) return undefined
  const recorder = await new Recorder(context, { database, quotes: config.ingestRecordQuotes }).start()
  stops.push(() => recorder.stop())
  const { ingestDataDir: folder, ingestCopyMinutes: minutes } = config
  if (folder !== undefined && minutes > 0) stops.push(keepCopying(folder, minutes * MINUTE_MS, context, database))
  if (config.ingestTickDays > 0) stops.push(keepRetention(config.ingestTickDays, context, database, recorder))
  return recorder
}

function pipelineOptions(config: IngestConfig, source: Source, instruments: readonly Instrument[]) {
  const file = config.ingestSource === 'file'
  return {
    venue: source.venue,
    instruments,
    time: source.time,
    ring: file && config.ingestSpeed === 'max' ? ('sparse' as const) : ('second' as const),
    feed: {
      quotesPerSecond: config.ingestQuotesPerSecond,
      booksPerSecond: config.ingestBooksPerSecond,
      bookLevels: config.ingestBookLevels,
      // Silence in a file is what the market was: it is no fault of the feed.
      staleUs: file ? 0 : config.ingestStaleMs * 1000,
      graceUs: config.ingestSource === 'live' ? LIVE_GRACE_US : 0,
      sequentialIds: source.sequentialIds,
    },
  }
}

/** Those of this source, and those that the archive knows from earlier ones. */
async function allInstruments(own: readonly Instrument[], archive: Archive | undefined): Promise<Instrument[]> {
  const all = new Map<string, Instrument>()
  for (const each of [...((await archive?.instruments()) ?? []), ...own])
    all.set(`${each.venue}.${each.instrument}`, each)
  return [...all.values()]
}

function readiness(connected: boolean, recorder: Recorder | undefined): string[] {
  const problem = recorder?.problem()
  return [...(connected ? [] : ['NATS is not connected']), ...(problem ? [problem] : [])]
}

/** Drops ticks and quotes that are older than they are kept; candles stay. */
function keepRetention(days: number, { clock, log }: ServiceContext, database: Database, recorder: Recorder) {
  const archive = new Archive(database.sql)
  let timer: { cancel(): void } | undefined
  const run = async (): Promise<void> => {
    try {
      for (const table of ['ticks', 'quotes'] as const) await archive.retain(table, clock.nowUs() - days * DAY_US)
      recorder.forgetRoom()
    } catch (error) {
      log.warn({ err: error }, 'old market data was not dropped; it is tried again in an hour')
    }
  }
  const turn = (): void => {
    timer = clock.setTimer(RETENTION_EVERY_MS, () => void run().finally(turn))
  }
  turn()
  return () => timer?.cancel()
}

async function stopAll(stops: Stops): Promise<void> {
  for (let stop = stops.pop(); stop; stop = stops.pop()) await stop()
}
