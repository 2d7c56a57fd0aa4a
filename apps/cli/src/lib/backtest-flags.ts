import path from 'node:path'
import { refuse, TIMEFRAMES, usOfMs } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import type { MarketFileOptions, TimeUnit } from '@contrail/data'
import type { Convention, DataRequest, RunRequest } from '@contrail/research'
import type { Assumptions } from '@contrail/trading'
import { home } from './home.ts'
import { parameters } from './parameters.ts'
import { repeated } from './repeated.ts'

const text = (description: string) => ({ type: 'string', description }) as const

/** What every command that runs backtests is told. */
export const backtestArgs = {
  data: text('Candle or trade file, may be repeated; without it the data store'),
  venue: text('Venue of the data'),
  instrument: text('Instrument of the data, BASE-QUOTE'),
  timeframe: text(`Length of a bar: ${TIMEFRAMES.join(', ')}`),
  from: text('First day or instant, e.g. 2024-01-01'),
  to: text('Day or instant after the last'),
  set: text('A parameter, may be repeated: --set fast=5 --set slow=20'),
  cash: { type: 'string', description: 'Starting balance in quote', default: '10000' },
  fee: text("Basis points, or maker/taker: 10, 2/5; without it the instrument's"),
  'fee-per-order': text('Fixed fee of each order that fills, in quote'),
  slippage: text('Basis points, or volume:IMPACT'),
  spread: text('Basis points; half of it is paid by each taker fill'),
  latency: text('From decision to venue: 5ms, 200us, lognormal:20ms:0.5'),
  fill: text('Fill model: bar, trade, book (default bar)'),
  sizing: text('strategy, all-in, fraction:0.5, notional:1000, quantity:1'),
  leverage: text('Notional of a position to equity, at most; default 1'),
  maintenance: text('Share of the notional at which a position is liquidated; default 0: never'),
  'at-end': text('Open positions at the end: mark, close_at_open, close_at_close'),
  funding: { type: 'boolean', description: 'Pay funding where the data has it', default: true },
  'risk-gate': { type: 'boolean', description: 'The controls of the risk gate, as live', default: true },
  convention: text('Whose metrics: contrail, nautilus, freqtrade, jesse, lean, backtesting.py, empyrical, r'),
  'risk-free': text('A year, 0.02 = 2 %'),
  periods: text('Days a year: 365 or 252; default by the data'),
  seed: text('Of everything random; default 1'),
  format: text('Format of the file, where it cannot be guessed'),
  'time-unit': text('Unit of its times: s, ms, us, ns'),
  tick: text('Smallest price step of the instrument'),
  lot: text('Smallest quantity step of the instrument'),
} as const

export type BacktestFlags = { [name: string]: unknown }
type Words = (name: string) => string | undefined

