import type { Side } from '@contrail/contracts'
import { bestBefore, reasonOfExit } from './stock.ts'
import type { SimOrder, Stock } from './stock.ts'
import { TradeLog } from './trades.ts'
import type { ExitReason } from './trades.ts'

/** Fills are counted in 10^-8 of the quote. */
const MONEY_UNIT = 1e8

/** What fills make of what the strategy holds, and the trades that they close. */
export class Books {
  readonly trades = new TradeLog()
  /** Of what the run itself closes. */
  exitReason: ExitReason | undefined

  /** `order`: undefined where it is a market order and nothing more. */
  fill(
    stock: Stock,
    side: Side,
    lots: number,
    ticks: number,
    fee: number,
    atUs: number,
    tag: string | undefined,
    order: SimOrder | undefined,
  ): void {
    const { holding } = stock
    const held = holding.quantityLots
    if (held !== 0 && held > 0 === (side === 'sell'))
      return this.#close(stock, side, lots, ticks, fee, atUs, tag, order, held)
    holding.apply(side, lots, ticks, fee)
    if (held === 0) open(stock, tag, atUs)
    stock.openFees += fee
  }

  #close(
    stock: Stock,
    side: Side,
    lots: number,
    ticks: number,
    fee: number,
    atUs: number,
    tag: string | undefined,
    order: SimOrder | undefined,
    held: number,
  ): void {
    const { holding } = stock
    const closed = Math.min(Math.abs(held), lots)
    const average = holding.averagePrice
    const realised = holding.realisedQuote
    holding.apply(side, lots, ticks, fee)
    const part = closed / Math.abs(held)
    const exitFee = (fee * closed) / lots
    const fees = (stock.openFees * part + exitFee) / MONEY_UNIT
    const funding = stock.openFunding * part
    const gain = holding.realisedQuote - realised + fee / MONEY_UNIT
    this.trades.add(
      stock,
      held > 0 ? closed : -closed,
      atUs,
      average,
      ticks,
      gain - fees + funding,
      fees,
      funding,
      this.exitReason ?? (order ? reasonOfExit(order.ask) : 'signal'),
      tag,
      order && bestBefore(order, stock),
    )
    stock.openFees -= stock.openFees * part
    stock.openFunding -= funding
    if (lots <= closed) return
    open(stock, tag, atUs)
    stock.openFees = fee - exitFee
  }
}

function open(stock: Stock, tag: string | undefined, atUs: number): void {
  stock.openedUs = atUs
  stock.openedRow = stock.row
  stock.openFees = 0
  stock.openFunding = 0
  stock.openTag = tag
}
