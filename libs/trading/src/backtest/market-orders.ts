import type { PlainOrder } from '../strategy/plain.ts'
import { meet } from '../venue/bar.ts'
import { take } from '../venue/fill.ts'
import { lotsOf, ticksOf } from '../venue/model.ts'
import type { Level } from '../venue/model.ts'
import type { CandleColumns, TickColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { BarEquity } from './equity.ts'
import { makeSimOrder } from './order.ts'
import { toOpen } from './prices.ts'
import type { SimOrder, Stock } from './stock.ts'
import type { Assumptions, BacktestOptions } from './types.ts'

/**
 * Plain market orders of a run over one series, one at a time: what is decided on a row fills or ends on the next one, before
 * anybody can look at it. So nothing of it waits anywhere, and one that fills whole is never an object; what a fill is, costs
 * and does to the account is said where it is said for every order.
 */
abstract class MarketOrders {
  protected readonly dealer: Dealer
  protected readonly stock: Stock
  /** What was placed last. */
  protected readonly plain: PlainOrder
  readonly #keeps: boolean
  readonly #placedUs = new Float64Array(1)
  /** Its row, where orders are kept. */
  protected log = 0
  /** On its way to the next row. */
  isPlaced = false

  constructor(dealer: Dealer, stock: Stock, keep: BacktestOptions['keep']) {
    this.dealer = dealer
    this.stock = stock
    this.plain = dealer.actor.collected.plain
    this.#keeps = keep !== 'summary'
  }

  /** The step before has decided on nothing but `plain`. False, and nothing is done: it has to go the way of all orders. */
  place(cause: Cause): boolean {
    const { dealer, stock } = this
    const { nowUs } = cause
    const { gate } = dealer
    if (gate !== undefined && !gate.passes(this.plain, stock, nowUs)) return false
    dealer.decisionCount++
    this.#placedUs[0] = nowUs
    if (this.#keeps) {
      dealer.decisions.addPlain(cause, dealer.desk.orders.count)
      this.#enter()
    }
    const { market } = stock
    if (nowUs > market.nowUs) market.nowUs = nowUs
    this.isPlaced = true
    return true
  }

  #enter(): void {
    const { side, lots, tag } = this.plain
    const { desk, decisionCount } = this.dealer
    this.log = desk.orders.addMarket(this.stock.index, side, lots, tag, this.#placedUs[0]!, decisionCount, 0)
  }

  /** An order like any other, as it would be had it gone the way of all when it was placed. */
  protected made(): SimOrder {
    const { actor, desk } = this.dealer
    const ask = this.plain.ask()
    if (!this.#keeps) {
      // No other order is anywhere: nobody asks for the row of one that has ended.
      desk.orders.clear()
      this.#enter()
    }
    actor.account.placed(ask)
    return makeSimOrder(this.stock, this.log, ask, this.#placedUs[0]!)
  }
}

/** Nobody hears of its reports, it takes no time, and there is no other market. */
const isUnseen = ({ desk }: Dealer, { latency }: Assumptions): boolean =>
  desk.isSilent && latency.kind === 'fixed' && Math.round(latency.us) === 0 && desk.stocks.length === 1

/** At the open of the next bar. */
export class OrdersAtOpen extends MarketOrders {
  readonly #columns: CandleColumns
  readonly #equity: BarEquity

  static of(
    dealer: Dealer,
    stock: Stock,
    columns: CandleColumns,
    equity: BarEquity,
    { assumptions, keep }: BacktestOptions,
  ): OrdersAtOpen | undefined {
    return isUnseen(dealer, assumptions) ? new OrdersAtOpen(dealer, stock, columns, equity, keep) : undefined
  }

  constructor(dealer: Dealer, stock: Stock, columns: CandleColumns, equity: BarEquity, keep: BacktestOptions['keep']) {
    super(dealer, stock, keep)
    this.#columns = columns
    this.#equity = equity
  }

  /** Of the bar that opens at `openUs`. */
  meet(row: number, openUs: number, cause: Cause): void {
    const { stock, dealer } = this
    const { market } = stock
    const price = ticksOf(market, toOpen(stock, cause, this.#columns, row, openUs))
    this.isPlaced = false
    market.last = price
    if (cause.nowUs > market.nowUs) market.nowUs = cause.nowUs
    if (!dealer.desk.takeWhole(stock, this.plain, price, this.log)) this.#meetMade(price)
    this.#equity.follow(row, dealer.desk, stock)
  }

  #meetMade(price: number): void {
    const order = this.made()
    order.state = 'working'
    meet(this.stock.market, order, price)
    this.dealer.deliver()
  }
}

/** By the next trade, where that is large enough for all of it. */
export class OrdersAtPrint extends MarketOrders {
  readonly #columns: TickColumns

  /** Sizing says only at the fill what an order is, and so whether a trade is large enough. */
  static of(
    dealer: Dealer,
    stock: Stock,
    columns: TickColumns,
    { assumptions, keep }: BacktestOptions,
  ): OrdersAtPrint | undefined {
    const canSay = isUnseen(dealer, assumptions) && assumptions.sizing.kind === 'strategy'
    return canSay ? new OrdersAtPrint(dealer, stock, columns, keep) : undefined
  }

  constructor(dealer: Dealer, stock: Stock, columns: TickColumns, keep: BacktestOptions['keep']) {
    super(dealer, stock, keep)
    this.#columns = columns
  }

  /** False: the trade is too small, and the order waits among all others now. */
  meet(row: number, cause: Cause): boolean {
    const { stock, plain, dealer } = this
    const { market } = stock
    const columns = this.#columns
    const shown = lotsOf(market, columns.quantity[row]!)
    this.isPlaced = false
    if (shown < plain.lots) {
      dealer.send(this.made())
      return false
    }
    const atUs = columns.receiveTimeUs[row]!
    stock.row = row
    if (stock.usesVolume) stock.volume = columns.quantity[row]!
    cause.row = row
    if (atUs > cause.nowUs) cause.nowUs = atUs
    if (atUs > market.nowUs) market.nowUs = atUs
    market.last = ticksOf(market, columns.price[row]!)
    market.bids = onlyLevel(market.bids, market.last, shown)
    market.asks = onlyLevel(market.asks, market.last, shown)
    if (dealer.desk.takeWhole(stock, plain, market.last, this.log))
      (plain.side === 'buy' ? market.asks : market.bids)[0]!.size -= plain.lots
    else this.#takeMade()
    return true
  }

  #takeMade(): void {
    const order = this.made()
    order.state = 'working'
    take(this.stock.market, order, 'taker')
    this.dealer.deliver()
  }
}

/** One level in the array there is, if it has room for it. */
function onlyLevel(levels: Level[], price: number, size: number): Level[] {
  const [level] = levels
  if (!level || levels.length > 1) return [{ price, size }]
  level.price = price
  level.size = size
  return levels
}
