import type { Instrument, PlaceIntent, Side } from '@contrail/contracts'
import type { Limits, Scope } from './limits.ts'

export type TradingState = 'active' | 'reducing' | 'halted'
export type HaltEntry = { readonly state: TradingState; readonly reason: string }

/** What is known of one instrument's market, in doubles: it decides, it is never booked. */
export type MarketView = {
  readonly bid: number | undefined
  readonly ask: number | undefined
  readonly last: number | undefined
  /** Of the last tick or quote, whichever is later; by the clock that `nowUs` is read from. */
  readonly timeUs: number | undefined
  /** Volume of 24 h in base, where somebody counts it. */
  readonly volume: number | undefined
}

/** An order of this account that was let through lately: for C8 and C11. */
export type RecentOrder = {
  readonly atUs: number
  readonly strategy: string
  readonly venue: string
  readonly instrument: string
  readonly side: Side
  readonly quantity: string
  /** As `pricedAt` says it. */
  readonly price: string
}

/** Where an order works, for C8: a stop, or a trail at another distance, is not the market order before it. */
export function pricedAt({ price, stopPrice, trailingOffset, trailingPercent }: PlaceIntent): string {
  if (price ?? stopPrice) return (price ?? stopPrice) as string
  if (trailingPercent !== undefined) return `trail ${trailingPercent}%`
  return trailingOffset === undefined ? 'market' : `trail ${trailingOffset}`
}

/**
 * Worst case of one strategy's position in one instrument, in base. What is open or UNKNOWN counts as filled, on its
 * own side only.
 */
export type Exposure = {
  readonly position: number
  readonly openBuys: number
  readonly openSells: number
  /** Orders of this account and instrument, of whatever strategy, of which nobody knows whether the venue has them. */
  readonly unknown: number
}

/** Everything the gate looks at. It reads nothing else. */
export type RiskView = {
  readonly nowUs: number
  readonly scope: Scope
  readonly instrument: Instrument | undefined
  readonly market: MarketView
  readonly halts: Readonly<Record<string, HaltEntry>>
  readonly limits: Limits
  readonly exposure: Exposure
  /** In the order of their times, newest last; the gate looks back no further than a minute. */
  readonly recent: readonly RecentOrder[]
  readonly recentCancelsUs: readonly number[]
  /** What the venue calls the orders that this one hangs on. */
  readonly links?: { readonly parent?: string; readonly oco?: string }
}

export const NO_EXPOSURE: Exposure = { position: 0, openBuys: 0, openSells: 0, unknown: 0 }