/** One request out of the flags; each that does not fit is refused by its name. */
export async function runRequestFromFlags(strategy: string, flags: BacktestFlags): Promise<RunRequest> {
  const word: Words = (name) => {
    const given = flags[name]
    return typeof given === 'string' && given !== '' ? given : undefined
  }
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
const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

async function dataOf(word: Words): Promise<DataRequest> {
  const [venue, instrument] = [word('venue'), word('instrument')]
  const timeframe = timeframeOf(word('timeframe'))
  const files = repeated('data')
  if (files.length > 0) {
    const options: MarketFileOptions = {
      format: word('format'),
      instrument,
      venue,
      timeframe,
      timeUnit: word('time-unit') as TimeUnit | undefined,
      tickSize: word('tick'),
      lotSize: word('lot'),
    }
    return { kind: 'files', files, options }
  }
  const { openStore } = await import('@contrail/data')
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

function assumptionsOf(word: Words, flags: BacktestFlags): Partial<Assumptions> {
  return {
    ...present('fees', feesOf(word('fee'), word('fee-per-order'))),
    ...present('slippage', slippageOf(word('slippage'))),
    ...present('spreadBps', optional('--spread', word('spread'), 0)),
    ...present('latency', latencyOf(word('latency'))),
    ...present('fillModel', oneOf('--fill', word('fill'), ['bar', 'trade', 'book'] as const)),
    ...present('sizing', sizingOf(word('sizing'))),
    ...present('leverage', optional('--leverage', word('leverage'), 0)),
    ...present('maintenanceMargin', optional('--maintenance', word('maintenance'), 0)),
    ...present('atEnd', oneOf('--at-end', word('at-end'), ['mark', 'close_at_open', 'close_at_close'] as const)),
    ...present('seed', optional('--seed', word('seed'), 0)),
    funding: flags['funding'] !== false,
    riskGate: (flags['riskGate'] ?? flags['risk-gate']) !== false,
  }
}

function numberOf(flag: string, given: string, low: number): number {
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
  const { CONVENTIONS } = await import('@contrail/research')
  return oneOf('--convention', given, CONVENTIONS) as Convention
}

function periodsOf(given: string | undefined): 252 | 365 | undefined {
  const found = oneOf('--periods', given, ['252', '365'] as const)
  return found === undefined ? undefined : (Number(found) as 252 | 365)
}

/** `10`: both; `2/5`: maker and taker. */
function feesOf(given: string | undefined, perOrder: string | undefined): Assumptions['fees'] | undefined {
  if (given === undefined && perOrder === undefined) return undefined
  const [maker, taker, more] = (given ?? '0').split('/')
  if (more !== undefined) throw refuse('usage', '--fee', given, 'basis points, or maker/taker: 2/5')
  const makerBps = numberOf('--fee', maker as string, -100)
  return {
    kind: 'bps',
    makerBps,
    takerBps: taker === undefined ? makerBps : numberOf('--fee', taker, -100),
    perOrder: optional('--fee-per-order', perOrder, 0) ?? 0,
  }
}

function slippageOf(given: string | undefined): Assumptions['slippage'] | undefined {
  if (given === undefined) return undefined
  if (given === 'none') return { kind: 'none' }
  const [kind, impact] = given.split(':')
  if (kind === 'volume') return { kind: 'volume', impact: numberOf('--slippage', impact ?? '', 0) }
  return { kind: 'bps', bps: numberOf('--slippage', given, 0) }
}

function latencyOf(given: string | undefined): Assumptions['latency'] | undefined {
  if (given === undefined) return undefined
  const [kind, median, sigma] = given.split(':') as [string, string?, string?]
  if (kind !== 'lognormal') return { kind: 'fixed', us: spanOf('--latency', given) }
  return {
    kind: 'lognormal',
    medianUs: spanOf('--latency', median ?? ''),
    sigma: numberOf('--latency', sigma ?? '', 0),
  }
}
const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 }
function spanOf(flag: string, given: string): number {
  const [, amount, unit] = /^([\d.]+)(us|ms|s)$/.exec(given) ?? (given === '0' ? ['', '0', 'us'] : [])
  if (amount === undefined || unit === undefined) throw refuse('usage', flag, given, 'write 5ms, 200us or 1s')
  return Math.round(numberOf(flag, amount, 0) * (UNITS[unit] as number))
}

function sizingOf(given: string | undefined): Assumptions['sizing'] | undefined {
  if (given === undefined) return undefined
  if (given === 'strategy') return { kind: 'strategy' }
  if (given === 'all-in') return { kind: 'fraction', fraction: 1 }
  const [kind, size] = given.split(':') as [string, string?]
  const amount = size === undefined ? undefined : numberOf('--sizing', size, 0)
  if (amount !== undefined && amount > 0) {
    if (kind === 'fraction') return { kind, fraction: amount }
    if (kind === 'notional') return { kind, quote: amount }
    if (kind === 'quantity') return { kind, base: amount }
  }
  throw refuse('usage', '--sizing', given, 'strategy, all-in, fraction:0.5, notional:1000 or quantity:1')
}

/** A day, an instant of ISO 8601 (UTC where it does not say), or whole microseconds. */
export function instantOf(flag: string, given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (/^\d{14,17}$/.test(given)) return Number(given)
  const hasTime = /[T ]\d/.test(given)
  const ms = Date.parse(hasTime && !/(Z|[+-]\d\d:?\d\d)$/i.test(given) ? `${given}Z` : given)
  if (!/^\d{4}-\d\d-\d\d/.test(given) || Number.isNaN(ms))
    throw refuse('usage', flag, given, 'write a day, 2024-01-31, or an instant, 2024-01-31T12:00')
  return usOfMs(ms)
}
