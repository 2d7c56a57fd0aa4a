import { fromSteps, instrumentKey } from '@contrail/contracts'
import type { Fill, Instrument, Reason, Side } from '@contrail/contracts'
import type { AccountView } from '../strategy/account.ts'
import type { StrategyActor } from '../strategy/actor.ts'
import type { PlainOrder } from '../strategy/plain.ts'
import { newMarketOf, reasonOf } from '../venue/model.ts'
import type { Market, OrderEnd, PendingAmend, VenueOrder, VenueSink } from '../venue/model.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import { Books } from './books.ts'
import { Cash } from './cash.ts'
import { FEE_UNIT } from './costs.ts'
import { FillLog, OrderLog } from './logs.ts'
import { openedLots } from './sizing.ts'
import type { Sized } from './sizing.ts'
import { makeStock } from './stock.ts'
import type { Report, SimOrder, Stock } from './stock.ts'
import type { Assumptions, BacktestOptions } from './types.ts'

const CASH_SCALE_MIN = 8
const BASIS_POINT = 10_000

/** The account of a run and the sink of its venue: cash, positions, fees, trades. Money is counted in whole units. */
export class Desk implements VenueSink {
  readonly stocks: Stock[]
  readonly #assumptions: Assumptions
  readonly #hasCosts: boolean
  readonly #sizes: boolean
  readonly #leverage: number
  readonly #isAlone: boolean
  readonly cash: Cash
  /** Units of money in one of quote. */
  readonly power: number
  readonly #feeFactor: number
  readonly orders: OrderLog
  readonly fills: FillLog
  readonly books = new Books()
  readonly #keeps: boolean
  readonly #account: AccountView
  /** Nobody hears of reports: what they say is told at once. */
  readonly isSilent: boolean
  /** What the strategy has not been told yet. */
  readonly reports: Report[] = []
  readonly costs = { fee: 0, spread: 0, slippage: 0, funding: 0 }
  /** In quote per base, of the fill at hand. */
  #spread = 0
  #slippage = 0
  /** Received, in 10^-8 of the quote. */
  funding = 0

  constructor(instruments: readonly Instrument[], actor: StrategyActor, options: BacktestOptions, strategy: string) {
    const { cash, assumptions } = options
    this.#keeps = options.keep !== 'summary'
    this.#account = actor.account
    this.isSilent = !actor.handles('onFill') && !actor.handles('onOrder')
    this.orders = new OrderLog(instruments, strategy)
    this.#assumptions = assumptions
    this.#sizes = assumptions.sizing.kind !== 'strategy'
    this.#leverage = assumptions.leverage
    this.#isAlone = instruments.length === 1
    this.#hasCosts = assumptions.spreadBps > 0 || assumptions.slippage.kind !== 'none'
    this.fills = new FillLog(this.#hasCosts)
    const scale = instruments.reduce((most, instrument) => {
      const { tick, lot } = stepsOfInstrument(instrument)
      return Math.max(most, tick.scale + lot.scale)
    }, CASH_SCALE_MIN)
    this.power = 10 ** scale
    this.#feeFactor = 10 ** (scale - CASH_SCALE_MIN)
    this.cash = new Cash(cash, scale)
    const liquidity = assumptions.fillModel === 'bar' ? 'unlimited' : 'quoted'
    const settings = { latencyUs: 0, liquidity, prints: 'next' } as const
    this.stocks = instruments.map((instrument, index) => {
      const holding = actor.account.holding(instrumentKey(instrument.venue, instrument.instrument))
      const market = newMarketOf(instrument, settings, this)
      return makeStock(index, instrument, market, holding, assumptions, scale)
    })
  }

  /* The venue's side. */

  arrived(_market: Market, venueOrder: VenueOrder): void {
    const order = venueOrder as SimOrder
    if (order.isAccepted || order.state === 'done') return
    order.isAccepted = true
    if (this.isSilent && this.reports.length === 0) return this.#account.told(order.clOrdId, 'new', 0)
    this.reports.push({ kind: 'accepted', order, atUs: order.activeAtUs })
  }

  takerPrice(_market: Market, venueOrder: VenueOrder, price: number, lots: number): number {
    const order = venueOrder as SimOrder
    return this.#hasCosts ? this.#worsePrice(order.stock, order.side, order.price, price, lots) : price
  }

  /** `limit`: 0 = none. */
  #worsePrice(stock: Stock, side: Side, limit: number, price: number, lots: number): number {
    const { spreadBps, slippage } = this.#assumptions
    const spread = (price * spreadBps) / (2 * BASIS_POINT)
    const slip =
      slippage.kind === 'bps'
        ? (price * slippage.bps) / BASIS_POINT
        : slippage.kind === 'volume' && stock.volume > 0
          ? (price * slippage.impact * numberOfSteps(lots, stock.lot)) / stock.volume
          : 0
    const worse = side === 'buy' ? Math.ceil(price + spread + slip - 1e-6) : Math.floor(price - spread - slip + 1e-6)
    const limited = limit === 0 ? worse : side === 'buy' ? Math.min(worse, limit) : Math.max(worse, limit)
    const paid = Math.max(1, limited)
    const total = spread + slip
    const tick = stock.tick.units / stock.tick.power
    this.#spread = total > 0 ? (Math.abs(paid - price) * tick * spread) / total : 0
    this.#slippage = total > 0 ? (Math.abs(paid - price) * tick * slip) / total : 0
    return paid
  }

