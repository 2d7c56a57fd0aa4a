import path from 'node:path'
import { isoOfUs, Refusal, refuse, TIMEFRAME_US } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import { barsOfBars, barsOfTicks } from '@contrail/data/bars'
import type { MarketFile, MarketFileOptions, MarketQuery } from '@contrail/data'
import type { Assumptions, CandleColumns, InputSpec, MarketColumns } from '@contrail/trading'
import { joinSeries, seriesName, timesOfSeries } from './columns.ts'
import type { Described } from './host.ts'
import type { DataRequest, RunRecord, RunRequest, SeriesRecord } from './types.ts'

/** What was read before the strategy was asked what it wants. */
export type Opened = {
  readonly label: string
  readonly series: readonly MarketColumns[]
  readonly instruments: readonly Instrument[]
  readonly files: RunRecord['data']['files']
  readonly notes: readonly string[]
  /** Parameters that are the data's to say. */
  readonly fill: Readonly<Record<string, string | undefined>>
}
export type RunData = Omit<Opened, 'fill'>

export async function openData(request: DataRequest): Promise<Opened> {
  if (request.kind === 'files') return await openFiles(request)
  const nothing = { files: [], notes: [] }
  if (request.kind === 'columns') {
    const { label, series, instruments } = request
    return { label, series, instruments, fill: fillOf(series), ...nothing }
  }
  const { label, venue, instrument, timeframe } = request
  const fill = Object.fromEntries(
    Object.entries({ venue, instrument, timeframe }).filter(([, value]) => value !== undefined),
  )
  return { label, series: [], instruments: await request.port.instruments(), fill, ...nothing }
}

function fillOf(series: readonly MarketColumns[]): Record<string, string> {
  const first = series.find((one) => one.kind === 'candles') ?? series[0]
  if (!first) return {}
  const { venue, instrument } = first
  return { venue, instrument, ...(first.kind === 'candles' ? { timeframe: first.timeframe } : {}) }
}

async function openFiles(request: Extract<DataRequest, { kind: 'files' }>): Promise<Opened> {
  const notes: string[] = []
  const { readMarketFile } = await import('@contrail/data')
  const read: MarketFile[] = []
  const { timeframe } = request.options ?? {}
  const readWell = (file: string, options: MarketFileOptions) => readWanted((one) => readMarketFile(file, one), options)
  for (const file of request.files) read.push(await readNamed(readWell, file, request.options ?? {}, notes))
  for (const { judgement } of read) refuseEmpty(judgement)
  const series = joinSeries(read.flatMap((one) => one.series))
  const instruments = new Map(
    read.flatMap((one) => one.instruments).map((one) => [`${one.venue}.${one.instrument}`, one]),
  )
  const names = shortNames(request.files)
  return {
    label: names.join(', '),
    series,
    instruments: [...instruments.values()],
    files: read.map(({ sha256, judgement }, i) => ({
      name: names[i] as string,
      sha256,
      judgement,
    })),
    notes,
    fill: { ...fillOf(series), ...(timeframe === undefined ? {} : { timeframe }) },
  }
}

/** The timeframe asked for is that of the strategy's bars; a file says its own, but for one of too few rows to tell. */
async function readWanted(read: (options: MarketFileOptions) => Promise<MarketFile>, options: MarketFileOptions) {
  const { timeframe, ...rest } = options
  if (timeframe === undefined) return await read(rest)
  try {
    return await read(rest)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'no_timeframe') throw error
    return await read(options)
  }
}

/** Rows that were all refused leave nothing to run on: the reason of most, and the first such line. */
function refuseEmpty({ file, rows, accepted, refused }: MarketFile['judgement']): void {
  const [most] = Object.entries(refused).sort(([, a], [, b]) => b.count - a.count)
  if (accepted > 0 || !most) return
  const [reason, { count, firstLine, firstText }] = most
  const found = `${file}: none of its ${rows} rows is taken, ${count} for ${reason}`
  throw refuse('no_usable_row', 'file', found, `line ${firstLine} is the first: ${firstText}`)
}

/** Without folders; with the last one where two files have the same name. */
function shortNames(files: readonly string[]): string[] {
  const bare = files.map((file) => path.basename(file))
  if (new Set(bare).size === bare.length) return bare
  return files.map((file) => path.join(path.basename(path.dirname(file)), path.basename(file)))
}

