import type { Fill, Instrument, Intent, OrderStatus, OrderType, Side } from '@contrail/contracts'
import type { Limits } from '../risk/limits.ts'
import type { StrategyDefinition } from '../strategy/api.ts'
import type { MarketColumns } from './columns.ts'

/* What goes into a backtest and what comes out. */

export type FillModel = 'bar' | 'trade' | 'book'
export type Slippage =
  | { readonly kind: 'none' }
  | { readonly kind: 'bps'; readonly bps: number }
  /** Price moves by `impact` x (quantity / volume of the bar or level): a share of the range taken. */
  | { readonly kind: 'volume'; readonly impact: number }
export type Latency =
  | { readonly kind: 'fixed'; readonly us: number }
  | { readonly kind: 'lognormal'; readonly medianUs: number; readonly sigma: number }
export type Fees =
  | { readonly kind: 'instrument' }
  | { readonly kind: 'bps'; readonly makerBps: number; readonly takerBps: number; readonly perOrder: number }
/**
 * `strategy`: the quantity that the strategy asked for. The others replace the quantity of an order that opens or enlarges a
 * position when it fills: a fraction of equity, a notional in quote or a quantity in base; an order that turns the position
 * first closes it and then opens the new one in full. An assumption of the run: live, a quantity is fixed when it is sent.
 */
export type Sizing =
  | { readonly kind: 'strategy' }
  | { readonly kind: 'fraction'; readonly fraction: number }
  | { readonly kind: 'notional'; readonly quote: number }
  | { readonly kind: 'quantity'; readonly base: number }

export type Assumptions = {
  readonly fillModel: FillModel
  readonly fees: Fees
  readonly slippage: Slippage
  /** Half of it is paid on each taker fill, basis points of the price. */
  readonly spreadBps: number
  readonly latency: Latency
  readonly sizing: Sizing
  /**
   * The notional of all that is held and the fee of the fill that makes it are at most equity times this, at the price of that
   * fill: 1 = no borrowing, not even of a fee. An order that does not fit is rejected as INSUFFICIENT_MARGIN; one that turns a
   * position closes it all the same.
   */
  readonly leverage: number
  /**
   * The account is closed out when its equity falls to this share of the notional of what it holds: at the latest, with 0, at
   * the price where equity is 0, whatever the leverage. Within a bar that price comes before targets; an open that has passed
   * it fills there. So equity is below 0 by the gap and the costs of that fill alone. A long position without borrowing has no
   * such price.
   */
  readonly maintenanceMargin: number
  /** What becomes of a position that is open at the end: marked at the last price, or closed at the last bar's open or close. */
  readonly atEnd: 'mark' | 'close_at_open' | 'close_at_close'
  readonly funding: boolean
  /** Controls of the risk gate apply, as live; `false` only for reference runs. */
  readonly riskGate: boolean
  /**
   * Also its limits on the size and price of an order (C2 to C5), with the figures of the paper account. Without it a run is
   * bounded by its cash and leverage alone.
   */
  readonly accountLimits?: boolean
  readonly seed: number
}

export type BacktestOptions = {
  readonly definition: StrategyDefinition
  /** Unchecked: the definition's schema refuses what does not fit. */
  readonly parameters: unknown
  /** Every instrument of the series, once. */
  readonly instruments: readonly Instrument[]
  readonly series: readonly MarketColumns[]
  /** Rows before are warm-up only; default the first row. */
  readonly fromUs?: number
  /** Exclusive; default after the last row. */
  readonly toUs?: number
  /** In quote of the first instrument. */
  readonly cash: number
  readonly assumptions: Assumptions
  /** Of the risk gate, where they are not those that the assumptions say. */
  readonly limits?: Partial<Limits>
  /** Called every 2048 events; false stops the run and leaves a readable partial result. */
  readonly onProgress?: (done: number, total: number) => boolean
  /** Decisions, orders and equity points are kept; false keeps only trades, equity by day and totals (sweeps). */
  readonly keep?: 'all' | 'summary'
}

