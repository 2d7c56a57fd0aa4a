import type { Confirm } from '@contrail/contracts'

/** One position. Its text form is the key in KV `positions` and the name of its lock. */
export type PositionKey = {
  readonly tenant: string
  readonly account: string
  readonly strategy: string
  readonly venue: string
  readonly instrument: string
}

export const positionKeyOf = (confirm: Confirm): PositionKey => {
  const { tenant, account, strategy, venue, instrument } = confirm
  return { tenant, account, strategy, venue, instrument }
}

export const kvKey = (key: PositionKey): string => `${key.account}.${key.strategy}.${key.venue}.${key.instrument}`

/** Keys of venue facts: the venue's own id of the trade, so that it is booked once for ever. */
export const fillKey = (key: PositionKey, tradeId: string): string => `fill:${key.venue}:${key.instrument}:${tradeId}`
export const bustKey = (key: PositionKey, tradeId: string): string => `bust:${key.venue}:${key.instrument}:${tradeId}`

/** Where in the stream a message stood: a stream that was made anew counts from 1 again, under another incarnation. */
export type Place = { readonly stream: string; readonly incarnation: string; readonly sequence: number }
