import { instrumentKey } from '@contrail/contracts'
import type { PlaceIntent } from '@contrail/contracts'

/** An order that waits for a price in a test. */
type Waiting = { readonly intent: PlaceIntent; readonly left: string; triggered: boolean }

/**
 * The simplest venue: an order fills whole, at the next price that reaches it and not at the one that caused it. Good
 * enough to see what a strategy does; what it would earn is said by the simulated venue.
 */
export class PaperFills {
  readonly #waiting = new Map<string, Waiting>()

  place(intent: PlaceIntent): void {
    this.#waiting.set(intent.orderId, { intent, left: intent.quantity, triggered: intent.stopPrice === undefined })
  }

  remove(orderId: string): boolean {
    return this.#waiting.delete(orderId)
  }

  /** Which orders this price fills, and at what price each. */
  at(venue: string, instrument: string, price: number): { intent: PlaceIntent; price: number }[] {
    const key = instrumentKey(venue, instrument)
    const filled: { intent: PlaceIntent; price: number }[] = []
    for (const order of this.#waiting.values()) {
      const { intent } = order
      if (instrumentKey(intent.venue, intent.instrument) !== key) continue
      order.triggered ||= reaches(intent.side === 'buy' ? -1 : 1, Number(intent.stopPrice), price)
      if (!order.triggered) continue
      const limit = intent.price === undefined ? undefined : Number(intent.price)
      if (limit !== undefined && !reaches(intent.side === 'buy' ? 1 : -1, limit, price)) continue
      filled.push({ intent, price: limit ?? price })
      this.#waiting.delete(intent.orderId)
    }
    return filled
  }
}

/** `direction` 1: the price has come down to the level; -1: it has risen to it. */
const reaches = (direction: 1 | -1, level: number, price: number): boolean => direction * (level - price) >= 0
