import { INTENTS_MAX, orderId, refuse, TERMINAL_STATUSES } from '@contrail/contracts'
import type { Intent, OrderType, Side, StrategyId } from '@contrail/contracts'
import type { AccountView } from './account.ts'
import type { OrderOptions } from './api.ts'
import { intentOf } from './ask.ts'
import type { Ask } from './ask.ts'
import type { Slot } from './mailbox.ts'
import { Notes } from './notes.ts'
import type { NoteValue, Reasons } from './notes.ts'
import { snapSteps } from './snap.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'

/** Open orders one strategy may have (control C10): leaves room in one decision to cancel them all and do more. */
export const OPEN_ORDERS_MAX = 50
const TAG_MAX = 40
/** Expected after a gap: counted and noted, but no news. */
export const NOT_WARM = 'not_warm'
/** Up to here an id of 20 + 1 + 9 + 1 + 1 characters is within its limit of 32. */
const PLAIN_NUMBER_MAX = 1e9
const PLAIN_INDEX_MAX = 10

/** Which intents leave: `all`; `reducing` until warm; `none` when paused or in warm-up. */
export type Passing = 'all' | 'reducing' | 'none'

/** Collects what one handler call asks for, in whole lots and ticks. Emptied by `begin`. */
export class Collector {
  readonly #strategy: StrategyId
  readonly #prefix: string
  readonly #account: AccountView
  #number = 0
  #passing: Passing = 'none'
  asks: Ask[] = []
  readonly notes = new Notes()
  /** Codes of what was refused in this call. */
  refusedNow: string[] = []
  /** Since the start, by code. */
  refused: Record<string, number> = {}

  constructor(strategy: StrategyId, account: AccountView) {
    this.#strategy = strategy
    this.#prefix = `${strategy}-`
    this.#account = account
  }

  begin(number: number, passing: Passing): void {
    this.#number = number
    this.#passing = passing
    this.notes.begin()
    if (this.asks.length > 0) this.asks = []
    if (this.refusedNow.length > 0) this.refusedNow = []
  }

  /** Hands over what was collected: it is the caller's from now on, and never changes again. */
  take(): Ask[] {
    const taken = this.asks
    this.asks = []
    return taken
  }

  /** As `take`, for the wire. */
  takeIntents(): { reasons: Reasons; intents: Intent[] } {
    return { reasons: this.notes.now, intents: this.take().map(intentOf) }
  }

  /** The look-back is complete with this very input. */
  pass(passing: Passing): void {
    this.#passing = passing
  }

  note(name: string, value: NoteValue): void {
    if (!this.notes.add(name, value)) this.#count('notes_above_limit')
  }

