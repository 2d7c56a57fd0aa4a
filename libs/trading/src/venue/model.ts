import type { Fill, Instrument, Reason, Side } from '@contrail/contracts'
import type { AmendRequest, PlaceRequest } from '../risk/gate.ts'

export type VenueSettings = {
  /** Between a request and its effect, in event time. */
  readonly latencyUs: number
  /** `quoted`: no more than what is shown fills. `unlimited`: any quantity fills at the best price. */
  readonly liquidity: 'quoted' | 'unlimited'
}

/** Serialisable: the paper venue keeps it in a row and goes on from there. Prices in ticks, quantities in lots. */
export type VenueOrder = {
  readonly clOrdId: string
  readonly venueOrderId: string
  readonly subAccount: string
  readonly venue: string
  readonly instrument: string
  readonly side: Side
  readonly orderType: PlaceRequest['orderType']
  readonly timeInForce: PlaceRequest['timeInForce']
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  quantity: number
  filled: number
  /** 0 = none. */
  price: number
  stopPrice: number
  /** 0 = never. */
  expireAtUs: number
  /** `inbound`: on its way; `waiting`: a stop; `working`: takes what comes; `resting`: in the book; `done`. */
  state: 'inbound' | 'waiting' | 'working' | 'resting' | 'done'
  activeAtUs: number
  /** Lots before ours at our price. */
  queueAhead: number
  fills: number
  end?: 'filled' | 'cancelled' | 'expired' | 'rejected'
  endReason?: Reason
  /** Under way because of the latency. */
  cancel?: { readonly dueUs: number; readonly clOrdId: string }
  amend?: { readonly dueUs: number; readonly clOrdId: string; readonly terms: AmendRequest['terms'] }
  /** The last replace that took effect. */
  amended?: string
}

export type VenueReport = { readonly origin: string; readonly atUs: number } & (
  | { readonly type: 'filled'; readonly fill: Fill; readonly subAccount: string; readonly side: Side }
  | { readonly type: 'cancelled' }
  | { readonly type: 'expired' | 'rejected'; readonly reason: Reason }
  | { readonly type: 'cancel_refused' | 'replace_refused'; readonly request: string; readonly reason: Reason }
  | { readonly type: 'replaced'; readonly request: string; readonly terms: AmendRequest['terms'] }
)

export type Level = { price: number; size: number }

/** One instrument of the simulated venue. Changed in place by its own functions; nothing else touches it. */
export type Market = {
  readonly instrument: Instrument
  readonly settings: VenueSettings
  readonly tickSize: number
  readonly lotSize: number
  nowUs: number
  /** Best first; sizes shrink as they are taken and are told anew by the next quote or book. */
  bids: Level[]
  asks: Level[]
  /** A quote or book was seen: trades alone then no longer say what can be taken. */
  quoted: boolean
  /** Ticks; 0 = none yet. */
  last: number
  orders: VenueOrder[]
  /** Lots per sub-account, for reduce-only. */
  readonly positions: Map<string, number>
  readonly reports: VenueReport[]
  /** Orders changed since they were last taken, for the keeper of their rows. */
  readonly touched: Set<VenueOrder>
  /** Earliest time at which something is due; Infinity = nothing. */
  dueUs: number
}

export function newMarket(instrument: Instrument, settings: VenueSettings): Market {
  return {
    instrument,
    settings,
    tickSize: Number(instrument.tickSize),
    lotSize: Number(instrument.lotSize),
    nowUs: 0,
    bids: [],
    asks: [],
    quoted: false,
    last: 0,
    orders: [],
    positions: new Map(),
    reports: [],
    touched: new Set(),
    dueUs: Number.POSITIVE_INFINITY,
  }
}

export const ticksOf = (market: Market, price: number): number => Math.round(price / market.tickSize)
/** Down: what is not a whole lot cannot be traded. The addend takes back the error of the division. */
export const lotsOf = (market: Market, quantity: number): number => Math.floor(quantity / market.lotSize + 1e-6)

export const reasonOf = (code: string, text: string): Reason => ({ code, text: `${code}: ${text}` })
