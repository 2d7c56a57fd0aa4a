import type { Book, Quote, Reason, Tick } from '@contrail/contracts'
import type { AmendRequest, Approved, CancelRequest, PlaceRequest } from '../risk/gate.ts'
import { fill, room, take } from './fill.ts'
import {
  addOrder,
  makeOrder,
  requestAmend,
  requestCancel,
  restDue,
  runDue,
  sweep,
  trigger,
  triggered,
} from './lifecycle.ts'
import { remember, unlinkable } from './links.ts'
import { lotsOf, reasonOf, ticksOf } from './model.ts'
import type { Level, Market, VenueOrder, VenueReport } from './model.ts'
import { amendOf, orderOf } from './paper.ts'
import type { PaperMarket } from './paper.ts'

/*
 * A venue that fills against a market that goes on without it: paper trading and backtests run this same code. It takes
 * what is shown and no more, and it waits in the queue. What it cannot know is said here: our own order moves nobody,
 * and hidden size does not exist. All time is event time.
 */
export type Received =
  | { readonly outcome: 'accepted'; readonly order: VenueOrder }
  | { readonly outcome: 'rejected'; readonly reason: Reason }

export function placeOrder(
  market: PaperMarket,
  clOrdId: string,
  approved: Approved<PlaceRequest>,
  nowUs: number,
): Received {
  const { request } = approved
  advance(market, nowUs)
  if (market.asks.length === 0 && market.bids.length === 0 && request.timeInForce !== 'GTC')
    return { outcome: 'rejected', reason: reasonOf('NO_MARKET', 'nothing was quoted or traded yet') }
  const reason = unlinkable(market, request.parent ?? '')
  if (reason) return { outcome: 'rejected', reason }
  const order = orderOf(market, clOrdId, request)
  addOrder(market, order)
  runDue(market)
  return { outcome: 'accepted', order }
}

export function cancelOrder(
  market: PaperMarket,
  clOrdId: string,
  approved: Approved<CancelRequest>,
  nowUs: number,
): Received {
  advance(market, nowUs)
  const order = market.orders.find((one) => one.clOrdId === approved.request.origin)
  if (!order) return { outcome: 'rejected', reason: reasonOf('UNKNOWN_ORDER', 'it is not open here') }
  if (order.cancel) return { outcome: 'rejected', reason: reasonOf('CANCEL_PENDING', order.cancel.clOrdId) }
  requestCancel(market, order, clOrdId, market.nowUs + market.settings.latencyUs)
  runDue(market)
  return { outcome: 'accepted', order }
}

export function amendOrder(
  market: PaperMarket,
  clOrdId: string,
  approved: Approved<AmendRequest>,
  nowUs: number,
): Received {
  advance(market, nowUs)
  const order = market.orders.find((one) => one.clOrdId === approved.request.origin)
  if (!order) return { outcome: 'rejected', reason: reasonOf('UNKNOWN_ORDER', 'it is not open here') }
  if (order.amend) return { outcome: 'rejected', reason: reasonOf('AMEND_PENDING', order.amend.clOrdId) }
  requestAmend(market, order, amendOf(market, clOrdId, approved.request))
  runDue(market)
  return { outcome: 'accepted', order }
}

/** Time goes forward only; a late message does not turn it back. */
export function advance(market: Market, nowUs: number): void {
  if (nowUs > market.nowUs) market.nowUs = nowUs
  runDue(market)
}

/** A trade print: fills what rests at its price or beyond, triggers stops. */
export function onTick(market: Market, tick: Tick): void {
  const isNext = market.settings.prints === 'next' && !market.quoted
  if (isNext) restDue(market, tick.receiveTimeUs)
  else advance(market, tick.receiveTimeUs)
  const price = ticksOf(market, tick.price)
  market.last = price
  let left = shown(market, tick.quantity)
  if (!market.quoted) {
    market.bids = [{ price, size: left }]
    market.asks = [{ price, size: left }]
  }
  if (isNext) {
    advance(market, tick.receiveTimeUs)
    left = Math.min(market.bids[0]?.size ?? 0, market.asks[0]?.size ?? 0)
  }
  if (market.orders.length === 0) return
  for (const order of byPriority(market)) {
    if (order.state === 'resting') left -= printed(market, order, price, left, tick.side)
    else if (order.state === 'working') take(market, order, 'taker')
    else if (order.state === 'waiting' && triggered(market, order)) trigger(market, order)
  }
  sweep(market)
}

