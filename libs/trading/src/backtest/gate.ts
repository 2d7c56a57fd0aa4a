import { fromSteps, stepsOf } from '@contrail/contracts'
import type { Instrument, PlaceIntent, Reason, Side } from '@contrail/contracts'
import type { AmendAsk, Ask, CancelAsk, PlaceAsk } from '../strategy/ask.ts'
import { placeIntentOf } from '../strategy/ask.ts'
import type { PlainOrder } from '../strategy/plain.ts'
import { checkAmend, checkCancel, checkEntry } from '../risk/gate.ts'
import { LIMITS_DEFAULT } from '../risk/limits.ts'
import type { Limits } from '../risk/limits.ts'
import type { Exposure, RecentOrder, RiskView } from '../risk/view.ts'
import { unlinkable } from '../venue/links.ts'
import { stepsOfInstrument } from '../venue/steps.ts'
import { isTrailing } from '../venue/trail.ts'
import type { SimOrder, Stock } from './stock.ts'

const MINUTE_US = 60_000_000
/** Limits on size and price belong to an account; what bounds a run is its cash and leverage. */
const NO_ACCOUNT_LIMITS: Partial<Limits> = {
  notionalMax: Number.POSITIVE_INFINITY,
  quantityMax: Number.POSITIVE_INFINITY,
  volumePartMax: Number.POSITIVE_INFINITY,
  midCollar: Number.POSITIVE_INFINITY,
  lastCollar: Number.POSITIVE_INFINITY,
}
const SCOPE = { tenant: 'main', account: 'backtest', strategy: 'run' }

/**
 * The risk gate of live. Numbers that are plainly inside every limit pass by the same comparisons in doubles; whatever is
 * near one, or has more to it than a price and a quantity, is asked of the gate itself, whose word is the verdict.
 */
