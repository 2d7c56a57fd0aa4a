import { DAY_US } from '@contrail/contracts'

const MINUTE_US = 60_000_000
/** A day with a change of clocks is an hour shorter or longer; two where a half is shifted as well. */
const SHORT_DAY_US = DAY_US - 120 * MINUTE_US

/**
 * Bars of crypto markets lie on the grid of their timeframe in UTC. Those of others begin when a session does (half past
 * nine) or at midnight where the exchange is: any whole minute will do.
 */
export const isBarTime = (openUs: number, frameUs: number): boolean => openUs % Math.min(frameUs, MINUTE_US) === 0

/** How far apart two bars begin at least. */
export const leastApartUs = (frameUs: number): number => (frameUs === DAY_US ? SHORT_DAY_US : frameUs)

/** Why a bar cannot follow the one that began at `lastUs`; undefined = it can. */
export function orderFault(openUs: number, lastUs: number, frameUs: number): string | undefined {
  const apartUs = openUs - lastUs
  if (apartUs >= leastApartUs(frameUs)) return undefined
  if (apartUs === 0) return 'duplicate_candle'
  return apartUs < 0 ? 'candle_out_of_order' : 'overlapping_candle'
}

/** Bars that are missing between two; 0 = none. */
export const missingBars = (openUs: number, lastUs: number, frameUs: number): number =>
  Number.isFinite(lastUs) ? Math.max(0, Math.round((openUs - lastUs) / frameUs) - 1) : 0
