import { refuse } from '../refusal.ts'
import { usOfMs } from '../time.ts'

/*
 * The assumptions of a backtest in words, the same for flags of the CLI and for REST: `2/5`, `volume:0.1`, `5ms`, `fraction:0.5`.
 */
export const ASSUMPTION_WORDS = [
  'fee',
  'feePerOrder',
  'slippage',
  'spread',
  'latency',
  'fill',
  'sizing',
  'leverage',
  'maintenance',
  'atEnd',
  'seed',
] as const
export type AssumptionWord = (typeof ASSUMPTION_WORDS)[number]

export type Words = {
  word(name: AssumptionWord): string | undefined
  /** How the asker wrote it: `--fee`, `assumptions.fee`. */
  fieldOf(name: AssumptionWord): string
  /** Of a refusal: `usage` of a command, `invalid` of a request. */
  readonly code: string
}

/** What was said; each word that does not fit is refused by its name. */
export function assumptionsOfWords(words: Words) {
  return {
    ...present('fees', feesOf(words)),
    ...present('slippage', slippageOf(words)),
    ...present('spreadBps', optional(words, 'spread', 0)),
    ...present('latency', latencyOf(words)),
    ...present('fillModel', oneOf(words, 'fill', ['bar', 'trade', 'book'] as const)),
    ...present('sizing', sizingOf(words)),
    ...present('leverage', leverageOf(words)),
    ...present('maintenanceMargin', optional(words, 'maintenance', 0, 1)),
    ...present('atEnd', oneOf(words, 'atEnd', ['mark', 'close_at_open', 'close_at_close'] as const)),
    ...present('seed', optional(words, 'seed', 0)),
  }
}

const present = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }

const refused = (words: Words, name: AssumptionWord, given: unknown, mend: string) =>
  refuse(words.code, words.fieldOf(name), given, mend)

function numberOf(words: Words, name: AssumptionWord, given: string, low: number, high = Infinity): number {
  const value = Number(given)
  if (given.trim() === '' || !Number.isFinite(value) || value < low || value > high)
    throw refused(words, name, given, `give a number from ${low} ${high === Infinity ? 'on' : `to ${high}`}`)
  return value
}
function optional(words: Words, name: AssumptionWord, low: number, high?: number): number | undefined {
  const given = words.word(name)
  return given === undefined ? undefined : numberOf(words, name, given, low, high)
}

function leverageOf(words: Words): number | undefined {
  const leverage = optional(words, 'leverage', 0)
  if (leverage === 0) throw refused(words, 'leverage', '0', 'give a number above 0; 1 = no borrowing')
  return leverage
}

/** More than the whole price is no fee. */
const FEE_BPS_MAX = 10_000
const FEE_BPS_MIN = -100

function oneOf<T extends string>(words: Words, name: AssumptionWord, all: readonly T[]): T | undefined {
  const given = words.word(name)
  const found = all.find((one) => one === given)
  if (given !== undefined && !found) throw refused(words, name, given, `one of ${all.join(', ')}`)
  return found
}

/** `10`: both; `2/5`: maker and taker. */
function feesOf(words: Words) {
  const given = words.word('fee')
  const perOrder = optional(words, 'feePerOrder', 0)
  if (given === undefined && perOrder === undefined) return undefined
  const [maker, taker, more] = (given ?? '0').split('/')
  if (more !== undefined) throw refused(words, 'fee', given, 'basis points, or maker/taker: 2/5')
  const makerBps = numberOf(words, 'fee', maker as string, FEE_BPS_MIN, FEE_BPS_MAX)
  const takerBps = taker === undefined ? makerBps : numberOf(words, 'fee', taker, FEE_BPS_MIN, FEE_BPS_MAX)
  return { kind: 'bps' as const, makerBps, takerBps, perOrder: perOrder ?? 0 }
}

function slippageOf(words: Words) {
  const given = words.word('slippage')
  if (given === undefined) return undefined
  if (given === 'none') return { kind: 'none' as const }
  const [kind, impact] = given.split(':')
  if (kind === 'volume') return { kind: 'volume' as const, impact: numberOf(words, 'slippage', impact ?? '', 0) }
  return { kind: 'bps' as const, bps: numberOf(words, 'slippage', given, 0) }
}

function latencyOf(words: Words) {
  const given = words.word('latency')
  if (given === undefined) return undefined
  const [kind, median, sigma] = given.split(':') as [string, string?, string?]
  if (kind !== 'lognormal') return { kind: 'fixed' as const, us: spanOf(words, given) }
  return {
    kind: 'lognormal' as const,
    medianUs: spanOf(words, median ?? ''),
    sigma: numberOf(words, 'latency', sigma ?? '', 0),
  }
}
const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1000, s: 1_000_000 }
function spanOf(words: Words, given: string): number {
  const [, amount, unit] = /^([\d.]+)(us|ms|s)$/.exec(given) ?? (given === '0' ? ['', '0', 'us'] : [])
  if (amount === undefined || unit === undefined) throw refused(words, 'latency', given, 'write 5ms, 200us or 1s')
  return Math.round(numberOf(words, 'latency', amount, 0) * (UNITS[unit] as number))
}

function sizingOf(words: Words) {
  const given = words.word('sizing')
  if (given === undefined) return undefined
  if (given === 'strategy') return { kind: 'strategy' as const }
  if (given === 'all-in') return { kind: 'fraction' as const, fraction: 1 }
  const [kind, size] = given.split(':') as [string, string?]
  const amount = size === undefined ? undefined : numberOf(words, 'sizing', size, 0)
  if (amount !== undefined && amount > 0) {
    if (kind === 'fraction' && amount > 1)
      throw refused(
        words,
        'sizing',
        given,
        'a fraction of what equity and leverage carry is at most 1; borrow with leverage',
      )
    if (kind === 'fraction') return { kind: 'fraction' as const, fraction: amount }
    if (kind === 'notional') return { kind: 'notional' as const, quote: amount }
    if (kind === 'quantity') return { kind: 'quantity' as const, base: amount }
  }
  throw refused(words, 'sizing', given, 'strategy, all-in, fraction:0.5, notional:1000 or quantity:1')
}

/** A day, an instant of ISO 8601 (UTC where it does not say), or whole microseconds. */
export function instantOf(field: string, given: string | undefined, code = 'usage'): number | undefined {
  if (given === undefined) return undefined
  if (/^\d{14,17}$/.test(given)) return Number(given)
  const hasTime = /[T ]\d/.test(given)
  const ms = Date.parse(hasTime && !/(Z|[+-]\d\d:?\d\d)$/i.test(given) ? `${given}Z` : given)
  if (!/^\d{4}-\d\d-\d\d/.test(given) || Number.isNaN(ms))
    throw refuse(code, field, given, 'write a day, 2024-01-31, or an instant, 2024-01-31T12:00')
  return usOfMs(ms)
}
