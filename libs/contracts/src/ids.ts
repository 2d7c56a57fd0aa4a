import { refuse } from './refusal.ts'

declare const brand: unique symbol
export type Id<K extends string> = string & { readonly [brand]: K }
export type TenantId = Id<'tenant'>
/** A venue account. Unique across tenants. */
export type AccountId = Id<'account'>
/** At most 20 characters, because order ids are made from it. Unique across tenants. */
export type StrategyId = Id<'strategy'>
export type VenueId = Id<'venue'>
/** `BASE-QUOTE` or `BASE-QUOTE-PERP`. */
export type InstrumentId = Id<'instrument'>
/** `<strategy>-<decision>-<index>`: the intent of one order, whatever number of attempts it takes. */
export type OrderId = Id<'order'>
/** What the venue sees: one per attempt, at most 30 characters (Delta allows 32, Binance 36). */
export type ClOrdId = Id<'clOrdId'>
export type WorkerId = Id<'worker'>

export const ID_PATTERN = /^[A-Za-z0-9_-]{1,32}$/
export const STRATEGY_ID_PATTERN = /^[A-Za-z0-9_-]{1,20}$/
export const INSTRUMENT_PATTERN = /^[A-Z0-9]{1,14}-[A-Z0-9]{1,12}(-PERP)?$/

export function id<T extends Id<string>>(value: string, field = 'id'): T {
  if (!ID_PATTERN.test(value)) throw refuse('invalid_id', field, value, 'use 1 to 32 letters, digits, "-" or "_"')
  return value as T
}

export function strategyId(value: string): StrategyId {
  if (!STRATEGY_ID_PATTERN.test(value))
    throw refuse('invalid_id', 'strategy', value, 'use 1 to 20 letters, digits, "-" or "_"')
  return value as StrategyId
}

export function instrumentId(value: string): InstrumentId {
  if (!INSTRUMENT_PATTERN.test(value))
    throw refuse('invalid_id', 'instrument', value, 'write it as BASE-QUOTE or BASE-QUOTE-PERP in capitals')
  return value as InstrumentId
}

export function orderId(strategy: StrategyId, decision: number, index: number): OrderId {
  return id<OrderId>(`${strategy}-${decision}-${index}`, 'orderId')
}
