import type { CandleColumns } from './columns.ts'
import type { Cause } from './decisions.ts'
import type { Dealer } from './dealer.ts'
import type { Desk } from './desk.ts'
import type { Stock } from './stock.ts'

/*
 * An account is closed out when its equity falls to its share of the notional of all that is held, and at the latest when
 * nothing of it is left: with a share of 0 at the price where equity is 0, whatever the leverage. (A long position that was
 * paid for has no such price above 0.) Of a bar that reaches it the worst is assumed: it comes before targets and before
 * limits that would add to the position; a stop that lies before it on the way fills first.
 */

/** The price of `stock` at which equity is `part` of the notional of all that is held; all others stand at their marks. */
export function edgeOf(desk: Desk, stock: Stock, part: number): number {
  let others = 0
  let notional = 0
  for (const other of desk.stocks) {
    if (other === stock || other.lots === 0) continue
    others += other.quantity * other.mark
    notional += Math.abs(other.quantity * other.mark)
  }
  const { quantity } = stock
  const rest = desk.cashQuote + others
  // rest + q p = part (|q| p + notional)
  return (part * notional - rest) / (quantity - part * Math.abs(quantity))
}

const isReached = (stock: Stock, edge: number, low: number, high: number): boolean =>
  stock.lots > 0 ? edge > 0 && edge >= low : edge <= high

export class Margin {
  liquidations = 0
  readonly #dealer: Dealer
  readonly #cause: Cause
  readonly #part: number

  constructor(dealer: Dealer, cause: Cause, part: number) {
    this.#dealer = dealer
    this.#cause = cause
    this.#part = part
  }

  edgeOf(stock: Stock): number {
    return edgeOf(this.#dealer.desk, stock, this.#part)
  }

  /** One long position that was paid for, with no share of it asked for: there is no such price. */
  isPaid({ lots }: Stock): boolean {
    const { desk } = this.#dealer
    return lots > 0 && this.#part === 0 && desk.cash.units >= 0 && desk.stocks.length === 1
  }

  /** The market stands at `price`. */
  at(stock: Stock, price: number, atUs: number): void {
    if (stock.lots !== 0 && isReached(stock, this.edgeOf(stock), price, price)) this.#closeOut(stock, price, atUs)
  }

  /** A bar has opened, and what the open fills is filled. */
  beforeRange(stock: Stock, columns: CandleColumns, row: number, closeUs: number): void {
    if (stock.lots === 0) return
    const edge = this.edgeOf(stock)
    if (!isReached(stock, edge, columns.low[row]!, columns.high[row]!)) return
    const open = columns.open[row]!
    if (isReached(stock, edge, open, open)) this.#closeOut(stock, open, columns.openTimeUs[row]!)
    else if (!hasStopBefore(stock, edge)) this.#closeOut(stock, edge, closeUs)
  }

  /** What fills within the range is filled: of a position that was made or changed there, too, the worst is assumed. */
  afterRange(stock: Stock, columns: CandleColumns, row: number, closeUs: number): void {
    if (stock.lots === 0) return
    const low = columns.low[row]!
    const high = columns.high[row]!
    const edge = this.edgeOf(stock)
    if (isReached(stock, edge, low, high)) this.#closeOut(stock, Math.min(high, Math.max(low, edge)), closeUs)
  }

  /** All that is held, every other position at its mark. */
  #closeOut(stock: Stock, price: number, atUs: number): void {
    const dealer = this.#dealer
    this.liquidations++
    if (atUs > this.#cause.nowUs) this.#cause.nowUs = atUs
    for (const held of dealer.desk.stocks)
      if (held.lots !== 0) dealer.close(held, held === stock ? price : held.mark, atUs, 'LIQUIDATION')
  }
}

/** A stop takes from the position before the market is at `edge`. */
function hasStopBefore({ market, lots, tick }: Stock, edge: number): boolean {
  const ticks = (edge * tick.power) / tick.units
  for (const { state, side, orderType, stopPrice } of market.orders) {
    if (state !== 'waiting' || orderType === 'take_profit' || orderType === 'take_profit_limit') continue
    if (lots > 0 ? side === 'sell' && stopPrice >= ticks : side === 'buy' && stopPrice <= ticks) return true
  }
  return false
}

/** Rows of which the extremes are kept together. */
const BLOCK_ROWS = 512
type Extremes = { readonly low: Float64Array; readonly high: Float64Array }
const extremes = new WeakMap<CandleColumns, Extremes>()

/** Where the bars of a series cannot close an account out: asked for whole stretches, so that no bar of them has to be. */
export class Brink {
  readonly #columns: CandleColumns
  readonly #margin: Margin
  /** By block; NaN = not looked at yet. The same for every run over the series. */
  readonly #blocks: Extremes

  constructor(columns: CandleColumns, margin: Margin) {
    this.#columns = columns
    this.#margin = margin
    const count = Math.ceil(columns.rows / BLOCK_ROWS)
    const known = extremes.get(columns)
    this.#blocks = known ?? { low: new Float64Array(count).fill(NaN), high: new Float64Array(count).fill(NaN) }
    if (!known) extremes.set(columns, this.#blocks)
  }

  /** Rows from `row` to before this one, at most to `end`, leave the position be; `row` itself: nobody knows. */
  safeUntil(stock: Stock, row: number, end: number): number {
    if (stock.lots === 0 || this.#margin.isPaid(stock)) return end
    return this.#safeUntil(stock, row, end)
  }

  #safeUntil(stock: Stock, row: number, end: number): number {
    const edge = this.#margin.edgeOf(stock)
    if (stock.lots > 0 && !(edge > 0)) return end
    const block = Math.floor(row / BLOCK_ROWS)
    const { low, high } = this.#blocks
    if (Number.isNaN(low[block]!)) this.#look(block)
    if (isReached(stock, edge, low[block]!, high[block]!)) return row
    return Math.min(end, (block + 1) * BLOCK_ROWS)
  }

  #look(block: number): void {
    const { low: lows, high: highs, rows } = this.#columns
    let [low, high] = [Infinity, -Infinity]
    const end = Math.min(rows, (block + 1) * BLOCK_ROWS)
    for (let row = block * BLOCK_ROWS; row < end; row++) {
      if (lows[row]! < low) low = lows[row]!
      if (highs[row]! > high) high = highs[row]!
    }
    this.#blocks.low[block] = low
    this.#blocks.high[block] = high
  }
}
