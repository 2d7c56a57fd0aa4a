import type { Confirm } from '@contrail/contracts'
import type { StrategyActor } from '../strategy/actor.ts'
import type { Ask, PlaceAsk } from '../strategy/ask.ts'
import { fill, finish } from '../venue/fill.ts'
import { addOrder, requestAmend, requestCancel, runDue, sweep, takeAmend } from '../venue/lifecycle.ts'
import { onBook, onQuote } from '../venue/simulated.ts'
import { numberOfSteps } from '../venue/steps.ts'
import { confirmOf, statusOf } from './confirm.ts'
import { latencyOf } from './costs.ts'
import type { Desk } from './desk.ts'
import type { Report, SimOrder, Stock } from './stock.ts'
import { Gate } from './gate.ts'
import { CLOSING_ASK, makeSimOrder } from './order.ts'
import { DecisionLog } from './decisions.ts'
import type { Cause } from './decisions.ts'
import type { BacktestOptions } from './types.ts'

/** The account that the orders of a run are booked on, and its strategy: a prefix of its order ids. */
export const RUN_ACCOUNT = 'backtest'
export const RUN_STRATEGY = 'run'

/** Orders of which nothing is kept are forgotten together. */
const FORGET_ORDERS = 4_096

/** Between the strategy and the venue: decisions in, through the gate and the latency; reports back. */
export class Dealer {
  readonly actor: StrategyActor
  readonly desk: Desk
  readonly cause: Cause
  readonly decisions: DecisionLog
  decisionCount = 0
  readonly denied: Record<string, number> = {}
  readonly gate: Gate | undefined
  readonly #keeps: boolean
  readonly #isBarModel: boolean
  readonly #latency: () => number
  readonly #hearsFills: boolean
  readonly #hearsOrders: boolean

  constructor(actor: StrategyActor, desk: Desk, cause: Cause, options: BacktestOptions) {
    const { assumptions } = options
    this.actor = actor
    this.desk = desk
    this.cause = cause
    this.#keeps = options.keep !== 'summary'
    this.decisions = new DecisionLog(desk.orders, actor)
    this.#isBarModel = assumptions.fillModel === 'bar'
    this.#latency = latencyOf(assumptions.latency, assumptions.seed)
    const { riskGate, accountLimits = false } = assumptions
    this.gate = riskGate ? new Gate(accountLimits, options.limits, this.#isBarModel) : undefined
    this.#hearsFills = actor.handles('onFill')
    this.#hearsOrders = actor.handles('onOrder')
  }

  /** The step before has decided something. */
  decided(): void {
    const { actor, cause } = this
    const number = ++this.decisionCount
    const asks = actor.collected.take()
    if (this.#keeps) this.decisions.add(cause, asks, this.desk.orders.count)
    for (let index = 0; index < asks.length; index++) this.#carryOut(asks, number, index)
  }

  /** Tells the strategy what became of its orders; what it does in answer is carried out, too. */
  deliver(): void {
    const { reports } = this.desk
    if (reports.length === 0) return
    for (let i = 0; i < reports.length; i++) this.#tell(reports[i]!)
    while (reports.length > 0) reports.pop()
  }

  #carryOut(asks: readonly Ask[], number: number, index: number): void {
    const ask = asks[index]!
    if (ask.type === 'place') return this.#place(ask, asks, number, index)
    const order = this.#find(ask.orderId)
    if (!order) return
    const { market } = order.stock
    const { nowUs } = this.cause
    const denied = this.gate?.change(ask, order, nowUs)
    if (denied) return void this.desk.reports.push({ kind: 'refused', order, atUs: nowUs, reason: denied })
    const dueUs = nowUs + this.#latency()
    if (ask.type === 'cancel') requestCancel(market, order, `${ask.orderId}-c`, dueUs)
    else
      requestAmend(market, order, {
        dueUs,
        clOrdId: `${ask.orderId}-r`,
        quantity: ask.lots ?? order.quantity,
        price: ask.price ?? 0,
        stopPrice: ask.stopPrice ?? 0,
      })
    if (dueUs > nowUs) return
    if (!this.#isBarModel && market.quoted) return runDue(market)
    if (ask.type === 'cancel') finish(market, order, 'cancelled')
    // The market is met at the next open or trade, as a new order would meet it: never at the one that caused it.
    else if (takeAmend(market, order) && order.state === 'resting') order.state = 'inbound'
    sweep(market)
  }

  #find(orderId: string): SimOrder | undefined {
    for (const stock of this.desk.stocks)
      for (const order of stock.market.orders)
        if (order.clOrdId === orderId && order.state !== 'done') return order as SimOrder
    return undefined
  }

  #stockOf(key: string): Stock {
    const { stocks } = this.desk
    for (const stock of stocks) if (stock.key === key) return stock
    throw new Error(`${key} is an instrument of the strategy and not of the run`)
  }