export type DecisionRecord = {
  readonly number: number
  readonly atUs: number
  /** Which input caused it: position in the merged order of events, and the series and row it is. */
  readonly event: number
  readonly series: number
  readonly row: number
  readonly reasons: Readonly<Record<string, number | string | boolean | null>>
  readonly intents: readonly Intent[]
}
export type OrderRecord = {
  readonly orderId: string
  readonly venue: string
  readonly instrument: string
  readonly side: Side
  readonly orderType: OrderType
  readonly quantity: number
  readonly price: number | undefined
  readonly stopPrice: number | undefined
  readonly tag: string | undefined
  readonly placedUs: number
  readonly doneUs: number | undefined
  readonly status: OrderStatus
  readonly filled: number
  readonly averagePrice: number | undefined
  /** Why it was denied, rejected, expired or made by the run itself (liquidation, end). */
  readonly reason: string | undefined
}
export type FillRecord = {
  readonly orderId: string
  readonly venue: string
  readonly instrument: string
  readonly side: Side
  readonly atUs: number
  /** Row of the series whose data filled it. */
  readonly row: number
  readonly quantity: number
  readonly price: number
  readonly fee: number
  readonly liquidity: Fill['liquidity']
  /** Quote paid because of it, already inside the price. */
  readonly slippage: number
  readonly spread: number
}
/** A round trip at average cost: from flat to flat, or the part of a position that one exit closed. */
export type TradeRecord = {
  readonly venue: string
  readonly instrument: string
  readonly side: 'long' | 'short'
  /** In base, positive. */
  readonly quantity: number
  readonly entryTimeUs: number
  readonly exitTimeUs: number
  readonly entryRow: number
  readonly exitRow: number
  readonly entryPrice: number
  readonly exitPrice: number
  /** Net of fees and funding, in quote. */
  readonly pnl: number
  readonly fees: number
  /** Received; negative where it was paid. */
  readonly funding: number
  /** pnl / (entry price x quantity). */
  readonly returnRatio: number
  /**
   * Worst and best unrealised result on the way, in quote; at most and at least 0. Bars count in whole, that of the entry among
   * them; of that of the exit only the exit itself, and the best price where a trailing stop that filled there was set by it.
   */
  readonly mae: number
  readonly mfe: number
  readonly entryTag: string | undefined
  readonly exitTag: string | undefined
  readonly exitReason: 'signal' | 'stop' | 'take_profit' | 'trailing_stop' | 'limit' | 'liquidation' | 'end'
}

/** One record after the other. */
export type Each<T> = (take: (one: T) => void) => void

export type BacktestResult = {
  /** False when stopped before the end. */
  readonly complete: boolean
  /** Inputs that the strategy saw, warm-up included. */
  readonly events: number
  readonly firstUs: number
  readonly lastUs: number
  readonly decisionCount: number
  readonly decisions: readonly DecisionRecord[]
  readonly orders: readonly OrderRecord[]
  readonly fills: readonly FillRecord[]
  readonly trades: readonly TradeRecord[]
  /** The same lists for who reads them once: no record of them is kept. */
  readonly each: {
    readonly decisions: Each<DecisionRecord>
    readonly orders: Each<OrderRecord>
    readonly fills: Each<FillRecord>
    readonly trades: Each<TradeRecord>
  }
  /**
   * After every bar (fill model `bar`) or at most once a minute of event time: cash plus positions at their marks. Exposure is
   * what is held at its marks, in quote, whatever its side. A run that keeps a summary has the last point of each day.
   */
  readonly equity: { readonly timeUs: Float64Array; readonly value: Float64Array; readonly exposure: Float64Array }
  readonly cash: number
  readonly finalEquity: number
  readonly peakEquity: number
  /** Greatest fall from a peak, as a part of it, over every bar or minute; 0 or more. */
  readonly maxDrawdown: number
  /** Open at the end, after `atEnd`. */
  readonly positions: readonly {
    readonly venue: string
    readonly instrument: string
    readonly quantity: number
    readonly averagePrice: number
    readonly unrealised: number
  }[]
  /** Paid, in quote. */
  readonly costs: { readonly fee: number; readonly spread: number; readonly slippage: number; readonly funding: number }
  readonly gaps: readonly {
    readonly venue: string
    readonly instrument: string
    readonly fromUs: number
    readonly toUs: number
    readonly held: number
  }[]
  readonly liquidations: number
  /** Orders that the author's code asked for and that were not placed, by reason. */
  readonly refused: Readonly<Record<string, number>>
  /** Exact conservation: start cash + realised - fees + funding - cash - open cost, in quote units of the smallest step; 0. */
  readonly residual: string
}
