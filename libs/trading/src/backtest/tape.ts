import type { Context } from '../strategy/api.ts'
import { refusePromise, StrategyFailure } from '../strategy/handlers.ts'
import type { Direct } from '../strategy/handlers.ts'
import type { MarketRoute } from '../strategy/mailbox.ts'
import type { TickColumns } from './columns.ts'
import type { Stock } from './stock.ts'
import type { EquityCurve } from './equity.ts'
import { PROGRESS_EVENTS } from './feed.ts'
import type { Feed } from './feed.ts'
import { OrdersAtPrint } from './market-orders.ts'
import { Marks } from './marks.ts'
import { TickRow } from './rows.ts'
import type { Run } from './run.ts'

/** One series of trades, filled by trades. */
export function isTape({ feeds, options, actor }: Run): boolean {
  const [feed] = feeds
  const { fillModel } = options.assumptions
  const isAlone = feeds.length === 1 && feed?.columns.kind === 'ticks' && feed.matches && feed.route !== undefined
  const isCalled = actor.handles('onTick') && !actor.handles('onTimer')
  return isAlone && isCalled && fillModel !== 'bar'
}

/** Stretches without an order in the market go by in one loop, every other trade is met in all its steps. */
export function runTape(run: Run, equity: EquityCurve): void {
  const [feed] = run.feeds as [Feed]
  const { stock, first, end } = feed
  const columns = feed.columns as TickColumns
  const marks = new Marks(equity, run.desk)
  const tape = new Tape(run, feed, columns, marks)
  run.cause.series = feed.index
  let row = first
  while (row < end) {
    const until = Math.min(end, row + PROGRESS_EVENTS - (run.done % PROGRESS_EVENTS))
    let seen = stock.market.orders.length === 0 ? tape.pass(row, until) : 0
    if (seen === 0) {
      const atUs = columns.receiveTimeUs[row]!
      marks.before(atUs)
      run.event(feed, row, atUs)
      marks.after(atUs)
      seen = 1
    }
    row += seen
    run.done += seen
    if (run.done % PROGRESS_EVENTS === 0 && run.isStopped()) break
  }
  if (run.done > 0) marks.end(run.cause.nowUs)
}

/**
 * Trades of one market while no order is anywhere that outlives the next of them: as `Stretch` for bars, a loop that V8
 * compiles the author's code into.
 */
class Tape {
  readonly #run: Run
  readonly #route: MarketRoute
  readonly #first: number
  readonly #columns: TickColumns
  readonly #stock: Stock
  readonly #marks: Marks
  readonly #orders: OrdersAtPrint | undefined
  #direct: Direct | undefined
  /** What throws now is not the author's code. */
  #isOwn = false
  /** Between these prices what is held stays: below and above; doubles in fields would be boxed. */
  readonly #edges = new Float64Array(2)
  readonly #touched = new Float64Array(1)

  constructor(run: Run, { stock, route, first }: Feed, columns: TickColumns, marks: Marks) {
    this.#run = run
    this.#route = route!
    this.#first = first
    this.#columns = columns
    this.#stock = stock
    this.#marks = marks
    this.#orders = OrdersAtPrint.of(run.dealer, stock, columns, run.options)
  }