  grant(_market: Market, venueOrder: VenueOrder, price: number, asked: number, liquidity: Fill['liquidity']): number {
    const order = venueOrder as SimOrder
    const { stock, side } = order
    let lots = asked
    // What may only reduce opens nothing.
    if (this.#sizes && !order.isSized && !order.reduceOnly && !closes(stock, side, order.quantity)) {
      order.isSized = true
      lots = this.#sizedLots(stock, side, price, liquidity)
      order.quantity = order.filled + lots
      this.orders.changed(order.log, order.quantity, order.ask?.price ?? 0, order.stopPrice)
    }
    const fee = stock.fees.ahead(price, lots, liquidity, order.fills === 0)
    if (closes(stock, side, lots) || this.#carries(stock, side, lots, price, fee)) return lots
    return opposes(stock, side) ? Math.abs(stock.lots) : 0
  }

  /** What it closes, and then opens anew. */
  #sizedLots(stock: Stock, side: Side, price: number, liquidity: Fill['liquidity']): number {
    const { sizing, leverage } = this.#assumptions
    const closed = opposes(stock, side) ? Math.abs(stock.lots) : 0
    const fee = stock.fees.ahead(price, closed, liquidity, false) * this.#feeFactor
    return (
      closed + openedLots(sizing as Sized, stock, this.equityUnits(stock, price) - fee, price, this.power, leverage)
    )
  }

