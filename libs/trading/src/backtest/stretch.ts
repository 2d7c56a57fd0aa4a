import type { StrategyActor } from '../strategy/actor.ts'
import type { Collector } from '../strategy/collector.ts'
import { StrategyFailure } from '../strategy/handlers.ts'
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
import { loopOf } from './loop.ts'
import type { Pace } from './loop.ts'
import type { Run } from './run.ts'
import type { Stock } from './stock.ts'

/**
 * Bars while no order is anywhere that outlives the next open: nothing happens but that the author's code sees one bar after
 * the other. It is a loop of its own so that V8 compiles that code into it; all else is left out of it.
 */
export class Stretch implements Late, Pace {
  readonly #actor: StrategyActor
  readonly #dealer: Dealer
  readonly #cause: Cause
  readonly #moment: Float64Array
  readonly collected: Collector
  readonly #route: MarketRoute
  readonly #columns: CandleColumns
  readonly #stock: Stock
  /** From open to seen, and when a row 0 would be seen had all bars before come without a gap: doubles in fields would be boxed. */
  readonly #span: Float64Array
  at = 0
  /** The first row of which time and price are not written. */
  #unwritten = 0
  readonly #feedEnd: number
  readonly #brink: Brink
  /** Before it no bar closes out what an order of the stretch has made. */
  #safeEnd = 0
  /** Undefined: every order goes the way of all orders. */
  readonly #orders: OrdersAtOpen | undefined
  readonly touched = new Float64Array(1)
  #direct: Direct | undefined
  readonly #loop: ReturnType<typeof loopOf>

  constructor(
    { actor, dealer, cause, options }: Pick<Run, 'actor' | 'dealer' | 'cause' | 'options'>,
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
    this.collected = actor.collected
    this.#route = route
    this.#columns = columns
    this.#stock = stock
    this.#span = new Float64Array([spanUs, 0])
    this.#feedEnd = end
    this.#brink = brink
    this.#orders = orders
    this.#loop = loopOf(options.definition)
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

  /** See `showBars`. */
  #show(first: number, end: number): number {
    try {
      return this.#loop(this, this.#direct!, this.#columns, first, end)
    } catch (error) {
      this.#cause.row = this.at
      throw new StrategyFailure(this.#direct!.strategy, 'onCandle', undefined, error)
    }
  }

  /** Time and price of the row at hand. */
  write(): void {
    const { close } = this.#columns
    for (let row = this.at; row >= this.#unwritten; row--) {
      const price = close[row]!
      // NaN = it states none.
      if (Number.isNaN(price)) continue
      this.#route.slot.lastPrice = price
      break
    }
    this.#moment[0] = this.#span[1]! + this.at * this.#span[0]!
    this.#unwritten = this.at + 1
  }

  decides(): boolean {
    if (this.#actor.hasDecided()) return true
    this.#begin()
    return false
  }

  #begin(): void {
    this.collected.begin(this.#dealer.decisionCount + 1, 'all', this.#orders !== undefined)
  }

  /** A plain market order that meets the next open is all that was decided, and it is on its way or already met. */
  #turns(row: number, end: number, event: number): boolean {
    const orders = this.#orders
    const { plain } = this.collected
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
