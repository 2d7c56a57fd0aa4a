import type { Fill, Reason, Side } from '@contrail/contracts'

/** What may be changed by a replace. Decimal strings: this is what is booked. */
export type Terms = { readonly quantity: string; readonly price?: string; readonly stopPrice?: string }

/**
 * How far our own sending got. Everything a venue says is kept apart from it, as a set of facts, so that the order in
 * which its reports arrive cannot matter.
 */
export type Stage = 'intent' | 'denied' | 'persisted' | 'sent' | 'unknown' | 'not_placed'
export type Ending = 'cancelled' | 'expired' | 'rejected'
export type RequestState = 'pending' | 'done' | 'refused'

export type Order = {
  readonly side: Side
  readonly instrument: string
  readonly terms: Terms
  readonly stage: Stage
  /** Of the last request (place, cancel, replace) that was written down; 0 before the first. */
  readonly attempt: number
  /** The venue said that it holds the order, or a fill implied it. */
  readonly accepted: boolean
  readonly venueOrderId?: string
  /** Sticky: a venue's statement that the order is out of the market. */
  readonly endings: readonly Ending[]
  readonly fills: Readonly<Record<string, Fill>>
  readonly busted: readonly string[]
  /** By attempt number. */
  readonly cancels: Readonly<Record<number, RequestState>>
  readonly replaces: Readonly<Record<number, { readonly state: RequestState; readonly terms: Terms }>>
  readonly reason?: Reason
}

/** What the venue says it holds; compared with ours before an order is taken for found. */
export type VenueFacts = { readonly side: Side; readonly instrument: string; readonly quantity: string }

export type OrderEvent =
  /* ours */
  | { readonly type: 'denied'; readonly reason: Reason }
  | { readonly type: 'attempted'; readonly attempt: number }
  | { readonly type: 'sent'; readonly attempt: number }
  | { readonly type: 'unknown'; readonly attempt: number }
  | { readonly type: 'not_placed'; readonly attempt: number }
  | { readonly type: 'cancel_requested'; readonly attempt: number }
  | { readonly type: 'replace_requested'; readonly attempt: number; readonly terms: Terms }
  /* the venue's */
  | { readonly type: 'accepted'; readonly venueOrderId?: string; readonly facts?: VenueFacts }
  | { readonly type: 'rejected'; readonly reason: Reason }
  | { readonly type: 'filled'; readonly fill: Fill }
  | { readonly type: 'busted'; readonly tradeId: string }
  | { readonly type: 'corrected'; readonly tradeId: string; readonly fill: Fill }
  | { readonly type: 'cancelled'; readonly reason?: Reason }
  | { readonly type: 'expired'; readonly reason?: Reason }
  | { readonly type: 'cancel_refused'; readonly attempt: number; readonly reason: Reason }
  | { readonly type: 'replaced'; readonly attempt: number; readonly terms: Terms }
  | { readonly type: 'replace_refused'; readonly attempt: number; readonly reason: Reason }

export type Alarm = 'fill_after_end' | 'overfilled' | 'revived' | 'busted'

/**
 * `repeat`: known already, nothing changed. `quarantined`: kept state, the event is set aside for a person; it is never
 * thrown away and never guessed at.
 */
export type Moved =
  | { readonly effect: 'moved'; readonly order: Order; readonly alarms: readonly Alarm[] }
  | { readonly effect: 'repeat'; readonly order: Order }
  | { readonly effect: 'quarantined'; readonly order: Order; readonly cause: string }

export function newOrder(side: Side, instrument: string, terms: Terms): Order {
  return {
    side,
    instrument,
    terms,
    stage: 'intent',
    attempt: 0,
    accepted: false,
    endings: [],
    fills: {},
    busted: [],
    cancels: {},
    replaces: {},
  }
}