  /** What is held after it, and its fee, are no more than equity x leverage; to close is always right. */
  #carries(stock: Stock, side: Side, lots: number, price: number, fee: number): boolean {
    const after = Math.abs(stock.lots + (side === 'buy' ? lots : -lots)) * price * stock.unit
    const margin = this.equityUnits(stock, price) * this.#leverage
    const others = this.#isAlone ? 0 : this.#notionalOfOthers(stock)
    // Less what rounding may have added to it.
    return after + (fee - 0.5) * this.#feeFactor + others <= margin * (1 + 1e-12)
  }

  held(_market: Market, order: VenueOrder): number {
    return (order as SimOrder).stock.lots
  }

  denial(_market: Market, order: VenueOrder): Reason {
    return reasonOf(
      'INSUFFICIENT_MARGIN',
      `${order.quantity - order.filled} lots and their fee are more than equity x leverage carries`,
    )
  }

  filled(market: Market, venueOrder: VenueOrder, price: number, lots: number, liquidity: Fill['liquidity']): void {
    const order = venueOrder as SimOrder
    const { stock, side, log } = order
    const fee = stock.fees.of(price, lots, liquidity, order.fills === 1)
    this.#exchange(stock, side, price, lots, fee)
    if (this.#hasCosts || this.#keeps) this.#enter(stock, log, price, lots, fee, liquidity)
    // An amend under way may yet say in this step what is left of it.
    if (this.isSilent && this.reports.length === 0 && order.amend === undefined) {
      this.books.fill(stock, side, lots, price, fee, market.nowUs, order.ask?.tag, order)
      const status = order.filled >= order.quantity ? 'filled' : 'partially_filled'
      this.#account.told(order.clOrdId, status, numberOfSteps(order.filled, stock.lot))
      return
    }
    this.reports.push({ kind: 'fill', order, atUs: market.nowUs, price, lots, fee, filled: order.filled, liquidity })
  }

  /**
   * A market order that nobody sees takes `shown` ticks, as `fill` of the venue has it of every order. False, and nothing is
   * done: not all of it fills, and more has to be said.
   */
  takeWhole(stock: Stock, { side, lots: asked, tag }: PlainOrder, shown: number, log: number): boolean {
    const price = this.#hasCosts ? this.#worsePrice(stock, side, 0, shown, asked) : shown
    const isSized = this.#sizes && !closes(stock, side, asked)
    const lots = isSized ? this.#sizedLots(stock, side, price, 'taker') : asked
    if (lots === 0) return false
    const fee = stock.fees.of(price, lots, 'taker', true)
    if (!closes(stock, side, lots) && !this.#carries(stock, side, lots, price, Math.max(0, fee))) return false
    this.#exchange(stock, side, price, lots, fee)
    const { nowUs } = stock.market
    this.books.fill(stock, side, lots, price, fee, nowUs, tag, undefined)
    if (this.#hasCosts || this.#keeps) this.#enter(stock, log, price, lots, fee, 'taker')
    if (this.#keeps) {
      if (isSized) this.orders.changed(log, lots, 0, 0)
      this.orders.ended(log, 'filled', nowUs)
    }
    return true
  }

  /** Money for lots. */
  #exchange(stock: Stock, side: Side, price: number, lots: number, fee: number): void {
    const delta = side === 'buy' ? lots : -lots
    this.cash.pay(delta * price, stock.unit)
    this.cash.pay(fee, this.#feeFactor)
    stock.lots += delta
    stock.quantity = numberOfSteps(stock.lots, stock.lot)
    this.costs.fee += fee
  }

  /** What was paid inside the price, and the row of a fill. */
  #enter(stock: Stock, log: number, price: number, lots: number, fee: number, liquidity: Fill['liquidity']): void {
    const size = this.#hasCosts && liquidity === 'taker' ? numberOfSteps(lots, stock.lot) : 0
    const spread = this.#spread * size
    const slippage = this.#slippage * size
    this.costs.spread += spread
    this.costs.slippage += slippage
    if (!this.#keeps) return
    this.orders.filled(log, lots, price)
    this.fills.add(log, stock.market.nowUs, stock.row, lots, price, fee, liquidity, slippage, spread)
  }

  ended(market: Market, venueOrder: VenueOrder, end: OrderEnd, reason: Reason | undefined): void {
    const order = venueOrder as SimOrder
    this.orders.ended(order.log, end, market.nowUs)
    if (reason) this.orders.explain(order.log, reason.text)
    // Sized to nothing: no fill says that it is over.
    if (end === 'filled' && order.fills === 0) this.#account.told(order.clOrdId, 'filled', 0)
    if (end !== 'filled') this.reports.push({ kind: end, order, atUs: market.nowUs, reason })
  }

  /** The report of what ended the order says it all. */
  cancelRefused(): void {}

  replaceRefused(market: Market, order: VenueOrder, _request: string, reason: Reason): void {
    const refused = { kind: 'refused', order: order as SimOrder, atUs: market.nowUs, reason } as const
    if (order.state !== 'done') this.reports.push(refused)
  }

  replaced(market: Market, venueOrder: VenueOrder, _amend: PendingAmend): void {
    const order = venueOrder as SimOrder
    this.orders.changed(order.log, order.quantity, order.price, order.stopPrice)
    this.reports.push({ kind: 'replaced', order, atUs: market.nowUs })
  }

  /* The account's side. */

  /** With one instrument at `price` ticks and all others at their marks. */
  equityUnits(stock: Stock, price: number): number {
    const own = this.cash.units + stock.lots * price * stock.unit
    return this.#isAlone ? own : this.#withOthers(own, stock)
  }

  #withOthers(own: number, stock: Stock): number {
    let sum = own
    for (const other of this.stocks)
      if (other !== stock && other.lots !== 0) sum += Math.round(other.quantity * other.mark * this.power)
    return sum
  }

  /** No order is anywhere. */
  get isIdle(): boolean {
    for (const { market } of this.stocks) if (market.orders.length > 0) return false
    return this.reports.length === 0
  }

  get cashQuote(): number {
    return this.cash.units / this.power
  }

  equityQuote(): number {
    let value = this.cashQuote
    for (const stock of this.stocks) if (stock.lots !== 0) value += stock.quantity * stock.mark
    return value
  }

  exposureQuote(): number {
    let value = 0
    for (const stock of this.stocks) if (stock.lots !== 0) value += Math.abs(stock.quantity * stock.mark)
    return value
  }

  get fundingText(): string {
    return fromSteps(this.funding, '0.00000001')
  }

  #notionalOfOthers(stock: Stock): number {
    let sum = 0
    for (const other of this.stocks)
      if (other !== stock && other.lots !== 0) sum += Math.abs(other.quantity * other.mark * this.power)
    return sum
  }

  /** From long to short, at the mark. */
  fund(stock: Stock, rate: number): void {
    if (stock.lots === 0 || Number.isNaN(stock.mark)) return
    const received = Math.round(-stock.quantity * stock.mark * rate * FEE_UNIT)
    this.funding += received
    this.cash.pay(-received, this.#feeFactor)
    this.costs.funding -= received / FEE_UNIT
    stock.openFunding += received / FEE_UNIT
  }
}

/** It takes from what is held. */
const opposes = ({ lots }: Stock, side: Side): boolean => lots !== 0 && lots > 0 === (side === 'sell')
/** It opens nothing. */
const closes = (stock: Stock, side: Side, lots: number): boolean => opposes(stock, side) && lots <= Math.abs(stock.lots)
