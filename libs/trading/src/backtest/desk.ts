import { decimalOf, formatDecimal, fromSteps, instrumentKey } from '@contrail/contracts'
import type { Fill, Instrument, Reason } from '@contrail/contracts'
import type { PlaceAsk } from '../strategy/ask.ts'
import type { AccountView } from '../strategy/account.ts'
import type { StrategyActor } from '../strategy/actor.ts'
import { toFixed } from '../portfolio/fixed.ts'
import { newMarketOf, reasonOf } from '../venue/model.ts'
import type { Market, OrderEnd, PendingAmend, VenueOrder, VenueSink } from '../venue/model.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import { FEE_UNIT } from './costs.ts'
import { FillLog, OrderLog } from './logs.ts'
import { sizedLots } from './sizing.ts'
import { TradeLog } from './trades.ts'
import { bestBefore, makeStock, reasonOfExit } from './stock.ts'
import type { Report, SimOrder, Stock } from './stock.ts'
import type { ExitReason } from './trades.ts'
import type { Assumptions, BacktestOptions } from './types.ts'

const CASH_SCALE_MIN = 8
const FIXED_SCALE = 18
/** Sums of whole numbers up to here are exact in doubles. */
const EXACT_MAX = Number.MAX_SAFE_INTEGER
const BASIS_POINT = 10_000

/** The account of a run and the sink of its venue: cash, positions, fees, trades. Money is counted in whole units. */
export class Desk implements VenueSink {
  readonly stocks: Stock[]
  readonly #assumptions: Assumptions
  readonly #hasCosts: boolean
  /** Units of money in one of quote. */
  readonly power: number
  readonly #scale: number
  readonly #feeFactor: number
  /** In units of 10^-scale; beyond 2^53 the double next to it. */
  cash = 0
  /** Exact cash is the sum of these two: a double that is too large to be added to, and what has come and gone since. */
  #cashBefore = 0
  #cashSince = 0
  /** Where two doubles cannot say it (2^106 units): the second is infinite then. */
  #hugeCash: bigint | undefined
  readonly orders: OrderLog
  readonly fills: FillLog
  readonly trades = new TradeLog()
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
  exitReason: ExitReason | undefined
  /** Received, in 10^-8 of the quote. */
  funding = 0

  constructor(instruments: readonly Instrument[], actor: StrategyActor, options: BacktestOptions, strategy: string) {
    const { cash, assumptions } = options
    this.#keeps = options.keep !== 'summary'
    this.#account = actor.account
    this.isSilent = !actor.handles('onFill') && !actor.handles('onOrder')
    this.orders = new OrderLog(instruments, strategy)
    this.#assumptions = assumptions
    this.#hasCosts = assumptions.spreadBps > 0 || assumptions.slippage.kind !== 'none'
    this.fills = new FillLog(this.#hasCosts)
    const scale = instruments.reduce((most, instrument) => {
      const { tick, lot } = stepsOfInstrument(instrument)
      return Math.max(most, tick.scale + lot.scale)
    }, CASH_SCALE_MIN)
    this.#scale = scale
    this.power = 10 ** scale
    this.#feeFactor = 10 ** (scale - CASH_SCALE_MIN)
    const units = Math.round(cash * this.power)
    if (Math.abs(units) <= EXACT_MAX) this.cash = this.#cashSince = units
    else this.#holds(toFixed(decimalOf(cash)) / 10n ** BigInt(FIXED_SCALE - scale))
    const liquidity = assumptions.fillModel === 'bar' ? 'unlimited' : 'quoted'
    const settings = { latencyUs: 0, liquidity, prints: 'next' } as const
    this.stocks = instruments.map((instrument, index) => {
      const holding = actor.account.holding(instrumentKey(instrument.venue, instrument.instrument))
      const market = newMarketOf(instrument, settings, this)
      return makeStock(index, instrument, market, holding, assumptions, scale)
    })
  }

  /** `count` x `unit` units. */
  #pay(count: number, unit: number): void {
    const paid = count * unit
    const since = this.#cashSince - paid
    if (Math.abs(since) > EXACT_MAX || Math.abs(paid) > EXACT_MAX)
      return this.#holds(this.#exactCash - BigInt(count) * BigInt(unit))
    this.#cashSince = since
    // One sum of two exact doubles: rounded as the whole number itself would be.
    this.cash = this.#cashBefore + since
  }

