import type { Context } from '../strategy/api.ts'
import type { StrategyActor } from '../strategy/actor.ts'
import type { Collector } from '../strategy/collector.ts'
import { refusePromise, StrategyFailure } from '../strategy/handlers.ts'
import type { Direct } from '../strategy/handlers.ts'
import { late } from '../strategy/late.ts'
import type { Late } from '../strategy/late.ts'
import type { MarketRoute } from '../strategy/mailbox.ts'
import type { CandleColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { Feed } from './feed.ts'
import type { Brink } from './margin.ts'
import type { OrdersAtOpen } from './market-orders.ts'
import { CandleRow } from './rows.ts'
import type { Stock } from './stock.ts'

/**
 * Bars while no order is anywhere that outlives the next open: nothing happens but that the author's code sees one bar after
 * the other. It is a loop of its own so that V8 compiles that code into it; all else is left out of it.
 */
export class Stretch implements Late {
  readonly #actor: StrategyActor
  readonly #dealer: Dealer
  readonly #cause: Cause
  readonly #moment: Float64Array
  readonly #collected: Collector
  readonly #route: MarketRoute
  readonly #columns: CandleColumns
  readonly #stock: Stock
  /** From open to seen, and when a row 0 would be seen had all bars before come without a gap: doubles in fields would be boxed. */
  readonly #span: Float64Array
  /** The row at hand, and the first one of which time and price are not written. */
  #at = 0
  #unwritten = 0
  readonly #feedEnd: number
  readonly #brink: Brink
  /** Before it no bar closes out what an order of the stretch has made. */
  #safeEnd = 0
  /** Undefined: every order goes the way of all orders. */
  readonly #orders: OrdersAtOpen | undefined
  readonly #touched = new Float64Array(1)
  #direct: Direct | undefined

  constructor(
    { actor, dealer, cause }: { actor: StrategyActor; dealer: Dealer; cause: Cause },
    { stock, spanUs, end }: Feed,
    route: MarketRoute,
    columns: CandleColumns,
    brink: Brink,
    orders: OrdersAtOpen | undefined,
  ) {
    this.#actor = actor
    this.#dealer = dealer
    this.#cause = cause
    this.#moment = actor.moment
    this.#collected = actor.collected
    this.#route = route
    this.#columns = columns
    this.#stock = stock
    this.#span = new Float64Array([spanUs, 0])
    this.#feedEnd = end
    this.#brink = brink
    this.#orders = orders
  }

  /** What was placed on the row before meets the open of this one. */
  meet(row: number): void {
    if (this.#orders?.isPlaced) this.#orders.meet(row, this.#columns.openTimeUs[row]!, this.#cause)
  }

  /** Before each stretch. False: the strategy cannot be called directly now. `number`: of its next decision. */
  begin(number: number): boolean {
    this.#direct = this.#actor.direct(number, this.#orders !== undefined)
    return this.#direct !== undefined
  }

  /**
   * Shows rows from `first` to `end`, or to the one that may close out what is held then, of which each opens when the one
   * before it is over. The row to which it came; -1 - row where that one has decided something that goes the way of all
   * orders. Its caller counts the events.
   */
  run(first: number, end: number): number {
    const span = this.#span
    span[1] = this.#columns.openTimeUs[first]! + span[0]! * (1 - first)
    this.#unwritten = first
    const eventBefore = this.#cause.event - first
    const before = late.by
    late.by = this
    try {
      this.#safeEnd = end
      for (let row = first; ; row++) {
        row = this.#show(row, this.#safeEnd)
        this.write()
        if (row >= this.#safeEnd) return row
        if (!this.#turns(row, this.#safeEnd, eventBefore + row + 1)) return -1 - row
        this.#begin()
      }
    } finally {
      late.by = before
    }
  }

  /** Rows from `first` to before `end`, or to one that has decided something. */
  #show(first: number, end: number): number {
    const columns = this.#columns
    const collected = this.#collected
    const { definition, context, state, strategy } = this.#direct!
    const { open } = columns
    // Whole by themselves: said so that they are kept as such.
    const until = end | 0
    let row = first | 0
    let opened = 0
    try {
      for (; row < until; row++) {
        this.#at = row
        // Only so that the opens around it are in the cache of the processor when an order meets the next one.
        opened = open[row]!
        // As a method: V8 knows what is called here, and compiles it in.
        const returned = definition.onCandle!(context as Context<unknown>, state, new CandleRow(columns, row))
        if (returned !== undefined) refusePromise(returned)
        if (collected.isUsed && this.#decides()) break
      }
      this.#touched[0] = opened
      return row
    } catch (error) {
      this.#cause.row = row
      throw new StrategyFailure(strategy, 'onCandle', undefined, error)
    }
  }

  /** Time and price of the row at hand. */
  write(): void {
    const { close } = this.#columns
    for (let row = this.#at; row >= this.#unwritten; row--) {
      const price = close[row]!
      // NaN = it states none.
      if (Number.isNaN(price)) continue
      this.#route.slot.lastPrice = price
      break
    }
    this.#moment[0] = this.#span[1]! + this.#at * this.#span[0]!
    this.#unwritten = this.#at + 1
  }

  /** After a call that asked for something or noted it. */
  #decides(): boolean {
    if (this.#actor.hasDecided()) return true
    this.#begin()
    return false
  }

  #begin(): void {
    this.#collected.begin(this.#dealer.decisionCount + 1, 'all', this.#orders !== undefined)
  }

  /** A plain market order that meets the next open is all that was decided, and it is on its way or already met. */
  #turns(row: number, end: number, event: number): boolean {
    const orders = this.#orders
    const { plain } = this.#collected
    const seenUs = this.#moment[0]!
    if (orders === undefined || !plain.isAsked) return false
    // Before `end` each bar opens when the one before it is over.
    const isNext = row + 1 < end || (row + 1 < this.#feedEnd && this.#columns.openTimeUs[row + 1] === seenUs)
    if (!isNext) return false
    const cause = this.#cause
    cause.event = event
    cause.row = row
    cause.nowUs = seenUs
    this.#stock.row = row
    this.#stock.mark = this.#columns.close[row]!
    if (!orders.place(cause)) return false
    if (row + 1 < end) {
      orders.meet(row + 1, seenUs, cause)
      this.#safeEnd = this.#brink.safeUntil(this.#stock, row + 1, end)
    }
    return true
  }
}
