import type { Confirm, Fill, Intent, PlaceIntent, Reason } from '@contrail/contracts'
import { moveOrder, newOrder } from '@contrail/trading'
import type { Order, PlaceRequest, RecentOrder, RiskCheck, Terms, VenueReport } from '@contrail/trading'

export type Cursor = { readonly stream: string; readonly incarnation: string; readonly sequence: number }

/** What an order is, whatever becomes of it. */
export type OrderHead = {
  readonly orderId: string
  readonly account: string
  readonly strategy: string
  readonly venue: string
  readonly instrument: string
  readonly intent: PlaceIntent
  readonly request: PlaceRequest | undefined
  readonly checks: readonly RiskCheck[]
  readonly source: Cursor
  readonly decidedUs: number
  readonly createdUs: number
}

export type AttemptState = 'persisted' | 'accepted' | 'rejected' | 'unknown' | 'not_placed'
export type Attempt = {
  readonly attempt: number
  readonly kind: 'place' | 'cancel' | 'amend'
  readonly clOrdId: string
  readonly state: AttemptState
  readonly epoch: number
  readonly body: unknown
  readonly validUntilUs: number
  readonly createdUs: number
}

/** An order in hand. Never changed in place: the next one is installed after its commit. */
export type Held = {
  readonly head: OrderHead
  readonly order: Order
  /** Of the last place attempt: the name by which the venue knows the order. */
  readonly origin: string | undefined
  readonly attempts: readonly Attempt[]
  readonly updatedUs: number
  /** Only its first attempt is written, with what its row is made of: the next batch with this order writes that, too. */
  readonly unwritten?: Head | undefined
}

/** An order before anything was done about it. */
export function freshHeld(head: OrderHead): Held {
  const { side, instrument, quantity, price, stopPrice } = head.intent
  const terms: Terms = { quantity, ...(price ? { price } : {}), ...(stopPrice ? { stopPrice } : {}) }
  return { head, order: newOrder(side, instrument, terms), origin: undefined, attempts: [], updatedUs: head.createdUs }
}

/** Its first attempt, which is all that is written of it. */
export function firstAttempt(fresh: Held, attempt: Attempt, unwritten: Head): Held {
  const { order } = moveOrder(fresh.order, { type: 'attempted', attempt: attempt.attempt })
  return { ...fresh, order, origin: attempt.clOrdId, attempts: [attempt], updatedUs: attempt.createdUs, unwritten }
}

export type Head = { readonly strategy: string; readonly number: number; readonly index: number }
export type NewFill = { readonly held: Held; readonly fill: Fill }
export type Report = Omit<Confirm, 'reportId'>
export type Quarantined = { readonly orderId: string | undefined; readonly event: unknown; readonly cause: string }

/** Everything one transaction writes. */
export type Batch = {
  /** As they are after it. `insert` = their row is not there yet. */
  readonly held: readonly { readonly held: Held; readonly insert: boolean }[]
  readonly attempts: readonly { readonly orderId: string; readonly attempt: Attempt; readonly insert: boolean }[]
  readonly fills: readonly NewFill[]
  readonly reports: readonly Report[]
  readonly quarantined: readonly Quarantined[]
  readonly head?: Head
  readonly venueCursor?: number
}
export const EMPTY_BATCH: Batch = { held: [], attempts: [], fills: [], reports: [], quarantined: [] }

export function mergeBatches(...batches: readonly Batch[]): Batch {
  let merged = EMPTY_BATCH
  for (const batch of batches)
    merged = {
      ...merged,
      ...batch,
      held: joined(merged.held, batch.held),
      attempts: joined(merged.attempts, batch.attempts),
      fills: joined(merged.fills, batch.fills),
      reports: joined(merged.reports, batch.reports),
      quarantined: joined(merged.quarantined, batch.quarantined),
    }
  return merged
}

/** Most of a batch is empty. */
const joined = <T>(a: readonly T[], b: readonly T[]): readonly T[] =>
  b.length === 0 ? a : a.length === 0 ? b : [...a, ...b]

export type Recent = RecentOrder & { readonly orderId: string }
/** What the writer of an account keeps in hand; read anew from Postgres whenever a doubt arises. */
export type AccountState = {
  readonly epoch: number
  /** Orders that may still change. */
  readonly open: Map<string, Held>
  /** Every id the venue may speak of, of open orders. */
  readonly byClOrdId: Map<string, string>
  readonly heads: Map<string, { number: number; index: number }>
  /** Signed, by `<strategy>|<venue>|<instrument>`. */
  readonly positions: Map<string, string>
  recent: Recent[]
  recentCancelsUs: number[]
  venueCursor: number
  /** What the venue tells again and again and nobody can explain: it is written down and told to a person once. */
  readonly setAside: Set<string>
}
export const positionKey = (strategy: string, venue: string, instrument: string): string =>
  `${strategy}|${venue}|${instrument}`

export type NonPlace = Exclude<Intent, { type: 'place' }>
export const reason = (code: string, text: string): Reason => ({ code, text: `${code}: ${text}` })

/** As they are now: work on them changes the map. */
export const openOrders = (state: AccountState): Held[] => Array.from(state.open.values())

export const noState = (): AccountState => ({
  epoch: 0,
  open: new Map(),
  byClOrdId: new Map(),
  heads: new Map(),
  positions: new Map(),
  recent: [],
  recentCancelsUs: [],
  venueCursor: 0,
  setAside: new Set(),
})

/** True the first time. */
export function isNewlyAside(state: AccountState, event: VenueReport, cause: string): boolean {
  const name = `${cause} ${event.type === 'filled' ? event.fill.tradeId : event.type}`
  return !state.setAside.has(name) && state.setAside.add(name) !== undefined
}
