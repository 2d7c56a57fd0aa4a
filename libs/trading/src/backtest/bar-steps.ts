import { onBarOpen, onBarRange } from '../venue/bar.ts'
import type { CandleColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { Feed } from './feed.ts'
import type { Margin } from './margin.ts'
import { toOpen } from './prices.ts'

/** What a bar does to the orders and positions of its market, in the order in which it does it. */
export class BarSteps {
  readonly #dealer: Dealer
  readonly #cause: Cause
  readonly #margin: Margin

  constructor(dealer: Dealer, cause: Cause, margin: Margin) {
    this.#dealer = dealer
    this.#cause = cause
    this.#margin = margin
  }

  open({ stock }: Feed, columns: CandleColumns, row: number): void {
    if (stock.market.orders.length === 0) return
    const openUs = columns.openTimeUs[row]!
    onBarOpen(stock.market, openUs, toOpen(stock, this.#cause, columns, row, openUs))
    this.#dealer.deliver()
  }

  /** All of it after the open. */
  range({ stock, spanUs }: Feed, columns: CandleColumns, row: number): void {
    const { market } = stock
    const openUs = columns.openTimeUs[row]!
    const closeUs = openUs + spanUs
    this.#margin.beforeRange(stock, columns, row, closeUs)
    if (market.orders.length === 0) return
    const { open, high, low, close } = columns
    onBarRange(market, { open: open[row]!, high: high[row]!, low: low[row]!, close: close[row]! }, openUs, closeUs)
    this.#cause.nowUs = closeUs
    this.#dealer.deliver()
    this.#margin.afterRange(stock, columns, row, closeUs)
  }
}
