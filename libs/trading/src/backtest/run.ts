import { refuse } from '@contrail/contracts'
import type { Confirm, OrderStatus } from '@contrail/contracts'
import { StrategyActor } from '../strategy/actor.ts'
import type { Ask, PlaceAsk } from '../strategy/ask.ts'
import { StrategyFailure } from '../strategy/handlers.ts'
import { addOrder, requestAmend, requestCancel, sweep, takeAmend } from '../venue/lifecycle.ts'
import { fill, finish } from '../venue/fill.ts'
import { onBarOpen, onBarRange } from '../venue/bar.ts'
import { numberOfSteps } from '../venue/steps.ts'
import type { CandleColumns } from './columns.ts'
import { confirmOf } from './confirm.ts'
import { latencyOf } from './costs.ts'
import { Desk } from './desk.ts'
import type { Report, SimOrder, Stock } from './desk.ts'
import { feedsOf, rowAt } from './feed.ts'
import type { Feed } from './feed.ts'
import { Growing } from './growing.ts'
import type { OrderLogEntry } from './logs.ts'
import { makeSimOrder } from './order.ts'
import { CandleRow } from './rows.ts'
import type { BacktestOptions, BacktestResult, DecisionRecord } from './types.ts'

/** The account that the orders of a run are booked on. */
export const RUN_ACCOUNT = 'backtest'
export const RUN_STRATEGY = 'run'
const PROGRESS_EVENTS = 65_536

const CLOSING = {
  type: 'place',
  orderType: 'market',
  price: 0,
  stopPrice: 0,
  timeInForce: 'GTC',
  expireAtUs: undefined,
  postOnly: false,
  reduceOnly: false,
  tag: undefined,
  trailTicks: 0,
  trailPercent: 0,
  parent: '',
  oco: '',
  linked: false,
} as const

export type DecisionEntry = Omit<DecisionRecord, 'intents'> & { readonly asks: readonly Ask[] }

/** One run: the live strategy step, the account and the venue, in one loop. */
export class Run {
  readonly actor: StrategyActor
  readonly desk: Desk
  readonly feeds: readonly Feed[]
  readonly options: BacktestOptions
  readonly decisions: DecisionEntry[] = []
  readonly orders: OrderLogEntry[] = []
  readonly equityUs = new Growing()
  readonly equity = new Growing()
  readonly exposure = new Growing()
  readonly #open = new Map<string, SimOrder>()
  readonly #keeps: boolean
  readonly #latency: () => number
  readonly #tells: { readonly fill: boolean; readonly order: boolean }
  readonly gaps: BacktestResult['gaps'][number][] = []
  readonly denials: Record<string, number> = {}
  liquidations = 0
  decisionCount = 0
  events = 0
  isComplete = true
  peak = -Infinity
  nowUs = 0
  /** Where the input at hand comes from. */
  #feed = 0
  #row = 0

  constructor(options: BacktestOptions) {
    const { definition, parameters, instruments, assumptions } = options
    const names = { strategy: RUN_STRATEGY, tenant: 'main', account: RUN_ACCOUNT }
    this.options = options
    this.actor = new StrategyActor(definition, { ...names, parameters, instruments })
    this.desk = new Desk(instruments, this.actor, options.cash, assumptions)
    this.feeds = feedsOf(options.series, this.desk.stocks, this.actor, assumptions.fillModel === 'bar')
    this.#keeps = options.keep !== 'summary'
    this.#latency = latencyOf(assumptions.latency, assumptions.seed)
    this.#tells = { fill: this.actor.handles('onFill'), order: this.actor.handles('onOrder') }
    for (const feed of this.feeds) {
      if (options.fromUs !== undefined) feed.first = rowAt(feed, options.fromUs)
      if (options.toUs !== undefined) feed.end = rowAt(feed, options.toUs)
    }
  }

  run(): void {
    const [feed] = this.feeds
    if (!feed || feed.columns.kind !== 'candles') throw refuse('not_yet', 'series', this.feeds.length, 'give candles')
    try {
      this.#bars(feed, feed.columns)
    } catch (error) {
      throw this.#located(error)
    }
  }

