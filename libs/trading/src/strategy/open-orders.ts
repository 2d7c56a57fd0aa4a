import type { OrderStatus } from '@contrail/contracts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'
import type { OrderReadout } from './api.ts'
import type { PlaceAsk } from './ask.ts'

/** An open order and where it is traded. Made anew by every change, so a kept readout never changes. */
export type OpenOrder = OrderReadout & {
  readonly venue: string
  /** What it hangs on, as in the intent; empty = nothing. */
  readonly parent: string
  readonly oco: string
}

/** What is known of one; its readout is made when somebody looks at it. One of the two is there. */
type Row = {
  readonly orderId: string
  readonly ask: PlaceAsk | undefined
  status: OrderStatus
  filled: number
  order: OpenOrder | undefined
}
const NONE: readonly OpenOrder[] = Object.freeze([])

/** In the order in which they came. They are few: to look for one by one costs less than a map does. */
export class OpenOrders {
  readonly #rows: Row[] = []

  get count(): number {
    return this.#rows.length
  }

  get all(): readonly OpenOrder[] {
    return this.#rows.length === 0 ? NONE : this.#rows.map(orderOf)
  }

  get(orderId: string): OpenOrder | undefined {
    const row = this.#find(orderId)
    return row && orderOf(row)
  }

  #find(orderId: string): Row | undefined {
    const rows = this.#rows
    for (let i = 0; i < rows.length; i++) if (rows[i]!.orderId === orderId) return rows[i]
    return undefined
  }

  place(ask: PlaceAsk): void {
    const row: Row = { orderId: ask.orderId, ask, status: 'pending_new', filled: 0, order: undefined }
    this.#rows.push(row)
  }

  set(order: OpenOrder): void {
    const { orderId, status, filled } = order
    const row = this.#find(orderId)
    if (!row) return void this.#rows.push({ orderId, ask: undefined, status, filled, order })
    row.status = status
    row.filled = filled
    row.order = order
  }

  move(orderId: string, status: OrderStatus, filled: number | undefined): void {
    const row = this.#find(orderId)
    if (!row) return
    row.status = status
    if (filled !== undefined) row.filled = filled
    if (row.order) row.order = moved(row.order, status, row.filled)
  }

  remove(orderId: string): void {
    const rows = this.#rows
    let kept = 0
    for (let i = 0; i < rows.length; i++) if (rows[i]!.orderId !== orderId) rows[kept++] = rows[i]!
    while (rows.length > kept) rows.pop()
  }

  clear(): void {
    this.#rows.length = 0
  }
}

function orderOf(row: Row): OpenOrder {
  if (row.order) return row.order
  const ask = row.ask!
  const { slot, price, stopPrice } = ask
  const { tick, lot } = stepsOfInstrument(slot.details)
  return (row.order = {
    orderId: ask.orderId,
    venue: slot.venue,
    instrument: slot.instrument,
    side: ask.side,
    quantity: numberOfSteps(ask.lots, lot),
    price: price > 0 ? numberOfSteps(price, tick) : undefined,
    stopPrice: stopPrice > 0 ? numberOfSteps(stopPrice, tick) : undefined,
    filled: row.filled,
    status: row.status,
    tag: ask.tag,
    parent: ask.parent,
    oco: ask.oco,
  })
}

/** Spelled out: an order has one shape, and its copy costs no look at its keys. */
const moved = (order: OpenOrder, status: OrderStatus, filled: number): OpenOrder => ({
  orderId: order.orderId,
  venue: order.venue,
  instrument: order.instrument,
  side: order.side,
  quantity: order.quantity,
  price: order.price,
  stopPrice: order.stopPrice,
  filled,
  status,
  tag: order.tag,
  parent: order.parent,
  oco: order.oco,
})
