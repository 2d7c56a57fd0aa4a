import { instrumentKey } from '@contrail/contracts'
import type { PlaceIntent } from '@contrail/contracts'

/** An order that waits for a price in a test. */
type Waiting = {
  readonly intent: PlaceIntent
  triggered: boolean
  /** Until its parent fills. */
  asleep: boolean
  /** Of a trailing stop: where it is by now. */
  stop: number | undefined
}

/**
 * The simplest venue: an order fills whole, at the next price that reaches it and not at the one that caused it. Good
 * enough to see what a strategy does; what it would earn is said by the simulated venue.
 */
export class PaperFills {
  readonly #waiting = new Map<string, Waiting>()

  place(intent: PlaceIntent): void {
    const { orderId, stopPrice, orderType, parent } = intent
    this.#waiting.set(orderId, {
      intent,
      triggered: stopPrice === undefined && orderType !== 'trailing_stop',
      asleep: parent !== undefined && this.#waiting.has(parent),
      stop: stopPrice === undefined ? undefined : Number(stopPrice),
    })
  }

  save(): unknown {
    return [...this.#waiting]
  }

  restore(saved: unknown): void {
    this.#waiting.clear()
    for (const [orderId, order] of saved as [string, Waiting][]) this.#waiting.set(orderId, order)
  }

  /** An order ends without a fill; children that slept end with it. All that ended. */
  remove(orderId: string): string[] {
    if (!this.#waiting.delete(orderId)) return []
    const children = [...this.#waiting.values()].filter(({ intent, asleep }) => asleep && intent.parent === orderId)
    return [orderId, ...children.flatMap(({ intent }) => this.remove(intent.orderId))]
  }

  /** An order has filled: its children wake, and the others of its group end. Those that ended. */
  filled({ orderId, oco }: PlaceIntent): string[] {
    this.#waiting.delete(orderId)
    const ended: string[] = []
    for (const order of this.#waiting.values()) {
      if (order.intent.parent === orderId) order.asleep = false
      const group = order.intent.oco ?? order.intent.orderId
      if (group === (oco ?? orderId)) ended.push(...this.remove(order.intent.orderId))
    }
    return ended
  }

  /** Which orders this price fills, and at what price each. What one fill does to the others is seen by the next. */
  *at(venue: string, instrument: string, price: number): Generator<{ intent: PlaceIntent; price: number }> {
    const key = instrumentKey(venue, instrument)
    // What a fill places waits for the next price.
    for (const order of Array.from(this.#waiting.values())) {
      const { intent } = order
      const isHere = this.#waiting.has(intent.orderId) && instrumentKey(intent.venue, intent.instrument) === key
      if (!isHere || order.asleep) continue
      order.triggered ||= isTriggered(order, price)
      if (!order.triggered) continue
      const limit = intent.price === undefined ? undefined : Number(intent.price)
      if (limit !== undefined && !reaches(intent.side === 'buy' ? 1 : -1, limit, price)) continue
      this.#waiting.delete(intent.orderId)
      yield { intent, price: limit ?? price }
    }
  }
}

/** A stop is reached from the good side, a target from the bad one; a trailing stop that is not reached follows. */
function isTriggered(order: Waiting, price: number): boolean {
  const { side, orderType, trailingOffset, trailingPercent } = order.intent
  const isTarget = orderType === 'take_profit' || orderType === 'take_profit_limit'
  const towards = (side === 'buy') === isTarget ? 1 : -1
  if (order.stop !== undefined && reaches(towards, order.stop, price)) return true
  if (orderType !== 'trailing_stop') return false
  const distance = trailingOffset === undefined ? (price * Number(trailingPercent)) / 100 : Number(trailingOffset)
  const stop = side === 'sell' ? price - distance : price + distance
  if (order.stop === undefined || (side === 'sell' ? stop > order.stop : stop < order.stop)) order.stop = stop
  return false
}

/** `direction` 1: the price has come down to the level; -1: it has risen to it. */
const reaches = (direction: 1 | -1, level: number, price: number): boolean => direction * (level - price) >= 0