  #bars(feed: Feed, columns: CandleColumns): void {
    const { stock, route, spanUs } = feed
    const { market } = stock
    const { openTimeUs, close } = columns
    const total = feed.end - feed.first
    for (let row = feed.first; row < feed.end; row++) {
      const openUs = openTimeUs[row]!
      const closeUs = openUs + spanUs
      stock.row = row
      this.#row = row
      if (market.orders.length > 0) this.#match(stock, columns, row, openUs, closeUs)
      const price = close[row]!
      stock.mark = price
      this.nowUs = closeUs
      this.events++
      if (route && this.actor.see(route, new CandleRow(columns, row), closeUs, price, this.decisionCount + 1)) {
        this.#decided()
        this.#deliver()
      }
      this.#mark(closeUs)
      if (this.events % PROGRESS_EVENTS === 0 && this.options.onProgress?.(row - feed.first + 1, total) === false) {
        this.isComplete = false
        return
      }
    }
  }

  #match(stock: Stock, columns: CandleColumns, row: number, openUs: number, closeUs: number): void {
    const { market } = stock
    const open = columns.open[row]!
    const high = columns.high[row]!
    const low = columns.low[row]!
    const close = columns.close[row]!
    stock.volume = columns.volume[row]!
    stock.mark = open
    this.nowUs = openUs
    onBarOpen(market, openUs, open)
    this.#deliver()
    onBarRange(market, { open, high, low, close }, openUs, closeUs)
    this.nowUs = closeUs
    this.#deliver()
  }

  #mark(atUs: number): void {
    const value = this.desk.equityQuote()
    if (value > this.peak) this.peak = value
    this.equityUs.push(atUs)
    this.equity.push(value)
    this.exposure.push(this.desk.exposureQuote())
  }

  /** The step before has decided something. */
  #decided(): void {
    const { actor } = this
    const asks = actor.takeAsks()
    const number = ++this.decisionCount
    if (this.#keeps)
      this.decisions.push({
        number,
        atUs: actor.nowUs,
        event: this.events,
        series: this.#feed,
        row: this.#row,
        reasons: actor.reasons,
        asks,
      })
    for (const ask of asks) this.#carryOut(ask)
  }

  #carryOut(ask: Ask): void {
    if (ask.type === 'place') return this.#place(ask)
    const order = this.#open.get(ask.orderId)
    if (!order || order.state === 'done') return
    const { market } = order.stock
    const dueUs = this.nowUs + this.#latency()
    if (ask.type === 'cancel') {
      if (dueUs > this.nowUs) return requestCancel(market, order, `${ask.orderId}-c`, dueUs)
      finish(market, order, 'cancelled')
      return sweep(market)
    }
    const quantity = ask.lots ?? order.quantity
    requestAmend(market, order, {
      dueUs,
      clOrdId: `${ask.orderId}-r`,
      quantity,
      price: ask.price ?? 0,
      stopPrice: ask.stopPrice ?? 0,
    })
    if (dueUs > this.nowUs) return
    // The market is met at the next open, as a new order would meet it.
    if (takeAmend(market, order) && order.state === 'resting') order.state = 'inbound'
    sweep(market)
  }

  #place(ask: PlaceAsk): void {
    const stock = this.desk.stocks.find((one) => one.key === ask.slot.key) as Stock
    const log: OrderLogEntry = {
      orderId: ask.orderId,
      instrument: stock.instrument,
      ask,
      side: ask.side,
      placedUs: this.nowUs,
      lots: ask.lots,
      price: ask.price,
      stopPrice: ask.stopPrice,
      doneUs: NaN,
      status: 'new',
      filled: 0,
      paid: 0,
      reason: undefined,
    }
    if (this.#keeps) this.orders.push(log)
    const order = makeSimOrder(stock, log, ask, this.nowUs + this.#latency())
    this.#open.set(ask.orderId, order)
    addOrder(stock.market, order)
    if (order.activeAtUs <= this.nowUs) this.desk.reports.push({ kind: 'accepted', order, atUs: this.nowUs })
  }

  /** Tells the strategy what became of its orders; what it does in answer comes after. */
  #deliver(): void {
    const { reports } = this.desk
    for (let i = 0; i < reports.length; i++) this.#tell(reports[i]!)
    if (reports.length > 0) reports.length = 0
  }

  #tell(report: Report): void {
    const { order } = report
    const { account } = this.actor
    const { orderId } = order.log
    switch (report.kind) {
      case 'accepted':
        account.told(orderId, 'new', 0)
        break
      case 'fill': {
        this.desk.book(order, report.atUs, report.price, report.lots, report.fee)
        const isWhole = report.filled >= order.quantity
        if (isWhole) this.#open.delete(orderId)
        const filled = numberOfSteps(report.filled, order.stock.lot)
        account.told(orderId, isWhole ? 'filled' : 'partially_filled', filled)
        break
      }
      case 'replaced': {
        const { tick, lot } = order.stock
        account.told(orderId, order.filled > 0 ? 'partially_filled' : 'new', numberOfSteps(order.filled, lot), {
          quantity: numberOfSteps(order.quantity, lot),
          price: order.price > 0 ? numberOfSteps(order.price, tick) : undefined,
          stopPrice: order.stopPrice > 0 ? numberOfSteps(order.stopPrice, tick) : undefined,
        })
        break
      }
      default:
        this.#open.delete(orderId)
        account.told(orderId, report.kind as OrderStatus, numberOfSteps(order.filled, order.stock.lot))
    }
    const isFill = report.kind === 'fill'
    if (isFill ? this.#tells.fill : this.#tells.order) this.#handle(report, isFill)
  }

  #handle(report: Report, isFill: boolean): void {
    const confirm: Confirm = confirmOf(report, RUN_STRATEGY, RUN_ACCOUNT)
    const name = isFill ? 'onFill' : 'onOrder'
    if (this.actor.seeReport(name, confirm, report.atUs, this.decisionCount + 1)) this.#decided()
  }

  /** The end: what is open is marked, or closed by the run itself. */
  settle(): void {
    const { desk, options } = this
    const { atEnd } = options.assumptions
    if (atEnd === 'mark' || this.events === 0) return
    desk.exitReason = 'end'
    for (const stock of desk.stocks) {
      const { series, row } = stock
      if (stock.lots === 0 || !series) continue
      const isOpen = atEnd === 'close_at_open' && series.kind === 'candles'
      const atUs = isOpen ? series.openTimeUs[row]! : this.nowUs
      this.#close(stock, isOpen ? series.open[row]! : stock.mark, atUs, 'END')
    }
    this.#remark()
  }

  /** Closes a whole position by an order of the run's own. */
  #close(stock: Stock, price: number, atUs: number, reason: string): void {
    const { market, instrument, tick } = stock
    const side = stock.lots > 0 ? 'sell' : 'buy'
    const lots = Math.abs(stock.lots)
    const log: OrderLogEntry = {
      orderId: `${RUN_STRATEGY}-${reason.toLowerCase()}-${this.orders.length}`,
      instrument,
      ask: undefined,
      side,
      placedUs: atUs,
      lots,
      price: 0,
      stopPrice: 0,
      doneUs: NaN,
      status: 'new',
      filled: 0,
      paid: 0,
      reason,
    }
    if (this.#keeps) this.orders.push(log)
    const order = makeSimOrder(
      stock,
      log,
      { ...CLOSING, orderId: log.orderId, slot: undefined as never, side, lots },
      atUs,
    )
    market.nowUs = Math.max(market.nowUs, atUs)
    order.state = 'working'
    fill(market, order, Math.round((price * tick.power) / tick.units), lots, 'taker')
    const { reports } = this.desk
    for (const report of reports) if (report.kind === 'fill') this.#book(report, atUs)
    reports.length = 0
  }

  #book(report: Extract<Report, { kind: 'fill' }>, atUs: number): void {
    this.desk.book(report.order, atUs, report.price, report.lots, report.fee)
  }

  /** The last point of equity, anew. */
  #remark(): void {
    const last = this.equity.length - 1
    const { desk } = this
    const value = desk.equityQuote()
    this.equity.set(last, value)
    this.exposure.set(last, desk.exposureQuote())
    if (value > this.peak) this.peak = value
  }

  /** What the author's code threw, with the row that did it. */
  #located(error: unknown): unknown {
    if (!(error instanceof StrategyFailure)) return error
    const { venue, instrument, kind } = this.feeds[this.#feed]!.columns
    const input = { stream: kind, sequence: this.#row, subject: `${venue}.${instrument}`, data: new Uint8Array(0) }
    return new StrategyFailure(this.options.definition.name, error.handler, input, error.cause)
  }
}
