import { SECOND_US } from '@contrail/contracts'
import { StrategyActor } from '../strategy/actor.ts'
import type { CandleColumns } from './columns.ts'
import { BarSteps } from './bar-steps.ts'
import { booked, printed, quoted } from './prices.ts'
import type { Cause } from './decisions.ts'
import { Dealer, RUN_ACCOUNT, RUN_STRATEGY } from './dealer.ts'
import { Desk } from './desk.ts'
import { BarEquity, EquityCurve } from './equity.ts'
import { feedsOf, PROGRESS_EVENTS, rowAt } from './feed.ts'
import type { Feed } from './feed.ts'
import type { MarketRoute } from '../strategy/mailbox.ts'
import { breaksOf, gapBetween } from './gaps.ts'
import { Stretch } from './stretch.ts'
import { historyOf, isOpening, timelineOf } from './timeline.ts'
import { Brink, Margin } from './margin.ts'
import { OrdersAtOpen } from './market-orders.ts'
import { Marks } from './marks.ts'
import { BookRow, CandleRow, QuoteRow, TickRow } from './rows.ts'
import { isTape, runTape } from './tape.ts'
import { located, middle, middleOfBook, viewOf } from './views.ts'
import type { BacktestOptions, BacktestResult } from './types.ts'

/** One run: the live strategy step, the account and the venue, in one loop. */
export class Run {
  readonly actor: StrategyActor
  readonly desk: Desk
  readonly dealer: Dealer
  readonly feeds: readonly Feed[]
  readonly options: BacktestOptions
  readonly equity: EquityCurve | BarEquity
  readonly gaps: BacktestResult['gaps'][number][] = []
  readonly cause: Cause = { event: 0, series: 0, row: 0, nowUs: 0 }
  readonly #hasTimer: boolean
  readonly #hasGap: boolean
  readonly #isBarModel: boolean
  readonly margin: Margin
  readonly #barSteps: BarSteps
  readonly #total: number
  #clockUs = NaN
  /** Rows that are over. */
  done = 0
  isComplete = true

  constructor(options: BacktestOptions) {
    const { definition, parameters, instruments, assumptions } = options
    const names = { strategy: RUN_STRATEGY, tenant: 'main', account: RUN_ACCOUNT }
    this.options = options
    this.actor = new StrategyActor(definition, { ...names, parameters, instruments })
    this.desk = new Desk(instruments, this.actor, options, RUN_STRATEGY)
    this.dealer = new Dealer(this.actor, this.desk, this.cause, options)
    this.margin = new Margin(this.dealer, this.cause, assumptions.maintenanceMargin)
    this.#barSteps = new BarSteps(this.dealer, this.cause, this.margin)
    this.#isBarModel = assumptions.fillModel === 'bar'
    this.#hasTimer = this.actor.handles('onTimer')
    this.#hasGap = this.actor.handles('onGap')
    this.feeds = feedsOf(options.series, this.desk.stocks, this.actor, this.#isBarModel)
    let total = 0
    for (const feed of this.feeds) {
      if (options.fromUs !== undefined) feed.first = rowAt(feed, options.fromUs)
      if (options.toUs !== undefined) feed.end = Math.max(feed.first, rowAt(feed, options.toUs))
      total += feed.end - feed.first
    }
    this.#total = total
    const byDay = options.keep === 'summary'
    const [feed] = this.feeds
    this.equity =
      this.feeds.length === 1 && feed?.columns.kind === 'candles' && feed.matches
        ? new BarEquity(feed.columns, feed.spanUs, feed.first, byDay)
        : new EquityCurve(byDay)
  }

  run(): void {
    const [feed] = this.feeds
    try {
      this.#warmUp()
      if (this.equity instanceof BarEquity) this.#bars(feed!, feed!.columns as CandleColumns, this.equity)
      else if (isTape(this)) runTape(this, this.equity)
      else this.#merged(this.equity)
    } catch (error) {
      const { series, row } = this.cause
      throw located(error, this.options.definition.name, this.feeds[series]!.columns, row)
    }
  }

  /** History before the run proper: the strategy sees it, and what it asks for is dropped. */
  #warmUp(): void {
    const { lookback } = this.actor
    if (lookback === 0 || this.feeds.every(({ first }) => first === 0)) return
    for (const { feed, row, atUs } of historyOf(this.feeds, lookback)) {
      if (!feed.route) continue
      this.cause.series = feed.index
      this.cause.row = row
      const [value, price] = viewOf(feed, row)
      this.actor.seeHistory(feed.route, value, atUs, price)
      feed.stock.mark = price
    }
  }