/** A file that does not say what it holds is named after itself. */
async function readNamed(
  readMarketFile: (file: string, options: MarketFileOptions) => Promise<MarketFile>,
  file: string,
  options: MarketFileOptions,
  notes: string[],
): Promise<MarketFile> {
  try {
    return await readMarketFile(file, options)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'no_instrument') throw error
    const { instrumentOfName } = await import('./name.ts')
    const instrument = instrumentOfName(file)
    notes.push(
      `${path.basename(file)} does not name its instrument: taken as ${instrument}; --instrument BASE-QUOTE says another`,
    )
    return await readMarketFile(file, { ...options, instrument })
  }
}

/** Everything that the strategy and the venue read, with bars made where only shorter bars or trades are there. */
export async function dataFor(
  request: RunRequest,
  opened: Opened,
  described: Described,
  assumptions: Assumptions,
): Promise<RunData> {
  const notes = [...opened.notes]
  const source = request.data
  const series =
    source.kind === 'port'
      ? await fromPort(source, request, described, assumptions)
      : withoutUnread(seriesFor(opened.series, described.inputs, notes, flagsFor), described.inputs, assumptions)
  const names = new Set(series.map((one) => `${one.venue}.${one.instrument}`))
  const instruments = opened.instruments.filter((one) => names.has(`${one.venue}.${one.instrument}`))
  const missing = [...names].find((name) => !instruments.some((one) => `${one.venue}.${one.instrument}` === name))
  if (missing !== undefined)
    throw refuse('unknown_instrument', 'instrument', missing, 'the data does not say its steps: contrail data list')
  needs(assumptions, series)
  holds(request, series)
  return { label: opened.label, series, instruments, files: opened.files, notes }
}

/** With fills at bars, trades and quotes that nobody reads would only be passed over. */
function withoutUnread(
  series: readonly MarketColumns[],
  inputs: readonly InputSpec[],
  { fillModel }: Assumptions,
): MarketColumns[] {
  const isOf = (one: MarketColumns, other: { venue: string; instrument: string }): boolean =>
    one.venue === other.venue && one.instrument === other.instrument
  return series.filter(
    (one) =>
      fillModel !== 'bar' ||
      one.kind === 'candles' ||
      one.kind === 'funding' ||
      inputs.some((input) => input.kind === one.kind && isOf(one, input)) ||
      !series.some((other) => other.kind === 'candles' && isOf(one, other)),
  )
}

function needs({ fillModel }: Assumptions, series: readonly MarketColumns[]): void {
  const kind = { bar: 'candles', trade: 'ticks', book: 'book' }[fillModel]
  if (series.some((one) => one.kind === kind)) return
  const mend = `use --fill ${series.some((one) => one.kind === 'candles') ? 'bar' : 'trade'}, or data with ${kind}`
  throw refuse('no_data', 'fill model', `${fillModel} needs ${kind}`, mend)
}

/** A run over a period of which there is nothing would say that nothing was lost. */
function holds({ fromUs, toUs }: RunRequest, series: readonly MarketColumns[]): void {
  const prices = series.filter(({ kind, rows }) => kind !== 'funding' && rows > 0)
  if (prices.length === 0 || (fromUs === undefined && toUs === undefined)) return
  const lengthOf = (one: MarketColumns): number => (one.kind === 'candles' ? TIMEFRAME_US[one.timeframe] : 0)
  const firstUs = Math.min(...prices.map((one) => timesOfSeries(one)[0] as number))
  const lastUs = Math.max(...prices.map((one) => (timesOfSeries(one).at(-1) as number) + lengthOf(one)))
  if ((fromUs ?? -Infinity) <= lastUs && (toUs ?? Infinity) > firstUs) return
  const asked = [fromUs, toUs]
    .map((us) => (us === undefined ? '' : isoOfUs(us)))
    .join(' to ')
    .trim()
  throw refuse('no_data', 'period', asked, `the data is of ${isoOfUs(firstUs)} to ${isoOfUs(lastUs)}`)
}

