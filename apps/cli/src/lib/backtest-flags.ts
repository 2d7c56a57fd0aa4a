import path from 'node:path'
import { assumptionsOfWords, instantOf, refuse, TIMEFRAMES } from '@contrail/contracts'
import type { Timeframe, Words } from '@contrail/contracts'
import type { MarketFileOptions, TimeUnit } from '@contrail/data'
import type { Convention, DataRequest, RunRequest } from '@contrail/research'
import type { Assumptions } from '@contrail/trading'
import { home } from './home.ts'
import { parameters } from './parameters.ts'
import { repeated } from './repeated.ts'

const text = (description: string) => ({ type: 'string', description }) as const

export { instantOf }

/** Which rows: of files, or of the store. */
export const dataArgs = {
  data: text('Candle or trade file, may be repeated; without it the data store'),
  venue: text('Venue of the data'),
  instrument: text('Instrument of the data, BASE-QUOTE'),
  timeframe: text(`Length of a bar: ${TIMEFRAMES.join(', ')}`),
  from: text('First day or instant, e.g. 2024-01-01'),
  to: text('Day or instant after the last'),
  format: text('Format of the file, where it cannot be guessed'),
  'time-unit': text('Unit of its times: s, ms, us, ns'),
  tick: { ...text('Smallest price step of the instrument'), alias: 'tick-size' },
  lot: { ...text('Smallest quantity step of the instrument'), alias: 'lot-size' },
} as const

/** What every command that runs backtests is told. */
export const backtestArgs = {
  ...dataArgs,
  set: text('A parameter, may be repeated: --set fast=5 --set slow=20'),
  cash: { type: 'string', description: 'Starting balance in quote', default: '10000' },
  fee: text("Basis points, or maker/taker: 10, 2/5; without it the instrument's"),
  'fee-per-order': text('Fixed fee of each order that fills, in quote'),
  slippage: text('Basis points, or volume:IMPACT'),
  spread: text('Basis points; half of it is paid by each taker fill'),
  latency: text('From decision to venue: 5ms, 200us, lognormal:20ms:0.5'),
  fill: text('Fill model: bar, trade, book (default bar)'),
  sizing: text('strategy, all-in, fraction:0.5, notional:1000, quantity:1'),
  leverage: text('Notional of a position and its fee to equity, at most; default 1: no borrowing'),
  maintenance: text('Share of the notional at which a position is liquidated; default 0: when equity is 0'),
  'at-end': text('Open positions at the end: mark, close_at_open, close_at_close'),
  funding: { type: 'boolean', description: 'Pay funding where the data has it', default: true },
  'risk-gate': { type: 'boolean', description: 'The controls of the risk gate, as live', default: true },
  'account-limits': {
    type: 'boolean',
    description: 'Also its limits on size and price, as the paper account has them',
  },
  convention: text('Whose metrics: contrail, nautilus, freqtrade, jesse, lean, backtesting.py, empyrical, r'),
  'risk-free': text('A year, 0.02 = 2 %'),
  periods: text('Days a year: 365 or 252; default by the data'),
  seed: text('Of everything random; default 1'),
} as const

export const jobArgs = {
  job: {
    type: 'boolean',
    description: 'On the platform, as a job over its data and its strategies: POST /v1/backtests, /v1/optimizations',
  },
} as const

export type BacktestFlags = { [name: string]: unknown }
type WordOf = (name: string) => string | undefined

/** One request out of the flags; each that does not fit is refused by its name. */
export async function runRequestFromFlags(strategy: string, flags: BacktestFlags): Promise<RunRequest> {
  const word = wordOf(flags)
  const convention = word('convention')
  return {
    strategy,
    parameters: parameters(repeated('set').join(',')),
    data: await dataOf(word),
    cash: numberOf('--cash', word('cash') ?? '10000', 0),
    assumptions: assumptionsOf(word, flags),
    ...present('fromUs', instantOf('--from', word('from'))),
    ...present('toUs', instantOf('--to', word('to'))),
    ...present('convention', convention === undefined ? undefined : await conventionOf(convention)),
    ...present('riskFree', optional('--risk-free', word('risk-free'), -1)),
    ...present('periods', periodsOf(word('periods'))),
  }
}
const wordOf =
  (flags: BacktestFlags): WordOf =>
  (name) => {
    const given = flags[name]
    return typeof given === 'string' && given !== '' ? given : undefined
  }
const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

/** Where the rows come from: `undefined` when nothing says so. */
export async function ownDataOf(flags: BacktestFlags) {
  const word = wordOf(flags)
  const names = ['venue', 'instrument', 'timeframe', 'from', 'to']
  if (repeated('data').length === 0 && names.every((name) => word(name) === undefined)) return undefined
  const period = {
    ...present('fromUs', instantOf('--from', word('from'))),
    ...present('toUs', instantOf('--to', word('to'))),
  }
  return { request: await dataOf(word), ...period }
}

async function dataOf(word: WordOf): Promise<DataRequest> {
  const [venue, instrument] = [word('venue'), word('instrument')]
  const timeframe = timeframeOf(word('timeframe'))
  const files = repeated('data')
  if (files.length > 0) {
    const options: MarketFileOptions = {
      format: word('format'),
      instrument,
      venue,
      timeframe,
      timeUnit: oneOf('--time-unit', word('time-unit'), UNITS),
      tickSize: word('tick'),
      lotSize: word('lot'),
    }
    return { kind: 'files', files, options }
  }
  const { openStore } = await import('@contrail/data/store')
  const directory = process.env['CONTRAIL_DATA_DIR'] ?? path.join(home(), 'data')
  return {
    kind: 'port',
    port: openStore(directory),
    label: 'data store',
    ...present('venue', venue),
    ...present('instrument', instrument),
    ...present('timeframe', timeframe),
  }
}

const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']
const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function assumptionsOf(word: WordOf, flags: BacktestFlags): Partial<Assumptions> {
  const words: Words = { word: (name) => word(kebab(name)), fieldOf: (name) => `--${kebab(name)}`, code: 'usage' }
  return {
    ...assumptionsOfWords(words),
    funding: flags['funding'] !== false,
    riskGate: (flags['riskGate'] ?? flags['risk-gate']) !== false,
    accountLimits: (flags['accountLimits'] ?? flags['account-limits']) === true,
  }
}

export function numberOf(flag: string, given: string, low: number): number {
  const value = Number(given)
  if (given.trim() === '' || !Number.isFinite(value) || value < low)
    throw refuse('usage', flag, given, `give a number from ${low} on`)
  return value
}
const optional = (flag: string, given: string | undefined, low: number): number | undefined =>
  given === undefined ? undefined : numberOf(flag, given, low)

function oneOf<T extends string>(flag: string, given: string | undefined, all: readonly T[]): T | undefined {
  const found = all.find((one) => one === given)
  if (given !== undefined && !found) throw refuse('usage', flag, given, `one of ${all.join(', ')}`)
  return found
}
const timeframeOf = (given: string | undefined): Timeframe | undefined => oneOf('--timeframe', given, TIMEFRAMES)

async function conventionOf(given: string): Promise<Convention> {
  const { CONVENTIONS } = await import('@contrail/research/run')
  return oneOf('--convention', given, CONVENTIONS) as Convention
}

function periodsOf(given: string | undefined): 252 | 365 | undefined {
  const found = oneOf('--periods', given, ['252', '365'] as const)
  return found === undefined ? undefined : (Number(found) as 252 | 365)
}