  #holds(units: bigint): void {
    this.cash = Number(units)
    this.#cashBefore = Math.abs(this.cash) > EXACT_MAX ? this.cash : 0
    const since = Number(units - BigInt(this.#cashBefore))
    const isTwo = Math.abs(since) <= EXACT_MAX
    this.#cashSince = isTwo ? since : Infinity
    this.#hugeCash = isTwo ? undefined : units
  }

  get #exactCash(): bigint {
    return this.#hugeCash ?? BigInt(this.#cashBefore) + BigInt(this.#cashSince)
  }

  /* The venue's side. */

  arrived(_market: Market, venueOrder: VenueOrder): void {
    const order = venueOrder as SimOrder
    if (order.isAccepted || order.state === 'done') return
    order.isAccepted = true
    if (this.isSilent && this.reports.length === 0) return this.#account.told(order.clOrdId, 'new', 0)
    this.reports.push({ kind: 'accepted', order, atUs: order.activeAtUs })
  }

  takerPrice(_market: Market, order: VenueOrder, price: number, lots: number): number {
    if (!this.#hasCosts) return price
    const { spreadBps, slippage } = this.#assumptions
    const { stock } = order as SimOrder
    const spread = (price * spreadBps) / (2 * BASIS_POINT)
    const slip =
      slippage.kind === 'bps'
        ? (price * slippage.bps) / BASIS_POINT
        : slippage.kind === 'volume' && stock.volume > 0
          ? (price * slippage.impact * numberOfSteps(lots, stock.lot)) / stock.volume
          : 0
    const worse =
      order.side === 'buy' ? Math.ceil(price + spread + slip - 1e-6) : Math.floor(price - spread - slip + 1e-6)
    const limited =
      order.price === 0 ? worse : order.side === 'buy' ? Math.min(worse, order.price) : Math.max(worse, order.price)
    const paid = Math.max(1, limited)
    const total = spread + slip
    const tick = stock.tick.units / stock.tick.power
    this.#spread = total > 0 ? (Math.abs(paid - price) * tick * spread) / total : 0
    this.#slippage = total > 0 ? (Math.abs(paid - price) * tick * slip) / total : 0
    return paid
  }

  grant(_market: Market, venueOrder: VenueOrder, price: number, asked: number, liquidity: Fill['liquidity']): number {
    const order = venueOrder as SimOrder
    const { stock } = order
    const { sizing, leverage } = this.#assumptions
    const held = stock.lots
    const opposes = held !== 0 && held > 0 === (order.side === 'sell')
    let lots = asked
    // What may only reduce opens nothing.
    const mayOpen = !order.isSized && !order.reduceOnly
    if (sizing.kind !== 'strategy' && mayOpen && !(opposes && order.quantity <= Math.abs(held))) {
      order.isSized = true
      const closes = opposes ? Math.abs(held) : 0
      const fee = stock.fees.ahead(price, closes, liquidity, false) * this.#feeFactor
      lots = closes + sizedLots(sizing, stock, this.equityUnits(stock, price) - fee, price, this.power, leverage)
      order.quantity = order.filled + lots
      this.orders.changed(order.log, order.quantity, order.ask?.price ?? 0, order.stopPrice)
    }
    if (opposes && lots <= Math.abs(held)) return lots
    const after = Math.abs(held + (order.side === 'buy' ? lots : -lots)) * price * stock.unit
    const margin = this.equityUnits(stock, price) * leverage
    // Less what rounding may have added to it.
    const fee = (stock.fees.ahead(price, lots, liquidity, order.fills === 0) - 0.5) * this.#feeFactor
    if (after + fee + this.#notionalOfOthers(stock) <= margin * (1 + 1e-12)) return lots
    return opposes ? Math.abs(held) : 0
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
    const { stock, log } = order
    const fee = stock.fees.of(price, lots, liquidity, order.fills === 1)
    const delta = order.side === 'buy' ? lots : -lots
    this.#pay(delta * price, stock.unit)
    this.#pay(fee, this.#feeFactor)
    stock.lots += delta
    stock.quantity = numberOfSteps(stock.lots, stock.lot)
    this.orders.filled(log, lots, price)
    const size = this.#hasCosts && liquidity === 'taker' ? numberOfSteps(lots, stock.lot) : 0
    this.costs.fee += fee
    const spread = this.#spread * size
    const slippage = this.#slippage * size
    this.costs.spread += spread
    this.costs.slippage += slippage
    if (this.#keeps) this.fills.add(log, market.nowUs, stock.row, lots, price, fee, liquidity, slippage, spread)
    // An amend under way may yet say in this step what is left of it.
    if (this.isSilent && this.reports.length === 0 && order.amend === undefined) {
      this.book(order, market.nowUs, price, lots, fee)
      const status = order.filled >= order.quantity ? 'filled' : 'partially_filled'
      this.#account.told(order.clOrdId, status, numberOfSteps(order.filled, stock.lot))
      return
    }
    this.reports.push({ kind: 'fill', order, atUs: market.nowUs, price, lots, fee, filled: order.filled, liquidity })
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
    let sum = this.cash + stock.lots * price * stock.unit
    if (this.stocks.length > 1)
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
    return this.cash / this.power
  }

  equityQuote(): number {
    let value = this.cash / this.power
    for (const stock of this.stocks) if (stock.lots !== 0) value += stock.quantity * stock.mark
    return value
  }

  exposureQuote(): number {
    let value = 0
    for (const stock of this.stocks) if (stock.lots !== 0) value += Math.abs(stock.quantity * stock.mark)
    return value
  }

  get cashText(): string {
    return formatDecimal({ units: this.#exactCash, scale: this.#scale })
  }

  get fundingText(): string {
    return fromSteps(this.funding, '0.00000001')
  }

  #notionalOfOthers(stock: Stock): number {
    let sum = 0
    if (this.stocks.length > 1)
      for (const other of this.stocks)
        if (other !== stock && other.lots !== 0) sum += Math.abs(other.quantity * other.mark * this.power)
    return sum
  }

  /** From long to short, at the mark. */
  fund(stock: Stock, rate: number): void {
    if (stock.lots === 0 || Number.isNaN(stock.mark)) return
    const received = Math.round(-stock.quantity * stock.mark * rate * FEE_UNIT)
    this.funding += received
    this.#pay(-received, this.#feeFactor)
    this.costs.funding -= received / FEE_UNIT
    stock.openFunding += received / FEE_UNIT
  }

  /** Folds a fill into what the strategy holds, and closes the trades that it closes. */
  book(order: SimOrder, atUs: number, price: number, lots: number, fee: number): void {
    const { stock } = order
    const { holding } = stock
    const delta = order.side === 'buy' ? lots : -lots
    const before = holding.quantityLots
    const opens = before === 0 || before > 0 === delta > 0
    if (opens) {
      holding.apply(order.side, lots, price, fee)
      if (before === 0) this.#open(stock, order.ask, atUs)
      stock.openFees += fee
      return
    }
    const closed = Math.min(Math.abs(before), lots)
    const average = holding.averagePrice
    const realised = holding.realisedQuote
    holding.apply(order.side, lots, price, fee)
    const part = closed / Math.abs(before)
    const exitFee = (fee * closed) / lots
    const fees = (stock.openFees * part + exitFee) / 1e8
    const funding = stock.openFunding * part
    const gain = holding.realisedQuote - realised + fee / 1e8
    this.trades.add(
      stock.index,
      before > 0 ? closed : -closed,
      stock.openedUs,
      atUs,
      stock.openedRow,
      stock.row,
      average,
      price,
      gain - fees + funding,
      fees,
      funding,
      this.exitReason ?? reasonOfExit(order.ask),
      stock.openTag,
      order.ask?.tag,
      bestBefore(order, stock),
    )
    stock.openFees -= stock.openFees * part
    stock.openFunding -= funding
    if (lots <= closed) return
    this.#open(stock, order.ask, atUs)
    stock.openFees = fee - exitFee
  }

  #open(stock: Stock, ask: PlaceAsk | undefined, atUs: number): void {
    stock.openedUs = atUs
    stock.openedRow = stock.row
    stock.openFees = 0
    stock.openFunding = 0
    stock.openTag = ask?.tag
  }
}