/** Lots of this print that went to `order`. */
function printed(market: Market, order: VenueOrder, price: number, left: number, taker: Tick['side']): number {
  const through = order.side === 'buy' ? price < order.price : price > order.price
  if (!through) {
    const hits = taker === 'unknown' || (taker === 'sell') === (order.side === 'buy')
    if (price !== order.price || !hits) return 0
    const queued = Math.min(order.queueAhead, left)
    order.queueAhead -= queued
    left -= queued
  }
  const lots = Math.min(room(market, order), left)
  if (lots <= 0) return 0
  fill(market, order, order.price, lots, 'maker')
  return lots
}

export function onQuote(market: Market, quote: Quote): void {
  advance(market, quote.receiveTimeUs)
  market.quoted = true
  touch(market.bids, ticksOf(market, quote.bid), shown(market, quote.bidQuantity), (a, b) => a > b)
  touch(market.asks, ticksOf(market, quote.ask), shown(market, quote.askQuantity), (a, b) => a < b)
  afterQuote(market)
}

/** The quote is the newest word about the best level; deeper ones of an earlier book stay. */
function touch(levels: Level[], price: number, size: number, better: (a: number, b: number) => boolean): void {
  while (levels[0] && !better(price, levels[0].price)) levels.shift()
  levels.unshift({ price, size })
}

export function onBook(market: Market, book: Book): void {
  advance(market, book.receiveTimeUs)
  market.quoted = true
  const levels = (side: Book['bids']) =>
    side.map(([price, quantity]) => ({ price: ticksOf(market, price), size: shown(market, quantity) }))
  market.bids = levels(book.bids)
  market.asks = levels(book.asks)
  afterQuote(market)
}

function afterQuote(market: Market): void {
  if (market.orders.length === 0) return
  for (const order of byPriority(market)) {
    if (order.state === 'working') take(market, order, 'taker')
    else if (order.state === 'waiting' && market.last === 0 && triggered(market, order)) trigger(market, order)
    else if (order.state === 'resting') {
      // The market came to us: whoever crossed our price met us first.
      take(market, order, 'maker')
      const own = (order.side === 'buy' ? market.bids : market.asks)[0]
      if (own?.price === order.price) order.queueAhead = Math.min(order.queueAhead, own.size)
      else if (own && (order.side === 'buy' ? own.price < order.price : own.price > order.price)) order.queueAhead = 0
    }
  }
  sweep(market)
}

const shown = (market: Market, quantity: number): number =>
  market.settings.liquidity === 'unlimited' ? Number.MAX_SAFE_INTEGER : lotsOf(market, quantity)

/** Better prices first, then who came first. */
function byPriority(market: Market): VenueOrder[] {
  if (market.orders.length < 2) return [...market.orders]
  const rank = (order: VenueOrder) => (order.side === 'buy' ? -order.price : order.price)
  return market.orders
    .map((order, index) => ({ order, index }))
    .sort((a, b) => rank(a.order) - rank(b.order) || a.index - b.index)
    .map(({ order }) => order)
}

/** Reports since the last call. */
export function takeReports(market: PaperMarket): VenueReport[] {
  return market.sink.reports.splice(0)
}

/** Orders whose row has to be written since the last call. */
export function takeTouched(market: PaperMarket): VenueOrder[] {
  const touched = [...market.sink.changed]
  market.sink.changed.clear()
  return touched
}

/** An order from its row, after a restart. */
export function restoreOrder(market: Market, order: VenueOrder): void {
  // A row leaves out what an order does not have.
  const { filled, state, queueAhead, fills, end, endReason, cancel, amend, amended } = order
  // One of an earlier version has no links at all.
  const { whole = false, released = -1, taken = 0 } = order as Partial<VenueOrder>
  const progress = { filled, state, queueAhead, fills, end, endReason, cancel, amend, amended, whole, released, taken }
  market.orders.push(Object.assign(makeOrder(order), progress))
  sweep(market)
}

/** An order that ended before this market was read from its rows, for those that still come to hang on it. */
export function rememberEnded(market: Market, order: VenueOrder): void {
  remember(market, order.clOrdId, { filled: order.filled, oco: order.oco ?? '' })
}

export { newMarket } from './paper.ts'
