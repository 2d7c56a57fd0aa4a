import { refuse } from '@contrail/contracts'
import type { StreamEventName, StreamEvents } from '@contrail/contracts'

export const TOPICS = [
  'ticks',
  'candles',
  'orders',
  'decisions',
  'strategies',
  'positions',
  'halts',
  'alerts',
  'feeds',
  'equity',
  'status',
] as const
export type Topic = (typeof TOPICS)[number]

/** Which topic an event belongs to. `hello` and `reset` go to everybody. */
export const EVENTS: Record<StreamEventName, Topic | undefined> = {
  hello: undefined,
  reset: undefined,
  tick: 'ticks',
  candle: 'candles',
  report: 'orders',
  manual: 'orders',
  decision: 'decisions',
  strategy: 'strategies',
  control: 'strategies',
  position: 'positions',
  halt: 'halts',
  alert: 'alerts',
  feed: 'feeds',
  equity: 'equity',
  status: 'status',
}

/** Streams whose sequences a client carries, by their letter in the event id. */
export const RESUMED = { o: 'ORDERS', t: 'TRADES', c: 'CONTROL', a: 'ALERTS' } as const
export type Letter = keyof typeof RESUMED
export const LETTERS = Object.keys(RESUMED) as Letter[]

export type StreamEvent = {
  readonly name: StreamEventName
  /** Already JSON: made once for all clients. */
  readonly json: string
  /** A newer event with the same key replaces an older one that waits. */
  readonly key?: string
  readonly instrument?: string
  /** Where it stands in a durable stream: it is never left out and never sent twice. */
  readonly at?: { letter: Letter; sequence: number }
}
export const eventOf = <N extends StreamEventName>(
  name: N,
  data: StreamEvents[N],
  more: Omit<StreamEvent, 'name' | 'json'> = {},
): StreamEvent => ({ name, json: JSON.stringify(data), ...more })

export function parseTopics(text: string | undefined): ReadonlySet<Topic> {
  if (text === undefined || text === '') return new Set(TOPICS)
  const topics = text.split(',')
  for (const topic of topics)
    if (!(TOPICS as readonly string[]).includes(topic))
      throw refuse('unknown_topic', 'topics', topic, `use some of ${TOPICS.join(', ')}`)
  return new Set(topics as Topic[])
}

/** Instruments one stream may ask for. */
const INSTRUMENTS_MAX = 100
export function parseInstruments(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined || text === '') return undefined
  const list = text.split(',')
  if (list.length > INSTRUMENTS_MAX)
    throw refuse('too_many', 'instruments', list.length, `ask for at most ${INSTRUMENTS_MAX}`)
  for (const item of list)
    if (!/^[\w-]{1,32}\.[\w-]{1,32}$/.test(item))
      throw refuse('invalid', 'instruments', item, 'write venue.instrument, e.g. sim.BTC-USDT')
  return new Set(list)
}

/** `o=12;t=34;c=5;a=6;i=9f2c01aa`: a sequence per stream, and a mark of the streams' incarnations. */
export type Cursors = Record<Letter, number>
export const formatId = (cursors: Cursors, incarnation: string): string =>
  `${LETTERS.map((letter) => `${letter}=${cursors[letter]}`).join(';')};i=${incarnation}`

export function parseId(text: string | undefined): { cursors: Partial<Cursors>; incarnation?: string } | undefined {
  if (text === undefined || text === '') return undefined
  const cursors: Partial<Cursors> = {}
  let incarnation: string | undefined
  for (const part of text.split(';')) {
    const match = /^([otca])=(\d{1,15})$/.exec(part)
    if (match) cursors[match[1] as Letter] = Number(match[2])
    else if (/^i=[0-9a-f]{1,16}$/.test(part)) incarnation = part.slice(2)
    else throw refuse('invalid', 'Last-Event-ID', text, 'send an id as this stream gave it, such as o=12;t=34;c=5;a=6')
  }
  return incarnation === undefined ? { cursors } : { cursors, incarnation }
}
