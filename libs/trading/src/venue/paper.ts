import { DAY_US, decimalOf, fromSteps, multiplyDecimal, roundDecimal, stepsOf } from '@contrail/contracts'
import type { Fill, Instrument, Reason, Us } from '@contrail/contracts'
import type { AmendRequest, PlaceRequest } from '../risk/gate.ts'
import { newMarketOf, reasonOf } from './model.ts'
import type { Market, OrderEnd, PendingAmend, VenueOrder, VenueReport, VenueSettings, VenueSink } from './model.ts'
import { makeOrder } from './lifecycle.ts'

/* The kernel's paper side: decimal strings in, reports and changed orders out. */

/** Places of a fee, in quote. Rounded half away from zero, as venues do. */
const FEE_SCALE = 8
const BASIS_POINT = '0.0001'

/** Keeps what happened until it is taken. */
export class PaperSink implements VenueSink {
  readonly reports: VenueReport[] = []
  /** Orders changed since they were last taken, for the keeper of their rows. */
  readonly changed = new Set<VenueOrder>()

  filled(market: Market, order: VenueOrder, price: number, lots: number, liquidity: Fill['liquidity']): void {
    const { instrument } = market
    const quantity = fromSteps(lots, instrument.lotSize)
    const text = fromSteps(price, instrument.tickSize)
    const bps = liquidity === 'maker' ? instrument.makerFeeBps : instrument.takerFeeBps
    const notional = multiplyDecimal(quantity, text)
    const fee = roundDecimal(multiplyDecimal(multiplyDecimal(notional, decimalOf(bps)), BASIS_POINT), FEE_SCALE)
    this.reports.push({
      type: 'filled',
      origin: order.clOrdId,
      atUs: market.nowUs,
      subAccount: order.subAccount,
      side: order.side,
      fill: {
        // From the facts, so that the same market and order give the same id again.
        tradeId: `${order.clOrdId}-${order.fills}`,
        quantity,
        price: text,
        fee,
        feeAsset: instrument.quote,
        liquidity,
        venueTimeUs: market.nowUs as Us,
      },
    })
  }

  ended(market: Market, order: VenueOrder, end: OrderEnd, reason: Reason | undefined): void {
    const about = { origin: order.clOrdId, atUs: market.nowUs }
    if (end === 'cancelled') this.reports.push({ ...about, type: 'cancelled', ...(reason && { reason }) })
    else if (end !== 'filled') this.reports.push({ ...about, type: end, reason: reason ?? reasonOf('ENDED', end) })
  }

  cancelRefused(market: Market, order: VenueOrder, request: string, reason: Reason): void {
    this.reports.push({ origin: order.clOrdId, atUs: market.nowUs, type: 'cancel_refused', request, reason })
  }

  replaceRefused(market: Market, order: VenueOrder, request: string, reason: Reason): void {
    this.reports.push({ origin: order.clOrdId, atUs: market.nowUs, request, type: 'replace_refused', reason })
  }

  replaced(market: Market, order: VenueOrder, amend: PendingAmend): void {
    const terms = amend.terms ?? termsOf(market.instrument, order)
    this.reports.push({ origin: order.clOrdId, atUs: market.nowUs, request: amend.clOrdId, type: 'replaced', terms })
  }

  touched(order: VenueOrder): void {
    this.changed.add(order)
  }
}

function termsOf({ tickSize, lotSize }: Instrument, order: VenueOrder): AmendRequest['terms'] {
  return {
    quantity: fromSteps(order.quantity, lotSize),
    ...(order.price > 0 && { price: fromSteps(order.price, tickSize) }),
    ...(order.stopPrice > 0 && { stopPrice: fromSteps(order.stopPrice, tickSize) }),
  }
}

export type PaperMarket = Market & { readonly sink: PaperSink }

export const newMarket = (instrument: Instrument, settings: VenueSettings): PaperMarket =>
  newMarketOf(instrument, settings, new PaperSink()) as PaperMarket

export function orderOf(market: Market, clOrdId: string, request: PlaceRequest): VenueOrder {
  const { tickSize, lotSize } = market.instrument
  const ticks = (price: string | undefined, field: string) =>
    price === undefined ? 0 : stepsOf(price, tickSize, 'exact', field)
  const endOfDay = request.timeInForce === 'DAY' ? (Math.floor(market.nowUs / DAY_US) + 1) * DAY_US : 0
  return makeOrder({
    clOrdId,
    venueOrderId: `paper-${clOrdId}`,
    subAccount: request.subAccount,
    venue: request.venue,
    instrument: request.instrument,
    side: request.side,
    orderType: request.orderType,
    timeInForce: request.timeInForce,
    postOnly: request.postOnly,
    reduceOnly: request.reduceOnly,
    quantity: stepsOf(request.quantity, lotSize, 'exact', 'quantity'),
    price: ticks(request.price, 'price'),
    stopPrice: ticks(request.stopPrice, 'stopPrice'),
    expireAtUs: request.timeInForce === 'GTD' ? (request.expireAtUs ?? 0) : endOfDay,
    activeAtUs: market.nowUs + market.settings.latencyUs,
    trailTicks: ticks(request.trailingOffset, 'trailingOffset'),
    trailPart: Number(request.trailingPercent ?? 0) / 100,
    parent: request.parent ?? '',
    oco: request.oco ?? '',
    // Whoever comes later may hang on it.
    linked: true,
  })
}

export function amendOf(market: Market, clOrdId: string, { terms }: AmendRequest): PendingAmend {
  const { tickSize, lotSize } = market.instrument
  return {
    dueUs: market.nowUs + market.settings.latencyUs,
    clOrdId,
    quantity: stepsOf(terms.quantity, lotSize, 'exact', 'quantity'),
    price: terms.price === undefined ? 0 : stepsOf(terms.price, tickSize, 'exact', 'price'),
    stopPrice: terms.stopPrice === undefined ? 0 : stepsOf(terms.stopPrice, tickSize, 'exact', 'stop'),
    terms,
  }
}