  place(side: Side, slot: Slot, options: OrderOptions): string {
    checkOptions(options)
    const { price, stopPrice } = options
    const snapped = snapSteps(slot.details, side, options.quantity, price, stopPrice, slot.lastPrice)
    if ('ok' in snapped) return this.#refuse(snapped.code, `${side} ${slot.key}: ${snapped.text}`)
    if (this.#passing === 'none') return this.#drop()
    const reduceOnly = options.reduceOnly ?? false
    if (this.#passing === 'reducing') {
      const quantity = numberOfSteps(snapped.lots, stepsOfInstrument(slot.details).lot)
      if (!this.#reduces(side, slot.key, quantity, reduceOnly))
        return this.#refuse(NOT_WARM, `${side} ${quantity} ${slot.key} would not reduce the position`)
    }
    if (this.#account.openCount >= OPEN_ORDERS_MAX)
      return this.#refuse('open_orders_above_limit', `${OPEN_ORDERS_MAX} orders are open`)
    const ask = {
      type: 'place',
      orderId: this.#orderId(),
      slot,
      side,
      lots: snapped.lots,
      orderType: typeOf(price !== undefined, stopPrice !== undefined),
      price: snapped.price,
      stopPrice: snapped.stopPrice,
      timeInForce: options.timeInForce ?? 'GTC',
      expireAtUs: options.expireAtUs,
      postOnly: options.postOnly ?? false,
      reduceOnly,
      tag: options.tag,
    } as const
    this.#push(ask)
    this.#account.placed(ask)
    return ask.orderId
  }

  #orderId(): string {
    const index = this.asks.length
    return this.#number < PLAIN_NUMBER_MAX && index < PLAIN_INDEX_MAX
      ? this.#prefix + this.#number + '-' + index
      : orderId(this.#strategy, this.#number, index)
  }

  cancel(id: string): void {
    const order = this.#account.order(id)
    if (!order || TERMINAL_STATUSES.has(order.status) || order.status === 'pending_cancel') return
    if (this.#passing === 'none') {
      this.#drop()
      return
    }
    this.#push({ type: 'cancel', orderId: id })
    this.#account.asked(id, 'pending_cancel')
  }

  amend(id: string, slot: Slot, change: { quantity?: number; price?: number; stopPrice?: number }): void {
    const order = this.#account.order(id)
    if (!order || order.status === 'pending_cancel') {
      this.#refuse('order_not_open', `amend ${id}: it is not open`)
      return
    }
    const quantity = change.quantity ?? order.quantity
    const price = change.price ?? order.price
    const stopPrice = change.stopPrice ?? order.stopPrice
    const snapped = snapSteps(slot.details, order.side, quantity, price, stopPrice, slot.lastPrice || NaN)
    if ('ok' in snapped) {
      this.#refuse(snapped.code, `amend ${id}: ${snapped.text}`)
      return
    }
    if (this.#passing === 'none') {
      this.#drop()
      return
    }
    const { lot } = stepsOfInstrument(slot.details)
    if (this.#passing === 'reducing' && numberOfSteps(snapped.lots, lot) > order.quantity) {
      this.#refuse(NOT_WARM, `amend ${id} would enlarge the order`)
      return
    }
    this.#push({
      type: 'amend',
      orderId: id,
      slot,
      lots: change.quantity === undefined ? undefined : snapped.lots,
      price: change.price === undefined ? undefined : snapped.price,
      stopPrice: change.stopPrice === undefined ? undefined : snapped.stopPrice,
    })
    this.#account.asked(id, 'pending_replace')
  }

  /** Whether an order can only bring the position nearer to zero, with all open orders of its side filled. */
  #reduces(side: Side, key: string, quantity: number, reduceOnly: boolean): boolean {
    const held = this.#account.position(key).quantity
    if (held === 0 || held > 0 === (side === 'buy') || quantity > Math.abs(held)) return false
    return reduceOnly || quantity + this.#account.leaves(key, side) <= Math.abs(held)
  }

  #push(ask: Ask): void {
    if (this.asks.length >= INTENTS_MAX)
      throw refuse('too_many_intents', 'intents', INTENTS_MAX + 1, `ask for at most ${INTENTS_MAX} in one decision`)
    this.asks.push(ask)
  }

  /** Not an error of the author's: it is told and counted, and the handler goes on. */
  #refuse(code: string, text: string): '' {
    if (this.#passing === 'none') return this.#drop()
    this.refusedNow.push(code)
    this.#count(code)
    this.note(`refused ${code}`, text)
    return ''
  }

  #drop(): '' {
    this.#count('dropped')
    return ''
  }

  #count(code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}

function typeOf(hasPrice: boolean, hasStop: boolean): OrderType {
  if (hasStop) return hasPrice ? 'stop_limit' : 'stop'
  return hasPrice ? 'limit' : 'market'
}

function checkOptions(options: OrderOptions): void {
  const { tag, expireAtUs, timeInForce } = options
  if (tag !== undefined && tag.length > TAG_MAX) throw refuse('tag', 'tag', tag, `use at most ${TAG_MAX} characters`)
  if ((timeInForce === 'GTD') !== (expireAtUs !== undefined))
    throw refuse('expiry', 'expireAtUs', expireAtUs, 'give it with timeInForce GTD, and only then')
  if (expireAtUs !== undefined && !(Number.isSafeInteger(expireAtUs) && expireAtUs > 0))
    throw refuse('expiry', 'expireAtUs', expireAtUs, 'give whole microseconds since the epoch')
  if (options.postOnly && options.price === undefined)
    throw refuse('post_only', 'postOnly', true, 'only a limit order can be post-only: give a price')
}
