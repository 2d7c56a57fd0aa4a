import type { z } from 'zod'
import type { Book, Candle, Confirm, Instrument, OrderStatus, Quote, Side, Tick, Timeframe } from '@contrail/contracts'

/** The author's view. Everything here is plain data and pure functions: no clock, no network, no way to send. */
export type InputSpec =
  | { kind: 'ticks' | 'quotes' | 'book'; venue: string; instrument: string }
  | { kind: 'candles'; venue: string; instrument: string; timeframe: Timeframe }

export type PositionReadout = {
  /** Signed, in base. */
  readonly quantity: number
  readonly averagePrice: number
  /** In quote, net of fees. */
  readonly realised: number
}

export type OrderReadout = {
  readonly orderId: string
  readonly instrument: string
  readonly side: Side
  readonly quantity: number
  readonly price: number | undefined
  readonly stopPrice: number | undefined
  readonly filled: number
  readonly status: OrderStatus
  readonly tag: string | undefined
}

/** How far a trailing stop stays behind the best price: in price, or in percent of it. */
export type Trailing = { offset: number; percent?: never } | { percent: number; offset?: never }

/** What triggers an order, if anything does: one of three. */
type OrderTrigger =
  /** A stop: works once the market is as bad as this. */
  | { stopPrice?: number; touchPrice?: never; trailing?: never; price?: number; postOnly?: boolean }
  /** A take-profit (market if touched): works once the market is as good as this. */
  | { touchPrice: number; stopPrice?: never; trailing?: never; price?: number; postOnly?: never }
  /** A trailing stop: its trigger follows the market at this distance. */
  | { trailing: Trailing; stopPrice?: never; touchPrice?: never; price?: never; postOnly?: never }

export type OrderOptions = OrderTrigger & {
  venue?: string
  instrument?: string
  /** In base. Snapped down to whole lots; an order that snaps to nothing is refused with a reason. */
  quantity: number
  /** Limit price: makes it a limit order (or one that is triggered first). Snapped to ticks, never to a worse price. */
  price?: number
  timeInForce?: 'GTC' | 'IOC' | 'FOK' | 'GTD' | 'DAY'
  expireAtUs?: number
  reduceOnly?: boolean
  tag?: string
  /** Bracket: with the fill of this order come a limit order at this price, */
  takeProfit?: number
  /** a stop at this price, */
  stopLoss?: number
  /** and a trailing stop: all reduce-only, for what was filled, and what one of them fills the others lose. */
  trailingStop?: Trailing
  /** OTO: sleeps until this open order of the same instrument fills; for as much as that fills. */
  parent?: string
  /** OCO: what this order or that open one of the same instrument fills, the other loses. */
  oco?: string
}

export interface Context<P> {
  readonly parameters: P
  /** Microseconds: when the market input or report being handled was received. Never runs back; commands do not move it. */
  readonly nowUs: number
  /** False during warm-up and after a gap until warm again: then only position-reducing orders leave. */
  readonly warm: boolean
  position(instrument?: string, venue?: string): PositionReadout
  openOrders(instrument?: string, venue?: string): readonly OrderReadout[]
  instrument(instrument?: string, venue?: string): Instrument
  /** Last trade, quote mid, book mid or bar close seen by this strategy; undefined before the first. */
  lastPrice(instrument?: string, venue?: string): number | undefined
  /** Collects an intent and returns its order id; `''` when it was refused (too small, paused, not warm), see `note`s. */
  buy(options: OrderOptions): string
  sell(options: OrderOptions): string
  /** Nothing happens for an order that is not open, or whose cancel is under way. */
  cancel(orderId: string): void
  cancelAll(instrument?: string): void
  amend(orderId: string, change: { quantity?: number; price?: number; stopPrice?: number }): void
  /** Kept with the decision: why. Shown in `explain` and on the page. */
  note(name: string, value: number | string | boolean | null): void
}

/** An object that carries its own state, such as an indicator. `snapshot` gives JSON, `restore` takes it in place. */
export interface Restorable {
  snapshot(): unknown
  restore(state: unknown): void
}
/** A boolean, said so that `{ on: false }` is inferred as a boolean and not as the literal `false`. */
type BooleanValue = { valueOf(): boolean }
/** Everything a state may hold. A Map, Set, Date, function or other class instance is a compile error. */
export type StateValue =
  | string
  | number
  | bigint
  | BooleanValue
  | null
  | undefined
  | Float64Array
  | Restorable
  | readonly StateValue[]
  | { readonly [key: string]: StateValue }

/** What a handler may return: nothing that matters, and no promise (an async handler is a compile error). */
export type Sync = void | string | number | boolean | null | undefined

export type StrategyDefinition<P = any, S = any> = {
  readonly name: string
  readonly description?: string
  readonly parameters: z.ZodType<P>
  /** What it listens to. The first one is the default instrument of `ctx`. */
  inputs(parameters: P): readonly InputSpec[]
  /** How many bars (or ticks) of history each input wants before live begins. */
  lookback?(parameters: P): number
  /** Called once per life; indicators are made here. Must not look at anything but its argument. */
  state(parameters: P): S
  onTick?(ctx: Context<P>, state: S, tick: Tick & { venue: string; instrument: string }): Sync
  onQuote?(ctx: Context<P>, state: S, quote: Quote & { venue: string; instrument: string }): Sync
  onBook?(ctx: Context<P>, state: S, book: Book & { venue: string; instrument: string }): Sync
  onCandle?(ctx: Context<P>, state: S, candle: Candle & { venue: string; instrument: string }): Sync
  /** Every execution report of an own order with a fill in it. */
  onFill?(ctx: Context<P>, state: S, report: Confirm): Sync
  /** Every other execution report of an own order. What a fill implies, an acceptance, comes before the fill. */
  onOrder?(ctx: Context<P>, state: S, report: Confirm): Sync
  /** Once a second, from md.clock. */
  onTimer?(ctx: Context<P>, state: S): Sync
  onGap?(ctx: Context<P>, state: S, detail: string): Sync
}

export function defineStrategy<P, S extends StateValue>(
  definition: StrategyDefinition<P, S>,
): StrategyDefinition<P, S> {
  return definition
}