/** Bars are made where the strategy reads longer ones, or where there are only trades; `notes` says which. */
export function seriesFor(
  series: readonly MarketColumns[],
  inputs: readonly InputSpec[],
  notes: string[],
  more: (input: InputSpec, has: readonly MarketColumns[]) => string = () => '',
): MarketColumns[] {
  const found: MarketColumns[] = [...series]
  for (const input of inputs) {
    const same = found.filter((one) => one.venue === input.venue && one.instrument === input.instrument)
    if (same.length === 0) {
      const has = [...new Set(series.map((one) => `${one.venue} ${one.instrument}`))].join(', ')
      throw refuse(
        'unknown_instrument',
        'input',
        `${input.venue} ${input.instrument}`,
        `the data has ${has}${more(input, series)}`,
      )
    }
    if (same.some((one) => one.kind === input.kind && isSame(one, input))) continue
    const made = input.kind === 'candles' ? barsFor(same, input, notes) : undefined
    if (!made) {
      const wants = `${input.kind}${input.kind === 'candles' ? ` of ${input.timeframe}` : ''}`
      const has = same.map(seriesName).join(', ')
      throw refuse('no_data', 'input', `the strategy reads ${wants}`, `the data has ${has}`)
    }
    found.push(made)
  }
  return used(found, inputs)
}
/** A file does not always say whose prices it holds, and its own name is a guess. */
function flagsFor(input: InputSpec, has: readonly MarketColumns[]): string {
  const flags = (['venue', 'instrument'] as const).filter((name) => has.every((one) => one[name] !== input[name]))
  return `; if that is it, add ${flags.map((name) => `--${name} ${input[name]}`).join(' ')}`
}
const isSame = (one: MarketColumns, input: InputSpec): boolean =>
  one.kind !== 'candles' || (input.kind === 'candles' && one.timeframe === input.timeframe)

/** Bars that nobody reads are left out when they were only there to make others of. */
const used = (found: readonly MarketColumns[], inputs: readonly InputSpec[]): MarketColumns[] =>
  found.filter(
    (one) =>
      one.kind !== 'candles' ||
      inputs.some((input) => input.venue === one.venue && input.instrument === one.instrument && isSame(one, input)) ||
      !inputs.some((input) => input.kind === 'candles' && input.instrument === one.instrument),
  )

function barsFor(
  same: readonly MarketColumns[],
  input: Extract<InputSpec, { kind: 'candles' }>,
  notes: string[],
): CandleColumns | undefined {
  const wantedUs = TIMEFRAME_US[input.timeframe]
  const shorter = same.find((one) => one.kind === 'candles' && wantedUs % TIMEFRAME_US[one.timeframe] === 0)
  if (shorter?.kind === 'candles') {
    notes.push(`${input.timeframe} bars of ${input.instrument} are made of its ${shorter.timeframe} bars`)
    return barsOfBars(shorter, input.timeframe)
  }
  const trades = same.find((one) => one.kind === 'ticks')
  if (trades?.kind !== 'ticks') return undefined
  notes.push(`${input.timeframe} bars of ${input.instrument} are made of its trades`)
  return barsOfTicks(trades, input.timeframe)
}

/** Trades before a run that only warm it up. */
const WARM_UP_US = 3_600_000_000

async function fromPort(
  source: Extract<DataRequest, { kind: 'port' }>,
  request: RunRequest,
  { inputs, lookback }: Described,
  { fillModel, funding }: Assumptions,
): Promise<MarketColumns[]> {
  const { port } = source
  const list = await port.list()
  const before = (us: number): number | undefined => (request.fromUs === undefined ? undefined : request.fromUs - us)
  const queries = new Map<string, MarketQuery>()
  const ask = (query: MarketQuery): void => void queries.set(JSON.stringify({ ...query, fromUs: 0 }), query)
  for (const input of inputs) {
    const { venue, instrument, kind } = input
    const warmUs = kind === 'candles' ? lookback * TIMEFRAME_US[input.timeframe] : WARM_UP_US
    const base = { venue, instrument, fromUs: before(warmUs), toUs: request.toUs }
    ask({ ...base, kind, ...(kind === 'candles' ? { timeframe: input.timeframe } : {}) })
    if (fillModel === 'trade') ask({ ...base, kind: 'ticks' })
    if (fillModel === 'book') ask({ ...base, kind: 'book' })
    const hasFunding = list.some(
      (one) => one.kind === 'funding' && one.venue === venue && one.instrument === instrument,
    )
    if (funding && hasFunding) ask({ ...base, kind: 'funding', fromUs: request.fromUs })
  }
  return await Promise.all([...queries.values()].map((query) => port.read(query)))
}

export const seriesRecord = (one: MarketColumns): SeriesRecord => ({
  venue: one.venue,
  instrument: one.instrument,
  kind: one.kind,
  ...(one.kind === 'candles' ? { timeframe: one.timeframe } : {}),
  rows: one.rows,
  firstUs: timesOfSeries(one)[0] ?? 0,
  lastUs: timesOfSeries(one).at(-1) ?? 0,
})
