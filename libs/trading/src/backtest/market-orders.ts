import type { PlainOrder } from '../strategy/plain.ts'
import { meet } from '../venue/bar.ts'
import { take } from '../venue/fill.ts'
import { lotsOf, ticksOf } from '../venue/model.ts'
import type { Level } from '../venue/model.ts'
import type { CandleColumns, TickColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { BarEquity } from './equity.ts'
import { CLOSING_ASK, makeSimOrder } from './order.ts'
import { toOpen } from './prices.ts'
import type { SimOrder, Stock } from './stock.ts'
import type { Assumptions, BacktestOptions } from './types.ts'

/**
 * Plain market orders of a run over one series, one at a time: what is decided on a row fills or ends on the next one, before
 * anybody can look at it. So nothing of it waits anywhere, and one order object is filled in again and again; what a fill is,
 * costs and does to the account is said where it is said for every order.
 */
abstract class MarketOrders {
  protected readonly dealer: Dealer
  protected readonly stock: Stock
  protected readonly order: SimOrder
  readonly #ask: { tag: string | undefined }
  readonly #keeps: boolean
  /** On its way to the next row. */
  isPlaced = false

  constructor(dealer: Dealer, stock: Stock, keep: BacktestOptions['keep']) {
    this.dealer = dealer
    this.stock = stock
    this.#keeps = keep !== 'summary'
    const ask = { ...CLOSING_ASK, orderId: '', slot: undefined as never, side: 'buy', lots: 0 } as const
    this.#ask = ask as { tag: string | undefined }
    this.order = makeSimOrder(stock, 0, ask, 0)
  }

  /** The step before has decided on nothing but `plain`. False, and nothing is done: it has to go the way of all orders. */
  place(plain: PlainOrder, cause: Cause): boolean {
    const { dealer, stock, order } = this
    const { nowUs } = cause
    const { gate } = dealer
    if (gate !== undefined && !gate.passes(plain, stock, nowUs)) return false
    const number = ++dealer.decisionCount
    const { orders } = dealer.desk
    // No other order is anywhere: nobody asks for the row of one that has ended.
    if (this.#keeps) dealer.decisions.addPlain(cause, orders.count)
    else orders.clear()
    const { side, lots, tag } = plain
    order.log = orders.addMarket(stock.index, side, lots, tag, nowUs, number, 0)
    order.side = side
    order.quantity = lots
    order.filled = 0
    order.fills = 0
    order.isSized = false
    this.#ask.tag = tag
    const { market } = stock
    if (nowUs > market.nowUs) market.nowUs = nowUs
    this.isPlaced = true
    return true
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

  meet(row: number, cause: Cause): void {
    const { stock, order } = this
    const { market } = stock
    const price = toOpen(stock, cause, this.#columns, row)
    this.isPlaced = false
    order.state = 'working'
    market.last = ticksOf(market, price)
    if (cause.nowUs > market.nowUs) market.nowUs = cause.nowUs
    meet(market, order, market.last)
    this.dealer.deliver()
    this.#equity.follow(row, this.dealer.desk, stock)
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
    const { stock, order } = this
    const { market } = stock
    const columns = this.#columns
    const shown = lotsOf(market, columns.quantity[row]!)
    this.isPlaced = false
    if (shown < order.quantity) {
      this.#send()
      return false
    }
    const atUs = columns.receiveTimeUs[row]!
    stock.row = row
    stock.volume = columns.quantity[row]!
    cause.row = row
    if (atUs > cause.nowUs) cause.nowUs = atUs
    if (atUs > market.nowUs) market.nowUs = atUs
    market.last = ticksOf(market, columns.price[row]!)
    market.bids = onlyLevel(market.bids, market.last, shown)
    market.asks = onlyLevel(market.asks, market.last, shown)
    order.state = 'working'
    take(market, order, 'taker')
    this.dealer.deliver()
    return true
  }

  /** As it would be, had it gone the way of all orders when it was placed. */
  #send(): void {
    const { dealer, stock } = this
    const { actor, desk, decisionCount } = dealer
    const ask = actor.collected.plain.askOf(decisionCount)
    actor.account.placed(ask)
    dealer.send(makeSimOrder(stock, this.order.log, ask, desk.orders.placedUs(this.order.log)))
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
