import { accountField, strategyField } from './fields.ts'
import { instrumentId } from './ids.ts'
import { refuse } from './refusal.ts'
import { TIMEFRAMES } from './time.ts'
import type { Timeframe } from './time.ts'

export const STREAMS = [
  'MD',
  'ORDERS',
  'TRADES',
  'CONTROL',
  'ALERTS',
  'PLATFORM',
  'RESEARCH',
  'RESULTS',
  'DLQ',
] as const
export type StreamName = (typeof STREAMS)[number]
export const BUCKETS = ['strategies', 'actors', 'positions', 'halts', 'workers', 'studies'] as const
export type BucketName = (typeof BUCKETS)[number]
export const OBJECT_STORES = ['bundles', 'datasets'] as const
export type ObjectStoreName = (typeof OBJECT_STORES)[number]

/** Typed builders: the only place where a subject is spelled. */
export const subjects = {
  tick: (venue: string, instrument: string) => `md.ticks.${venue}.${instrument}`,
  quote: (venue: string, instrument: string) => `md.quotes.${venue}.${instrument}`,
  book: (venue: string, instrument: string) => `md.book.${venue}.${instrument}`,
  candle: (venue: string, instrument: string, timeframe: Timeframe) => `md.candles.${venue}.${instrument}.${timeframe}`,
  funding: (venue: string, instrument: string) => `md.funding.${venue}.${instrument}`,
  feedStatus: (venue: string, instrument: string) => `md.status.${venue}.${instrument}`,
  clock: () => 'md.clock',
  signal: (strategy: string) => `orders.signal.${strategy}`,
  manual: (account: string) => `orders.manual.${account}`,
  confirm: (account: string, strategy: string) => `trades.confirm.${account}.${strategy}`,
  control: (strategy: string) => `strategy.control.${strategy}`,
  event: (strategy: string) => `strategy.event.${strategy}`,
  alert: (severity: string, kind: string) => `alerts.${severity}.${kind}`,
  trial: (study: string) => `research.trial.${study}`,
  trialResult: (study: string, number: number) => `results.trial.${study}.${number}`,
  deadLetter: (stream: string, consumer: string) => `dlq.${stream}.${consumer}`,
} as const

export type MarketKind = 'tick' | 'quote' | 'book' | 'candle' | 'funding' | 'feedStatus'
export type ParsedSubject =
  | { kind: 'tick' | 'quote' | 'book' | 'funding' | 'feedStatus'; venue: string; instrument: string }
  | { kind: 'candle'; venue: string; instrument: string; timeframe: Timeframe }
  | { kind: 'clock' }
  | { kind: 'signal' | 'control' | 'event'; strategy: string }
  | { kind: 'manual'; account: string }
  | { kind: 'confirm'; account: string; strategy: string }
  | { kind: 'alert'; severity: string; alert: string }
  | { kind: 'trial'; study: string }
  | { kind: 'trialResult'; study: string; number: number }
  | { kind: 'deadLetter'; stream: string; consumer: string }

const MARKET_KINDS: Readonly<Record<string, Exclude<MarketKind, 'candle'>>> = {
  ticks: 'tick',
  quotes: 'quote',
  book: 'book',
  funding: 'funding',
  status: 'feedStatus',
}

/** The kind and ids in a subject. Throws a refusal for a subject that is not ours. */
export function parseSubject(subject: string): ParsedSubject {
  const parts = subject.split('.')
  const parsed = parts[0] === 'md' ? parseMarket(parts) : parseOther(parts)
  if (!parsed) throw refuse('unknown_subject', 'subject', subject, 'see subjects.md for the subjects there are')
  return parsed
}

function parseMarket([, family, venue, instrument, timeframe, ...rest]: string[]): ParsedSubject | undefined {
  if (family === 'clock' && venue === undefined) return { kind: 'clock' }
  if (!family || !venue || !instrument || rest.length > 0) return undefined
  instrumentId(instrument)
  if (family === 'candles') return isTimeframe(timeframe) ? { kind: 'candle', venue, instrument, timeframe } : undefined
  const kind = MARKET_KINDS[family]
  return kind && timeframe === undefined ? { kind, venue, instrument } : undefined
}

function parseOther([root, verb, first, second, ...rest]: string[]): ParsedSubject | undefined {
  if (rest.length > 0 || !verb) return undefined
  if (root === 'alerts' && first) return { kind: 'alert', severity: verb, alert: first }
  if (root === 'dlq' && first) return { kind: 'deadLetter', stream: verb, consumer: first }
  if (root === 'trades' && verb === 'confirm' && first && second)
    return { kind: 'confirm', account: accountField.parse(first), strategy: strategyField.parse(second) }
  if (root === 'results' && verb === 'trial' && first && /^\d+$/.test(second ?? ''))
    return { kind: 'trialResult', study: first, number: Number(second) }
  if (!first || second !== undefined) return undefined
  if (root === 'research' && verb === 'trial') return { kind: 'trial', study: first }
  if (root === 'orders' && verb === 'signal') return { kind: 'signal', strategy: first }
  if (root === 'orders' && verb === 'manual') return { kind: 'manual', account: first }
  if (root === 'strategy' && verb === 'control') return { kind: 'control', strategy: first }
  if (root === 'strategy' && verb === 'event') return { kind: 'event', strategy: first }
  return undefined
}

function isTimeframe(text: string | undefined): text is Timeframe {
  return (TIMEFRAMES as readonly (string | undefined)[]).includes(text)
}

/** Which stream stores a subject. */
export function streamOf(subject: string): StreamName {
  const root = subject.slice(0, subject.indexOf('.'))
  const stream = STREAM_OF_ROOT[root]
  if (!stream) throw refuse('unknown_subject', 'subject', subject, 'see subjects.md for the subjects there are')
  return stream
}

const STREAM_OF_ROOT: Readonly<Record<string, StreamName>> = {
  md: 'MD',
  orders: 'ORDERS',
  trades: 'TRADES',
  strategy: 'CONTROL',
  alerts: 'ALERTS',
  users: 'PLATFORM',
  billing: 'PLATFORM',
  research: 'RESEARCH',
  results: 'RESULTS',
  dlq: 'DLQ',
  redrive: 'DLQ',
  aside: 'DLQ',
}