export class Gate {
  readonly #limits: Limits
  /** Bars say nothing of how old a price is: the market is there all the time. */
  readonly #alwaysFresh: boolean
  readonly #hasBand: boolean
  #recent: RecentOrder[] = []
  /** The plain order that passed last, until somebody wants to know: its time (a double in a field would be boxed) and itself. */
  readonly #lastUs = new Float64Array([-Infinity])
  readonly #last: { slot: PlaceAsk['slot'] | undefined; side: Side; lots: number } = {
    slot: undefined,
    side: 'buy',
    lots: 0,
  }
  #recentCancelsUs: number[] = []

  /** `accountLimits`: those on size and price too; a market order then ends at the edge of its band. */
  constructor(accountLimits: boolean, limits: Partial<Limits> | undefined, alwaysFresh: boolean) {
    this.#limits = { ...LIMITS_DEFAULT, ...(accountLimits ? {} : NO_ACCOUNT_LIMITS), ...limits }
    this.#hasBand = accountLimits || limits?.protectionBand !== undefined
    this.#alwaysFresh = alwaysFresh
  }

  /** Undefined = passed, and the order is what is to be sent. */
  place(ask: PlaceAsk, order: SimOrder, nowUs: number, decision: readonly Ask[]): Reason | undefined {
    const { stock } = order
    if (ask.parent !== '') {
      const stray = unlinkable(stock.market, ask.parent)
      if (stray) return { code: 'PARENT_ENDED', text: stray.text }
    }
    this.#recall(nowUs)
    if (!this.#isPlain(ask, stock, nowUs) || !this.#protects(ask, order)) {
      const children = ask.linked ? childrenOf(ask, decision) : []
      const view = this.#view(stock, nowUs, ask.parent)
      const verdict = checkEntry(placeIntentOf(ask), children, { decidedUs: nowUs }, view)
      if (verdict.verdict === 'denied') return verdict.reason
      const { price, timeInForce } = verdict.approved.request
      if (this.#hasBand && ask.orderType === 'market' && price !== undefined) {
        order.price = stepsOf(price, stock.instrument.tickSize, 'exact', 'price')
        order.timeInForce = timeInForce
      }
    }
    this.#recent.push(new Recent(ask, nowUs))
    return undefined
  }

  /** A plain market order is within all limits, and counted. False: `place` has to say it. */
  passes(plain: PlainOrder, stock: Stock, nowUs: number): boolean {
    if (this.#hasBand) return false
    this.#recall(nowUs)
    if (!this.#isWithin(plain.side, plain.lots, plain.slot!.details, stock, nowUs)) return false
    this.#lastUs[0] = nowUs
    this.#last.slot = plain.slot
    this.#last.side = plain.side
    this.#last.lots = plain.lots
    return true
  }

  change(ask: CancelAsk | AmendAsk, order: SimOrder, nowUs: number): Reason | undefined {
    const { stock } = order
    this.#recall(nowUs)
    if (ask.type === 'cancel') {
      const verdict = checkCancel(ask.orderId, this.#view(stock, nowUs))
      if (verdict.verdict === 'denied') return verdict.reason
      this.#recentCancelsUs.push(nowUs)
      return undefined
    }
    const before = order.ask
    if (!before) return undefined
    const becomes: PlaceIntent = placeIntentOf({
      ...before,
      lots: ask.lots ?? order.quantity,
      price: ask.price ?? order.price,
      // Where a trailing stop has come to is no term of its order.
      stopPrice: ask.stopPrice ?? (isTrailing(order) ? 0 : order.stopPrice),
    })
    const { lotSize } = stock.instrument
    const held = { leaves: fromSteps(order.quantity - order.filled, lotSize), filled: fromSteps(order.filled, lotSize) }
    const verdict = checkAmend(ask.orderId, becomes, held, { decidedUs: nowUs }, this.#view(stock, nowUs))
    return verdict.verdict === 'denied' ? verdict.reason : undefined
  }

  /** What is younger than a minute, the plain order that passed last among it. */
  #recall(nowUs: number): void {
    const lastUs = this.#lastUs[0]!
    if (nowUs - lastUs < MINUTE_US) {
      const { slot, side, lots } = this.#last
      this.#recent.push(new Recent({ slot: slot!, side, lots, price: 0, stopPrice: 0 }, lastUs))
    }
    this.#lastUs[0] = -Infinity
    const { length } = this.#recent
    if (length > 0 && nowUs - this.#recent[length - 1]!.atUs >= MINUTE_US) this.#recent = []
    else if (length > 256) this.#recent = this.#recent.filter((one) => nowUs - one.atUs < MINUTE_US)
    const cancels = this.#recentCancelsUs.length
    if (cancels > 0 && nowUs - this.#recentCancelsUs[cancels - 1]! >= MINUTE_US) this.#recentCancelsUs = []
  }

  #isPlain(ask: PlaceAsk, stock: Stock, nowUs: number): boolean {
    return (
      ask.orderType === 'market' &&
      !ask.linked &&
      !ask.reduceOnly &&
      ask.expireAtUs === undefined &&
      this.#isWithin(ask.side, ask.lots, ask.slot.details, stock, nowUs)
    )
  }

  #isWithin(side: Side, lots: number, details: Instrument, stock: Stock, nowUs: number): boolean {
    const { mark, lot, bid, ask: offer, dataUs } = stock
    const limits = this.#limits
    const reference = side === 'buy' ? offer : bid
    const price = Number.isNaN(reference) ? mark : reference
    const quantity = (lots * lot.units) / lot.power
    const { minNotional } = stepsOfInstrument(details)
    return (
      this.#recent.length === 0 &&
      limits.strategyPerSecond >= 1 &&
      limits.strategyPerMinute >= 1 &&
      limits.accountPerSecond >= 1 &&
      (this.#alwaysFresh || nowUs - dataUs <= limits.tickAgeMaxUs) &&
      !(bid >= offer) &&
      quantity * price <= limits.notionalMax * (1 - 1e-9) &&
      quantity * price >= minNotional * (1 + 1e-9) &&
      quantity <= limits.quantityMax
    )
  }

  /** A market order becomes a limit at the edge of the band that ends at once. False: in doubt. */
  #protects(ask: PlaceAsk, order: SimOrder): boolean {
    const { mark, bid, ask: offer, tick } = order.stock
    const mid = bid > 0 && offer > 0 ? (bid + offer) / 2 : mark
    if (!this.#hasBand) return true
    const band = this.#limits.protectionBand
    const edge = (mid * (ask.side === 'buy' ? 1 + band : 1 - band) * tick.power) / tick.units
    const nearest = Math.round(edge)
    if (!(edge >= 1) || Math.abs(edge - nearest) <= 1e-9 * edge) return false
    order.price = ask.side === 'buy' ? Math.floor(edge) : Math.ceil(edge)
    order.timeInForce = ask.timeInForce === 'FOK' ? 'FOK' : 'IOC'
    return true
  }

  #view(stock: Stock, nowUs: number, parent = ''): RiskView {
    const { instrument, bid, ask, mark } = stock
    const known = (value: number) => (Number.isNaN(value) ? undefined : value)
    return {
      nowUs,
      scope: { ...SCOPE, venue: instrument.venue, instrument: instrument.instrument },
      instrument,
      market: {
        bid: known(bid),
        ask: known(ask),
        last: known(mark),
        timeUs: Number.isNaN(mark) ? undefined : this.#alwaysFresh ? nowUs : stock.dataUs,
        volume: undefined,
      },
      halts: {},
      limits: this.#limits,
      exposure: exposureOf(stock, parent),
      recent: this.#recent,
      recentCancelsUs: this.#recentCancelsUs,
    }
  }
}

const childrenOf = (ask: PlaceAsk, decision: readonly Ask[]): PlaceIntent[] =>
  decision.flatMap((one) => (one.type === 'place' && one.parent === ask.orderId ? [placeIntentOf(one)] : []))

/**
 * As live: what is reduce-only, or sleeps until its parent fills, brings no risk; a group no more than its largest; and a
 * child is judged against the position that its parent will have made.
 */
function exposureOf({ market, lot, quantity }: Stock, parent: string): Exposure {
  let [promised, openBuys, openSells] = [0, 0, 0]
  const groups = new Map<string, number>()
  for (const order of market.orders) {
    if (order.state === 'done') continue
    const leaves = ((order.quantity - order.filled) * lot.units) / lot.power
    if (order.clOrdId === parent) promised = order.side === 'buy' ? leaves : -leaves
    if (order.reduceOnly || order.released === 0) continue
    const group = `${order.oco || order.clOrdId} ${order.side}`
    const counted = groups.get(group) ?? 0
    groups.set(group, Math.max(counted, leaves))
    if (order.side === 'buy') openBuys += Math.max(0, leaves - counted)
    else openSells += Math.max(0, leaves - counted)
  }
  return { position: quantity + promised, openBuys, openSells, unknown: 0 }
}

type Asked = Pick<PlaceAsk, 'slot' | 'side' | 'lots' | 'price' | 'stopPrice'>

/** As the gate remembers an order; its texts are made when somebody compares them. */
class Recent implements RecentOrder {
  readonly atUs: number
  readonly #ask: Asked
  readonly strategy = SCOPE.strategy
  constructor(ask: Asked, atUs: number) {
    this.#ask = ask
    this.atUs = atUs
  }
  get venue(): string {
    return this.#ask.slot.venue
  }
  get instrument(): string {
    return this.#ask.slot.instrument
  }
  get side(): PlaceAsk['side'] {
    return this.#ask.side
  }
  get quantity(): string {
    return fromSteps(this.#ask.lots, this.#ask.slot.details.lotSize)
  }
  get price(): string {
    const { price, stopPrice, slot } = this.#ask
    const ticks = price > 0 ? price : stopPrice
    return ticks > 0 ? fromSteps(ticks, slot.details.tickSize) : 'market'
  }
}