  /**
   * One series of bars: the common case, without a timeline. Stretches without an order go by in one go; every other bar is
   * met in all its steps.
   */
  #bars(feed: Feed, columns: CandleColumns, equity: BarEquity): void {
    const { spanUs, stock, route, first, end } = feed
    const { desk, dealer } = this
    const { orders } = stock.market
    const { openTimeUs } = columns
    const brink = new Brink(columns, this.margin)
    const stretch =
      route && this.actor.handles('onCandle') && !this.#hasTimer
        ? new Stretch(this, feed, route, columns, brink, OrdersAtOpen.of(dealer, stock, columns, equity, this.options))
        : undefined
    this.cause.series = feed.index
    equity.follow(first, desk, stock)
    const breaks = breaksOf(openTimeUs, spanUs)
    let nextBreak = 0
    let [row, expectedUs] = [first, openTimeUs[first]!]
    while (row < end) {
      while (breaks[nextBreak]! <= row) nextBreak++
      const whole = breaks[nextBreak] ?? end
      const until = Math.min(end, whole, row + PROGRESS_EVENTS - (this.done % PROGRESS_EVENTS))
      const isNext = openTimeUs[row] === expectedUs
      const isMet = stretch !== undefined && isNext && orders.length > 0
      if (isMet) {
        this.#barSteps.open(feed, columns, row)
        this.#barSteps.range(feed, columns, row)
        equity.follow(row, desk, stock)
      } else stretch?.meet(row)
      // What bars may do to what is held; a row that may close it out is met in all its steps.
      const safe = stretch ? brink.safeUntil(stock, row, until) : row
      const seen =
        isNext && safe > row && orders.length === 0 && stretch?.begin(dealer.decisionCount + 1)
          ? this.#pass(stretch, feed, columns, row, safe)
          : this.#bar(feed, columns, row, expectedUs, isMet)
      expectedUs = openTimeUs[row + seen - 1]! + spanUs
      this.done += seen
      row += seen
      equity.follow(row - 1, desk, stock)
      if (this.done % PROGRESS_EVENTS === 0 && this.isStopped()) break
    }
    equity.advance(row)
  }

  /** Rows that were seen. */
  #pass(stretch: Stretch, { stock }: Feed, columns: CandleColumns, row: number, until: number): number {
    const { dealer } = this
    const cause = this.cause
    const before = cause.event
    const at = stretch.run(row, until)
    const last = at < 0 ? -1 - at : at - 1
    cause.event = before + last - row + 1
    cause.row = last
    cause.nowUs = this.actor.moment[0]!
    stock.row = last
    stock.mark = columns.close[last]!
    if (at < 0) {
      dealer.decided()
      dealer.deliver()
    }
    return last - row + 1
  }

  /** One bar in all its steps; 1 = seen. `isMet`: the venue has had it. */
  #bar(feed: Feed, columns: CandleColumns, row: number, expectedUs: number, isMet: boolean): 1 {
    const { spanUs, stock, route } = feed
    const { actor, dealer } = this
    const { cause } = this
    const openUs = columns.openTimeUs[row]!
    const closeUs = openUs + spanUs
    if (openUs !== expectedUs) this.#gap(feed, row, openUs)
    stock.row = row
    cause.row = row
    if (!isMet) {
      this.#barSteps.open(feed, columns, row)
      this.#barSteps.range(feed, columns, row)
    }
    if (this.#hasTimer) this.#timers(closeUs)
    stock.mark = columns.close[row]!
    cause.nowUs = closeUs
    cause.event++
    if (route === undefined) return 1
    actor.moment[0] = closeUs
    actor.moment[1] = stock.mark
    if (actor.see(route, new CandleRow(columns, row), dealer.decisionCount + 1)) {
      dealer.decided()
      dealer.deliver()
    }
    return 1
  }

  #closeBar(feed: Feed, columns: CandleColumns, row: number, closeUs: number): void {
    const { stock } = feed
    if (feed.matches) this.#barSteps.range(feed, columns, row)
    if (this.#hasTimer) this.#timers(closeUs)
    stock.mark = columns.close[row]!
    stock.dataUs = closeUs
    this.cause.nowUs = closeUs
    this.cause.event++
    if (feed.route) this.#see(feed.route, new CandleRow(columns, row), closeUs, stock.mark)
  }

  #see(route: MarketRoute, view: object, atUs: number, price: number): void {
    const { moment } = this.actor
    if (atUs > moment[0]!) moment[0] = atUs
    moment[1] = price
    if (!this.actor.see(route, view, this.dealer.decisionCount + 1)) return
    this.dealer.decided()
    this.dealer.deliver()
  }

  /** Several series by the time at which they are seen; at one instant: data first, then the opens of new bars. */
  #merged(equity: EquityCurve): void {
    const { feeds } = this
    const order = timelineOf(this.options.series, feeds, this.#isBarModel)
    const rows = feeds.map(({ first }) => first)
    const opened = [...rows]
    const marks = new Marks(equity, this.desk)
    for (let k = 0; k < order.length; k++) {
      const code = order[k]!
      const feed = feeds[code >> 1]!
      const isOpen = isOpening(code)
      const row = isOpen ? opened[feed.index]!++ : rows[feed.index]!++
      const atUs = feed.timesUs[row]! + (isOpen ? 0 : feed.spanUs)
      if (isOpen) marks.look()
      else marks.before(atUs)
      this.cause.series = feed.index
      if (isOpen) {
        this.#barSteps.open(feed, feed.columns as CandleColumns, row)
        continue
      }
      this.event(feed, row, atUs)
      if (!this.#isBarModel) marks.after(atUs)
      else if (feed.matches) marks.due(atUs)
      if (++this.done % PROGRESS_EVENTS === 0 && this.isStopped()) break
    }
    if (this.done > 0) marks.end(this.cause.nowUs)
  }

  event(feed: Feed, row: number, atUs: number): void {
    const { columns, stock } = feed
    this.cause.row = row
    if (feed.matches) stock.row = row
    switch (columns.kind) {
      case 'candles':
        if (row > feed.first && columns.openTimeUs[row]! > columns.openTimeUs[row - 1]! + feed.spanUs)
          this.#gap(feed, row, columns.openTimeUs[row]!)
        return this.#closeBar(feed, columns, row, atUs)
      case 'ticks':
        return this.#price(feed, new TickRow(columns, row), columns.price[row]!, atUs, () =>
          printed(stock, columns, row, this.#isBarModel),
        )
      case 'quotes': {
        const view = new QuoteRow(columns, row)
        return this.#price(feed, view, middle(columns, row), atUs, () => quoted(stock, columns, row, view))
      }
      case 'book': {
        const view = new BookRow(columns, row)
        return this.#price(feed, view, middleOfBook(columns, row), atUs, () => booked(stock, columns, row, view))
      }
      case 'funding':
        this.cause.nowUs = atUs
        if (this.options.assumptions.funding) this.desk.fund(stock, columns.rate[row]!)
    }
  }

  /** The venue reacts first, then the strategy sees it. */
  #price(feed: Feed, view: object, price: number, atUs: number, react: () => void): void {
    const { stock, route, matches } = feed
    const cause = this.cause
    if (this.#hasTimer) this.#timers(atUs)
    if (atUs > cause.nowUs) cause.nowUs = atUs
    if (matches) {
      react()
      this.dealer.deliver()
    }
    if (!Number.isNaN(price)) stock.mark = price
    stock.dataUs = atUs
    this.margin.at(stock, stock.mark, atUs)
    cause.event++
    if (route) this.#see(route, view, atUs, price)
  }

  /** One a second, as the clock of live gives them. */
  #timers(untilUs: number): void {
    if (Number.isNaN(this.#clockUs)) this.#clockUs = Math.floor(untilUs / SECOND_US) * SECOND_US
    while (this.#clockUs + SECOND_US <= untilUs) {
      this.#clockUs += SECOND_US
      this.cause.nowUs = Math.max(this.cause.nowUs, this.#clockUs)
      if (!this.actor.seeOther('onTimer', undefined, this.#clockUs, this.dealer.decisionCount + 1)) continue
      this.dealer.decided()
      this.dealer.deliver()
    }
  }

  #gap(feed: Feed, row: number, openUs: number): void {
    const gap = gapBetween(feed, row, openUs)
    if (!gap) return
    const { venue, instrument } = feed.columns
    this.gaps.push({ venue, instrument, fromUs: gap.fromUs, toUs: openUs, held: feed.stock.quantity })
    if (!this.#hasGap || !feed.route) return
    if (!this.actor.seeOther('onGap', gap.detail, openUs, this.dealer.decisionCount + 1)) return
    this.dealer.decided()
    this.dealer.deliver()
  }

  isStopped(): boolean {
    if (this.options.onProgress?.(this.done, this.#total) !== false) return false
    this.isComplete = false
    return true
  }
}