  #place(ask: PlaceAsk, asks: readonly Ask[], number: number, index: number): void {
    const { cause } = this
    const { nowUs } = cause
    const stock = this.#stockOf(ask.slot.key)
    const { market } = stock
    const { orders } = this.desk
    if (!this.#keeps && orders.count >= FORGET_ORDERS && this.desk.isIdle) orders.clear()
    const log = orders.add(stock.index, ask, nowUs, number, index)
    const order = makeSimOrder(stock, log, ask, nowUs)
    const denied = this.gate?.place(ask, order, nowUs, asks)
    if (denied) {
      orders.ended(log, 'denied', nowUs)
      orders.explain(log, denied.text)
      this.denied[denied.code] = (this.denied[denied.code] ?? 0) + 1
      this.desk.reports.push({ kind: 'denied', order, atUs: nowUs, reason: denied })
      return
    }
    order.activeAtUs = nowUs + this.#latency()
    if (market.orders.length === 0) catchUp(stock, this.#isBarModel)
    if (nowUs > market.nowUs) market.nowUs = nowUs
    this.send(order)
  }

  /** To its market, now or after its latency. */
  send(order: SimOrder): void {
    const { market } = order.stock
    addOrder(market, order)
    if (order.activeAtUs > this.cause.nowUs) return
    this.desk.arrived(market, order)
    // Where bids and asks are known they are met at once; else the next price is.
    if (order.state === 'done' || (!this.#isBarModel && market.quoted)) runDue(market)
  }

  #tell(report: Report): void {
    const { order } = report
    const { account } = this.actor
    const orderId = order.clOrdId
    const { tick, lot } = order.stock
    switch (report.kind) {
      case 'accepted':
        account.told(orderId, 'new', 0)
        break
      case 'fill': {
        const { atUs, price, lots, fee } = report
        this.desk.books.fill(order.stock, order.side, lots, price, fee, atUs, order.ask?.tag, order)
        const status = report.filled >= order.quantity ? 'filled' : 'partially_filled'
        account.told(orderId, status, numberOfSteps(report.filled, lot))
        break
      }
      case 'refused':
      case 'replaced':
        account.told(orderId, statusOf(report, order.filled), numberOfSteps(order.filled, lot), {
          quantity: numberOfSteps(order.quantity, lot),
          price: order.price > 0 && order.ask?.orderType !== 'market' ? numberOfSteps(order.price, tick) : undefined,
          stopPrice: order.stopPrice > 0 ? numberOfSteps(order.stopPrice, tick) : undefined,
        })
        break
      default:
        account.told(orderId, report.kind, numberOfSteps(order.filled, lot))
    }
    const isFill = report.kind === 'fill'
    if (!(isFill ? this.#hearsFills : this.#hearsOrders)) return
    const confirm: Confirm = confirmOf(report, RUN_STRATEGY, RUN_ACCOUNT)
    const handler = isFill ? 'onFill' : 'onOrder'
    if (this.actor.seeOther(handler, confirm, report.atUs, this.decisionCount + 1)) this.decided()
  }

  /** Closes a whole position by an order of the run's own: it passes no gate and knows no latency. */
  close(stock: Stock, price: number, atUs: number, reason: 'END' | 'LIQUIDATION'): void {
    const { market, tick } = stock
    const side = stock.lots > 0 ? 'sell' : 'buy'
    const lots = Math.abs(stock.lots)
    const row = this.desk.orders.count
    const orderId = `${RUN_STRATEGY}-${reason.toLowerCase()}-${row}`
    const ask = { ...CLOSING_ASK, orderId, slot: undefined as never, side, lots } as const
    const log = this.desk.orders.add(stock.index, ask, atUs, 0, 0)
    this.desk.orders.explain(log, reason)
    const order = makeSimOrder(stock, log, ask, atUs)
    order.ask = undefined
    market.nowUs = Math.max(market.nowUs, atUs)
    order.state = 'working'
    this.desk.books.exitReason = reason === 'END' ? 'end' : 'liquidation'
    fill(market, order, Math.max(1, Math.round((price * tick.power) / tick.units)), lots, 'taker')
    this.deliver()
    this.desk.books.exitReason = undefined
  }
}

/** Quotes and books that nobody waited for were not shown to the market yet. */
function catchUp(stock: Stock, isBarModel: boolean): void {
  const { market, unseen, mark, tick } = stock
  stock.unseen = undefined
  // A limit that the last print does not reach rests; bars are met at their opens whatever was before.
  if (!isBarModel && mark > 0) market.last = Math.round((mark * tick.power) / tick.units)
  if (!unseen) return
  if ('bids' in unseen) onBook(market, unseen)
  else onQuote(market, unseen)
}
