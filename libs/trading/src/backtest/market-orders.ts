import type { PlainOrder } from '../strategy/plain.ts'
import { meet } from '../venue/bar.ts'
import { ticksOf } from '../venue/model.ts'
import type { CandleColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { BarEquity } from './equity.ts'
import { CLOSING_ASK, makeSimOrder } from './order.ts'
import { toOpen } from './prices.ts'
import type { SimOrder, Stock } from './stock.ts'
import type { BacktestOptions } from './types.ts'

/**
 * Plain market orders of a run over one series of bars, one at a time: what is decided on a bar fills or ends at the open of
 * the next, before anybody can look at it. So nothing of it waits anywhere, and one order object is filled in again and
 * again; what a fill is, costs and does to the account is said where it is said for every order.
 */
export class MarketOrders {
  readonly #dealer: Dealer
  readonly #stock: Stock
  readonly #columns: CandleColumns
  readonly #equity: BarEquity
  readonly #keeps: boolean
  readonly #order: SimOrder
  readonly #ask: { tag: string | undefined }
  /** On its way to the next open. */
  isPlaced = false

  /** Undefined: orders of this run can be seen on their way, or take time for it. */
  static of(
    dealer: Dealer,
    stock: Stock,
    columns: CandleColumns,
    equity: BarEquity,
    { assumptions, keep }: BacktestOptions,
  ): MarketOrders | undefined {
    const { latency } = assumptions
    const isAtOnce = latency.kind === 'fixed' && Math.round(latency.us) === 0
    if (!dealer.desk.isSilent || !isAtOnce || dealer.desk.stocks.length > 1) return undefined
    return new MarketOrders(dealer, stock, columns, equity, keep !== 'summary')
  }

  constructor(dealer: Dealer, stock: Stock, columns: CandleColumns, equity: BarEquity, keeps: boolean) {
    this.#dealer = dealer
    this.#stock = stock
    this.#columns = columns
    this.#equity = equity
    this.#keeps = keeps
    const ask = { ...CLOSING_ASK, orderId: '', slot: undefined as never, side: 'buy', lots: 0 } as const
    this.#ask = ask as { tag: string | undefined }
    this.#order = makeSimOrder(stock, 0, ask, 0)
  }

  /** The step before has decided on nothing but `plain`. False, and nothing is done: it has to go the way of all orders. */
  place(plain: PlainOrder, cause: Cause): boolean {
    const dealer = this.#dealer
    const stock = this.#stock
    const { nowUs } = cause
    const { gate } = dealer
    if (gate !== undefined && !gate.passes(plain, stock, nowUs)) return false
    const number = ++dealer.decisionCount
    const { orders } = dealer.desk
    // No other order is anywhere: nobody asks for the row of one that has ended.
    if (this.#keeps) dealer.decisions.addPlain(cause, orders.count)
    else orders.clear()
    const { side, lots, tag } = plain
    const order = this.#order
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

  /** The order meets the open of the bar after that on which it was decided. */
  meet(row: number, cause: Cause): void {
    const stock = this.#stock
    const { market } = stock
    const price = toOpen(stock, cause, this.#columns, row)
    const order = this.#order
    this.isPlaced = false
    order.state = 'working'
    market.last = ticksOf(market, price)
    if (cause.nowUs > market.nowUs) market.nowUs = cause.nowUs
    meet(market, order, market.last)
    this.#dealer.deliver()
    this.#equity.follow(row, this.#dealer.desk, stock)
  }
}