  /** Rows from `first` on that have been seen, before `end` or one that has to go the way of all. */
  pass(first: number, end: number): number {
    const { actor, dealer, cause } = this.#run
    this.#direct = actor.direct(dealer.decisionCount + 1, this.#orders !== undefined)
    if (this.#direct === undefined) return 0
    const before = cause.event
    const at = this.#show(first, end)
    const next = at < 0 ? -at : at
    if (next > first) this.#stands(next - 1, before + next - first)
    if (at < 0) {
      dealer.decided()
      dealer.deliver()
      this.#marks.after(this.#columns.receiveTimeUs[next - 1]!)
    }
    return next - first
  }

  /** The row to which it came; -1 - row where that one has decided something that goes the way of all orders. */
  #show(first: number, end: number): number {
    const { actor, cause } = this.#run
    const { collected, moment } = actor
    const columns = this.#columns
    const marks = this.#marks
    const { slot } = this.#route
    const { definition, context, state, strategy } = this.#direct!
    const { receiveTimeUs, price: prices, quantity } = columns
    const { cells } = marks
    const eventBefore = cause.event - first
    let isPlaced = this.#orders !== undefined && this.#orders.isPlaced
    // Something waits for the next row: an order, or equity for the end of the instant.
    let isAwaited = true
    let nextUs = cells[1]!
    const edges = this.#edges
    this.#watch()
    let [below, above] = [edges[0]!, edges[1]!]
    let seenUs = moment[0]!
    // Whole by themselves: said so that they are kept as such.
    const until = end | 0
    let row = first | 0
    let touched = 0
    try {
      for (; row < until; row++) {
        const atUs = receiveTimeUs[row]!
        if (isAwaited) {
          if (atUs > cells[0]!) this.#look(row)
          if (isPlaced && !this.#meet(row)) return row
          isPlaced = false
          below = edges[0]!
          above = edges[1]!
          isAwaited = cells[0] !== Infinity
        }
        const price = prices[row]!
        // Only so that the quantities around it are in the cache of the processor when an order meets the next one.
        touched = quantity[row]!
        // It closes the account out: met in all its steps.
        if (price <= below || price >= above) return row
        if (atUs > seenUs) moment[0] = seenUs = atUs
        // NaN = it states none.
        if (price === price) slot.lastPrice = price
        const returned = definition.onTick!(context as Context<unknown>, state, new TickRow(columns, row))
        if (returned !== undefined) refusePromise(returned)
        if (collected.isUsed) {
          if (!this.#goesOn(row, eventBefore + row + 1)) return -1 - row
          isPlaced = isAwaited = this.#orders !== undefined && this.#orders.isPlaced
          if (cells[0] !== Infinity) isAwaited = true
        }
        if (atUs >= nextUs) {
          marks.after(atUs)
          nextUs = cells[1]!
          isAwaited = true
        }
      }
      this.#touched[0] = touched
      return row
    } catch (error) {
      if (this.#isOwn) throw error
      cause.row = row
      throw new StrategyFailure(strategy, 'onTick', undefined, error)
    }
  }

  /** Equity of the instant that is over, before `row`. */
  #look(row: number): void {
    this.#isOwn = true
    this.#priceOf(row - 1)
    this.#marks.look()
    this.#isOwn = false
  }

  #meet(row: number): boolean {
    this.#isOwn = true
    const isOver = this.#orders!.meet(row, this.#run.cause)
    this.#watch()
    this.#isOwn = false
    return isOver
  }

  #watch(): void {
    const stock = this.#stock
    const edge = stock.lots === 0 ? NaN : this.#run.margin.edgeOf(stock)
    this.#edges[0] = stock.lots > 0 ? edge : -Infinity
    this.#edges[1] = stock.lots < 0 ? edge : Infinity
  }

  /** After a call that asked for something or noted it. False: its decision is not carried out yet. */
  #goesOn(row: number, event: number): boolean {
    this.#isOwn = true
    const { actor, dealer, cause } = this.#run
    const { collected } = actor
    let goesOn = true
    if (actor.hasDecided()) {
      this.#stands(row, event)
      goesOn = collected.plain.isAsked && this.#orders !== undefined && this.#orders.place(cause)
    }
    if (goesOn) collected.begin(dealer.decisionCount + 1, 'all', this.#orders !== undefined)
    this.#isOwn = false
    return goesOn
  }

  /** Everything as it stands after `row`. */
  #stands(row: number, event: number): void {
    const { cause } = this.#run
    const stock = this.#stock
    const atUs = this.#columns.receiveTimeUs[row]!
    cause.event = event
    cause.row = stock.row = row
    if (atUs > cause.nowUs) cause.nowUs = atUs
    if (stock.usesVolume) stock.volume = this.#columns.quantity[row]!
    stock.dataUs = atUs
    this.#priceOf(row)
  }

  /** The mark is the last price there was up to `row`. */
  #priceOf(row: number): void {
    for (let at = row; at >= this.#first; at--) {
      const price = this.#columns.price[at]!
      if (Number.isNaN(price)) continue
      this.#stock.mark = price
      return
    }
  }
}
