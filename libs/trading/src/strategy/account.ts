import { instrumentKey, refuse, TERMINAL_STATUSES } from '@contrail/contracts'
import type { Confirm, Instrument, OrderStatus, Side } from '@contrail/contracts'
import { Holding } from '../portfolio/holding.ts'
import type { HoldingReadout } from '../portfolio/holding.ts'
import type { PlaceAsk } from './ask.ts'
import { bookFill, loadPosition, savePosition } from './fold.ts'
import type { SavedPosition } from './fold.ts'
import { OpenOrders } from './open-orders.ts'
import type { OpenOrder } from './open-orders.ts'
import { Seen } from './seen.ts'

const FLAT: HoldingReadout = { quantity: 0, averagePrice: 0, realised: 0 }

/**
 * Reports and trades remembered for the recognition of repeats. A relay repeats what it had in hand when it crashed,
 * which is far less.
 */
const SEEN_MAX = 1_000

type AccountSnapshot = {
  positions: [string, SavedPosition][]
  orders: Record<string, unknown>[]
  reports: string[]
  trades: string[]
}

/** What a strategy knows of its account: a fold of its own intents and of the execution reports, in that order. */
export class AccountView {
  readonly #instruments: ReadonlyMap<string, Instrument>
  readonly #positions = new Map<string, Holding>()
  readonly #orders = new OpenOrders()
  readonly #reports = new Seen(SEEN_MAX)
  readonly #trades = new Seen(SEEN_MAX)

  constructor(instruments: ReadonlyMap<string, Instrument>) {
    this.#instruments = instruments
  }

  position(key: string): HoldingReadout {
    return this.#positions.get(key)?.readout ?? FLAT
  }

  /** Undefined for an instrument that is not of this strategy's venue. */
  holding(key: string): Holding | undefined {
    const instrument = this.#instruments.get(key)
    if (!instrument) return undefined
    const holding = this.#positions.get(key) ?? new Holding(instrument)
    this.#positions.set(key, holding)
    return holding
  }

  order(orderId: string): OpenOrder | undefined {
    return this.#orders.get(orderId)
  }

  orders(): readonly OpenOrder[] {
    return this.#orders.all
  }

  get openCount(): number {
    return this.#orders.count
  }

  /** An intent that leaves with this decision counts as an open order from now on. */
  placed(ask: PlaceAsk): void {
    this.#orders.place(ask)
  }

  asked(orderId: string, status: OrderStatus): void {
    this.#orders.move(orderId, status, undefined)
  }

  /** A report of a host whose reports come once, in steps already: what is not named stays. */
  told(orderId: string, status: OrderStatus, filled: number, change?: Partial<OpenOrder>): void {
    if (status === 'filled' || TERMINAL_STATUSES.has(status)) this.#orders.remove(orderId)
    else if (change === undefined) this.#orders.move(orderId, status, filled)
    else {
      const order = this.#orders.get(orderId)
      if (order) this.#orders.set({ ...order, ...change, filled, status })
    }
  }

  /** `repeat` changes nothing; `fill` moved a position; `order` moved an order only. */
  apply(report: Confirm): 'repeat' | 'fill' | 'order' {
    if (!this.#reports.add(report.reportId)) return 'repeat'
    // One trade may fill two orders of ours; one order never has the same trade twice.
    const fill = report.fill && this.#trades.addPair(report.orderId, report.fill.tradeId) ? report.fill : undefined
    if (report.fill && !fill) return 'repeat'
    this.#moveOrder(report)
    if (!fill) return 'order'
    const holding = this.holding(instrumentKey(report.venue, report.instrument))
    if (holding) bookFill(holding, report.side, fill)
    return 'fill'
  }

  #moveOrder(report: Confirm): void {
    const before = this.#orders.get(report.orderId)
    if (TERMINAL_STATUSES.has(report.status)) {
      this.#orders.remove(report.orderId)
      return
    }
    // An order that is not here was placed before a gap, or revived by the venue: it is taken in.
    this.#orders.set({
      orderId: report.orderId,
      venue: report.venue,
      instrument: report.instrument,
      side: report.side,
      quantity: Number(report.quantity),
      price: numberOf(report.price),
      stopPrice: numberOf(report.stopPrice),
      filled: Math.max(before?.filled ?? 0, Number(report.cumQuantity)),
      status: statusAfter(before, report),
      tag: before?.tag,
      parent: before?.parent ?? '',
      oco: before?.oco ?? '',
    })
  }

  /** Quantity that open orders of one side would still trade. One that sleeps until another fills would not. */
  leaves(key: string, side: Side): number {
    let sum = 0
    for (const order of this.#orders.all)
      if (order.side === side && !this.#sleeps(order) && instrumentKey(order.venue, order.instrument) === key)
        sum += order.quantity - order.filled
    return sum
  }

  #sleeps(order: OpenOrder): boolean {
    return order.parent !== '' && this.#orders.get(order.parent)?.filled === 0
  }

  snapshot(): AccountSnapshot {
    return {
      positions: Array.from(this.#positions, ([key, position]) => [key, savePosition(position)]),
      orders: [...this.#orders.all],
      reports: this.#reports.snapshot(),
      trades: this.#trades.snapshot(),
    }
  }

  restore(state: AccountSnapshot): void {
    const positions = state.positions.map(([key, saved]) => {
      const instrument = this.#instruments.get(key)
      if (!instrument) throw refuse('unknown_instrument', 'positions', key, 'this snapshot is of another venue')
      return [key, loadPosition(saved, instrument)] as const
    })
    this.#positions.clear()
    for (const [key, holding] of positions) this.#positions.set(key, holding)
    this.#orders.clear()
    for (const row of state.orders) {
      const order = row as OpenOrder
      this.#orders.set({
        ...order,
        price: order.price,
        stopPrice: order.stopPrice,
        tag: order.tag,
        parent: order.parent ?? '',
        oco: order.oco ?? '',
      })
    }
    this.#reports.restore(state.reports)
    this.#trades.restore(state.trades)
  }
}

/** A cancel or amend that was asked for stays visible until the venue has spoken about it. */
function statusAfter(before: OpenOrder | undefined, report: Confirm): OrderStatus {
  const waiting = before?.status === 'pending_cancel' || before?.status === 'pending_replace'
  const answered = report.type === 'cancel_rejected' || report.type === 'replaced' || report.type === 'reconciled'
  return waiting && !answered ? before.status : report.status
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text))
