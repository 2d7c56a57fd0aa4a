import type { OrderType, Reason, Side } from '@contrail/contracts'
import type { AmendRequest, Approved, CancelRequest, PlaceRequest, VenueFacts, VenueReport } from '@contrail/trading'

/** What came of one request. Whatever is not one of the first three is `unknown`: it may have been taken. */
export type Outcome =
  | { readonly outcome: 'accepted'; readonly venueOrderId: string }
  | { readonly outcome: 'rejected'; readonly reason: Reason }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'unknown'; readonly cause: string }

/** What a venue says when it is asked about an order. */
export type VenueOrderState = {
  readonly venueOrderId: string
  readonly facts: VenueFacts
  readonly open: boolean
  readonly ending:
    { readonly type: 'filled' | 'cancelled' | 'expired' | 'rejected'; readonly reason?: Reason } | undefined
  /** Requests that are under way there, and the last replace that took effect. */
  readonly cancelPending: boolean
  readonly amendPending: boolean
  readonly amended: string | undefined
}
export type Answer = {
  /** What it did with the request of this very id; `absent` = it never came. */
  readonly request: 'absent' | 'accepted' | { readonly rejected: Reason }
  readonly order: VenueOrderState | undefined
}

export type VenueFill = {
  readonly cursor: number
  readonly report: Extract<VenueReport, { type: 'filled' }>
  readonly venue: string
  readonly instrument: string
}
export type VenuePosition = {
  readonly subAccount: string
  readonly venue: string
  readonly instrument: string
  readonly quantity: string
}

export type VenueTakes = {
  readonly orderTypes: ReadonlySet<OrderType>
  /** OTO and OCO. */
  readonly links: boolean
}

/**
 * A venue account. It takes only what the gate approved, sends each request once and never again by itself, and keeps
 * the raw words of its venue to itself.
 */
export interface VenuePort {
  readonly name: string
  /** The venue's own books say for certain that a request never came; else the rule of 60 s and three looks holds. */
  readonly absenceIsProof: boolean
  /** What it does by itself. Anything else is denied here: nothing stands in for what a venue does not have. */
  readonly takes: VenueTakes
  place(clOrdId: string, approved: Approved<PlaceRequest>, epoch: number): Promise<Outcome>
  cancel(clOrdId: string, approved: Approved<CancelRequest>, epoch: number): Promise<Outcome>
  amend(clOrdId: string, approved: Approved<AmendRequest>, epoch: number): Promise<Outcome>
  /** By the id of the request, and of the order that it is about. */
  query(clOrdId: string, origin: string): Promise<Answer>
  openOrders(): Promise<string[]>
  fillsAfter(cursor: number, limit: number): Promise<VenueFill[]>
  positions(): Promise<VenuePosition[]>
  /** Reads its state anew, for the owner of this epoch; silent until `resume`. */
  recover(epoch: number): Promise<void>
  resume(): void
  /** Told after the venue has them for good. `undefined` = something may have been missed: reconcile. */
  onReports(listener: (reports: readonly VenueReport[] | undefined) => void): void
  stop(): Promise<void>
}

export const signed = (side: Side, quantity: string): string => (side === 'buy' ? quantity : `-${quantity}`)
