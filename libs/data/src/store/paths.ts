import path from 'node:path'
import { check, instrumentField, refuse, TIMEFRAMES, venueField } from '@contrail/contracts'
import type { Timeframe } from '@contrail/contracts'
import { DAY_US } from '@contrail/contracts'
import { KIND_SPECS, KINDS } from '../columns/kinds.ts'
import type { Kind, SeriesKey } from '../columns/kinds.ts'
import { EXTENSION } from './format.ts'

/** `2024-08-09` or `2024-08`, UTC. */
export function periodOf(kind: Kind, timeUs: number): string {
  const day = new Date(timeUs / 1000).toISOString().slice(0, 10)
  return KIND_SPECS[kind].period === 'day' ? day : day.slice(0, 7)
}

/** First time after the period in which `timeUs` lies. */
export function periodEndUs(kind: Kind, timeUs: number): number {
  if (KIND_SPECS[kind].period === 'day') return (Math.floor(timeUs / DAY_US) + 1) * DAY_US
  const date = new Date(timeUs / 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * 1000
}

/** `<venue>/<instrument>/candles-1m`: ids have no character that a path or a file system could mistake. */
export function folderOf(key: SeriesKey): string {
  check(venueField, key.venue, 'venue')
  check(instrumentField, key.instrument, 'instrument')
  if (key.kind === 'candles' && !key.timeframe)
    throw refuse('missing', 'timeframe', 'nothing', `name one of ${TIMEFRAMES.join(', ')}`)
  const suffix = key.kind === 'candles' ? `-${key.timeframe}` : key.kind === 'book' ? `-${key.depth}` : ''
  return path.join(key.venue, key.instrument, `${key.kind}${suffix}`)
}

/** What a folder's name says; undefined for a folder that is none of ours. */
export function kindOfFolder(name: string): { kind: Kind; timeframe?: Timeframe; depth?: number } | undefined {
  const timeframe = TIMEFRAMES.find((each) => name === `candles-${each}`)
  if (timeframe) return { kind: 'candles', timeframe }
  const depth = Number(/^book-(\d{1,4})$/.exec(name)?.[1] ?? 0)
  if (depth > 0) return { kind: 'book', depth }
  const kind = KINDS.find((each) => each === name)
  return kind && kind !== 'candles' && kind !== 'book' ? { kind } : undefined
}

export const fileOf = (period: string): string => `${period}${EXTENSION}`
