import type { Fill, Instrument, Reason, Side } from '@contrail/contracts'
import type { AmendRequest, PlaceRequest } from '../risk/gate.ts'

/*
 * The kernel of the simulated venue: whole ticks and lots in doubles, no strings but ids. Paper trading stands on it with
 * decimal strings and rows (simulated.ts), a backtest with columns; each through a sink of its own.
 */
export type VenueSettings = {
  /** Between a request and its effect, in event time. */
  readonly latencyUs: number
  /** `quoted`: no more than what is shown fills. `unlimited`: any quantity fills at the best price. */
  readonly liquidity: 'quoted' | 'unlimited'
  /**
   * `next`: where trades alone are known, an order meets the next print and never the one that caused it, and at the touch
   * it fills only when the price trades through, because the queue is not known. Default: the last print can be taken.
   */
  readonly prints?: 'next'
}

/** New terms of an order on their way. `terms` are the same as they were asked for on the wire. */
export type PendingAmend = {
  readonly dueUs: number
  readonly clOrdId: string
  readonly quantity: number
  /** 0 = stays. */
  readonly price: number
  readonly stopPrice: number
  readonly terms?: AmendRequest['terms'] | undefined
}
export type OrderEnd = 'filled' | 'cancelled' | 'expired' | 'rejected'

/** Serialisable: the paper venue keeps it in a row and goes on from there. Prices in ticks, quantities in lots. */
export type VenueOrder = {
  readonly clOrdId: string
  readonly venueOrderId: string
  readonly subAccount: string
  readonly venue: string
  readonly instrument: string
  readonly side: Side
  readonly orderType: PlaceRequest['orderType'] | 'market'
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
  /**
   * `inbound`: on its way; `dormant`: until its parent fills; `waiting`: for its trigger; `working`: takes what comes;
   * `resting`: in the book; `done`.
   */
  state: 'inbound' | 'dormant' | 'waiting' | 'working' | 'resting' | 'done'
  activeAtUs: number
  /** Lots before ours at our price. */
  queueAhead: number
  fills: number
  end: OrderEnd | undefined
  endReason: Reason | undefined
  /** Under way because of the latency. */
  cancel: { readonly dueUs: number; readonly clOrdId: string } | undefined
  amend: PendingAmend | undefined
  /** The last replace that took effect. */
  amended: string | undefined
  /** Distance of a trailing stop in ticks, or as a part of the best price; 0 = none. */
  readonly trailTicks: number
  readonly trailPart: number
  /** The order whose fills it waits for; empty = none, or it has ended. */
  parent: string
  /** First order of its OCO group; empty = none, or itself. */
  readonly oco: string
  /** Others hang on it: how it ended is remembered for those that are still to come. */
  linked: boolean
  /** Covers whatever its parent fills, should that be more than was asked for. */
  whole: boolean
  /** Lots that its parent has filled; -1 = it needs no parent. */
  released: number
  /** Lots that the others of its group have filled. */
  taken: number
}
/** What is left of an order that has ended, for those that hang on it. */
export type Ended = { readonly filled: number; readonly oco: string }

export type VenueReport = { readonly origin: string; readonly atUs: number } & (
  | { readonly type: 'filled'; readonly fill: Fill; readonly subAccount: string; readonly side: Side }
  /** With a reason where nobody asked for it: an order that it hung on has filled or ended. */
  | { readonly type: 'cancelled'; readonly reason?: Reason }
  | { readonly type: 'expired' | 'rejected'; readonly reason: Reason }
  | { readonly type: 'cancel_refused' | 'replace_refused'; readonly request: string; readonly reason: Reason }
  | { readonly type: 'replaced'; readonly request: string; readonly terms: AmendRequest['terms'] }
)

/**
 * Where the kernel tells what happened, as it happens. A sink changes no order and no market; what it asks for in answer
 * comes to the venue after the step.
 */
export interface VenueSink {
  /** `order.filled` and the sub-account's position already contain it. */
  filled(market: Market, order: VenueOrder, price: number, lots: number, liquidity: Fill['liquidity']): void
  ended(market: Market, order: VenueOrder, end: OrderEnd, reason: Reason | undefined): void
  cancelRefused(market: Market, order: VenueOrder, request: string, reason: Reason): void
  replaceRefused(market: Market, order: VenueOrder, request: string, reason: Reason): void
  replaced(market: Market, order: VenueOrder, amend: PendingAmend): void
  /** Something of the order has changed that its keeper may want to write down. */
  touched?(order: VenueOrder): void
  /** The order is at the venue: its way is behind it. */
  arrived?(market: Market, order: VenueOrder): void
  /** What a taker really pays: spread and slippage. Absent = the price that is shown. */
  takerPrice?(market: Market, order: VenueOrder, price: number, lots: number): number
  /**
   * How much of `lots` may fill at this price: sizing and margin. May change `order.quantity`. Less than asked ends the
   * order as rejected with this sink's `denial`.
   */
  grant?(market: Market, order: VenueOrder, price: number, lots: number, liquidity: Fill['liquidity']): number
  /** Lots that the sub-account of an order holds, where the sink keeps them. Absent = the market counts its fills. */
  held?(market: Market, order: VenueOrder): number
  denial?(market: Market, order: VenueOrder): Reason
}

export type Level = { price: number; size: number }

/** One instrument of the simulated venue. Changed in place by its own functions; nothing else touches it. */
export type Market = {
  readonly instrument: Instrument
  readonly settings: VenueSettings
  readonly sink: VenueSink
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
  /** In the order they came. */
  orders: VenueOrder[]
  /** Lots per sub-account, for reduce-only. */
  readonly positions: Map<string, number>
  /** Earliest time at which something is due; Infinity = nothing. */
  dueUs: number
  /** By id. The oldest falls out above `ENDED_MAX`. */
  readonly ended: Map<string, Ended>
  /** A parent has filled: what waits for it has to be woken. */
  woken: boolean
}

export function newMarketOf(instrument: Instrument, settings: VenueSettings, sink: VenueSink): Market {
  return {
    instrument,
    settings,
    sink,
    tickSize: Number(instrument.tickSize),
    lotSize: Number(instrument.lotSize),
    nowUs: 0,
    bids: [],
    asks: [],
    quoted: false,
    last: 0,
    orders: [],
    positions: new Map(),
    dueUs: Number.POSITIVE_INFINITY,
    ended: new Map(),
    woken: false,
  }
}

export const ticksOf = (market: Market, price: number): number => Math.round(price / market.tickSize)
/** Down: what is not a whole lot cannot be traded. The addend takes back the error of the division. */
export const lotsOf = (market: Market, quantity: number): number => Math.floor(quantity / market.lotSize + 1e-6)

export const reasonOf = (code: string, text: string): Reason => ({ code, text: `${code}: ${text}` })
