import path from 'node:path'
import { check, instrumentField, refuse, timeframeField, venueField } from '@contrail/contracts'
import type { DataStore, MarketFileOptions, MarketQuery } from '@contrail/data'
import { home } from './home.ts'

type Flags = Readonly<Record<string, unknown>>

/** Where the columns lie: beside everything else of this clone, or where CONTRAIL_DATA_DIR says. */
export const dataDirectory = (): string => process.env['CONTRAIL_DATA_DIR'] ?? path.join(home(), 'data')

export async function dataStore(): Promise<DataStore> {
  const { openStore } = await import('@contrail/data')
  return openStore(dataDirectory())
}

const text = (flags: Flags, name: string): string | undefined =>
  typeof flags[name] === 'string' && flags[name] !== '' ? flags[name] : undefined

function oneOf<T extends string>(flags: Flags, name: string, choices: readonly T[]): T | undefined {
  const given = text(flags, name)
  const found = choices.find((choice) => choice === given)
  if (given !== undefined && !found) throw refuse('usage', name, given, `use one of ${choices.join(', ')}`)
  return found
}

/** `2024-05-01`, `2024-05-01T12:00`, or microseconds. */
export async function timeFlag(flags: Flags, name: string): Promise<number | undefined> {
  const given = text(flags, name)
  if (given === undefined) return undefined
  const { isoUs } = await import('@contrail/data')
  const us = /^\d{14,17}$/.test(given) ? Number(given) : isoUs(given)
  if (us === undefined) throw refuse('usage', name, given, 'write a UTC time such as 2024-05-01 or 2024-05-01T12:00')
  return us
}

/** The flags that name series of a store; all optional. */
export async function seriesFlags(flags: Flags): Promise<Partial<MarketQuery>> {
  const { KINDS } = await import('@contrail/data')
  const [venue, instrument, timeframe] = [text(flags, 'venue'), text(flags, 'instrument'), text(flags, 'timeframe')]
  const kind = oneOf(flags, 'kind', KINDS) ?? (timeframe ? 'candles' : undefined)
  return {
    ...(venue ? { venue: check(venueField, venue, 'venue') } : {}),
    ...(instrument ? { instrument: check(instrumentField, instrument, 'instrument') } : {}),
    ...(kind ? { kind } : {}),
    ...(timeframe ? { timeframe: check(timeframeField, timeframe, 'timeframe') } : {}),
  }
}

/** How a file is to be read. */
export async function fileFlags(flags: Flags): Promise<MarketFileOptions> {
  const { TIME_UNITS } = await import('@contrail/data')
  const timeframe = text(flags, 'timeframe')
  return {
    format: text(flags, 'format'),
    instrument: text(flags, 'instrument'),
    venue: text(flags, 'venue'),
    timeUnit: oneOf(flags, 'time-unit', TIME_UNITS),
    timeframe: timeframe === undefined ? undefined : check(timeframeField, timeframe, 'timeframe'),
    volumeIn: oneOf(flags, 'volume-in', ['base', 'quote'] as const),
    tickSize: text(flags, 'tick-size'),
    lotSize: text(flags, 'lot-size'),
  }
}
