import type { Side } from '@contrail/contracts'
import type { PlaceAsk } from './ask.ts'
import type { Slot } from './mailbox.ts'

const ID_BLOCK = 1_000
/** Ends of ids: the last three digits of a decision's number, and the first order in it. */
let tails: readonly string[] | undefined

/**
 * The one market order of a call that has no more to it than a quantity and a tag: the common case of a strategy that turns
 * its position. One of these is filled in again and again; an ask is made of it only where somebody looks.
 */
export class PlainOrder {
  readonly #prefix: string
  #block = -1
  #stem = ''
  isAsked = false
  slot: Slot | undefined = undefined
  side: Side = 'buy'
  lots = 0
  tag: string | undefined = undefined

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** As `<strategy>-<decision>-0`, in one piece of text joined to another. */
  idOf(decision: number): string {
    if (decision < ID_BLOCK) return `${this.#prefix}${decision}-0`
    const block = Math.floor(decision / ID_BLOCK)
    if (block !== this.#block) {
      this.#block = block
      this.#stem = this.#prefix + block
    }
    tails ??= Array.from({ length: ID_BLOCK }, (_, last) => `${String(last).padStart(3, '0')}-0`)
    return this.#stem + tails[decision - block * ID_BLOCK]!
  }

  askOf(decision: number): PlaceAsk {
    return {
      type: 'place',
      orderId: this.idOf(decision),
      slot: this.slot!,
      side: this.side,
      lots: this.lots,
      orderType: 'market',
      price: 0,
      stopPrice: 0,
      timeInForce: 'GTC',
      expireAtUs: undefined,
      postOnly: false,
      reduceOnly: false,
      tag: this.tag,
      trailTicks: 0,
      trailPercent: 0,
      parent: '',
      oco: '',
      linked: false,
    }
  }
}
