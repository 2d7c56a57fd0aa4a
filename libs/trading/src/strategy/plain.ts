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
  /** First decision of those whose ids begin with `#stem`; NaN before the first thousand are over. */
  #from = NaN
  #stem = ''
  #tail = ''
  isAsked = false
  slot: Slot | undefined = undefined
  side: Side = 'buy'
  lots = 0
  tag: string | undefined = undefined

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** It is the first order of this decision. */
  number(decision: number): void {
    const last = decision - this.#from
    if (last >= 0 && last < ID_BLOCK) this.#tail = tails![last]!
    else this.#begin(decision)
  }

  #begin(decision: number): void {
    tails ??= Array.from({ length: ID_BLOCK }, (_, last) => `${String(last).padStart(3, '0')}-0`)
    const block = Math.floor(decision / ID_BLOCK)
    this.#from = block === 0 ? NaN : block * ID_BLOCK
    this.#stem = block === 0 ? this.#prefix : this.#prefix + block
    this.#tail = block === 0 ? `${decision}-0` : tails[decision - block * ID_BLOCK]!
  }

  /** `<strategy>-<decision>-0`. Mostly nobody wants it: then V8 does not join the two where it has compiled the caller in. */
  get id(): string {
    return this.#stem + this.#tail
  }

  ask(): PlaceAsk {
    return {
      type: 'place',
      orderId: this.id,
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
