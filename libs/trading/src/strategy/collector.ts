import { INTENTS_MAX, orderId, refuse, TERMINAL_STATUSES } from '@contrail/contracts'
import type { Intent, PlaceIntent, Side, StrategyId, Us, VenueId, InstrumentId } from '@contrail/contracts'
import type { AccountView } from './account.ts'
import type { OrderOptions } from './api.ts'
import type { Slot } from './mailbox.ts'
import { snapOrder } from './snap.ts'

/** Open orders one strategy may have (control C10): leaves room in one decision to cancel them all and do more. */
export const OPEN_ORDERS_MAX = 50
/** Notes kept with one decision, and the longest text of one. */
export const NOTES_MAX = 64
export const NOTE_TEXT_MAX = 200
const TAG_MAX = 40
/** Expected after a gap: counted and noted, but no news. */
export const NOT_WARM = 'not_warm'

export type NoteValue = number | string | boolean | null
/** Which intents leave: `all`; `reducing` until warm; `none` when paused or in warm-up. */
export type Passing = 'all' | 'reducing' | 'none'

/** Collects what one handler call asks for. Emptied by `begin`; what leaves is in `intents` and `reasons`. */
export class Collector {
  readonly #strategy: StrategyId
  readonly #account: AccountView
  #number = 0
  #passing: Passing = 'none'
  intents: Intent[] = []
  reasons: Record<string, NoteValue> = {}
  #notes = 0
  /** Something was collected in this call: most inputs lead to nothing, and that must cost nothing. */
  touched = false
  /** Codes of what was refused in this call. */
  refusedNow: string[] = []
  /** Since the start, by code. */
  refused: Record<string, number> = {}

  constructor(strategy: StrategyId, account: AccountView) {
    this.#strategy = strategy
    this.#account = account
  }

  begin(number: number, passing: Passing): void {
    this.#number = number
    this.#passing = passing
    if (this.touched) this.#empty()
  }

  /** Hands over what was collected: it is the caller's from now on, and never changes again. */
  take(): { intents: Intent[]; reasons: Record<string, NoteValue> } {
    const taken = { intents: this.intents, reasons: this.reasons }
    this.intents = []
    this.reasons = {}
    this.refusedNow = []
    this.#notes = 0
    return taken
  }

  #empty(): void {
    this.touched = false
    if (this.intents.length > 0) this.intents = []
    if (this.refusedNow.length > 0) this.refusedNow = []
    if (this.#notes > 0) this.reasons = {}
    this.#notes = 0
  }

  /** The look-back is complete with this very input. */
  pass(passing: Passing): void {
    this.#passing = passing
  }

  get notes(): number {
    return this.#notes
  }

  note(name: string, value: NoteValue): void {
    if (this.#notes >= NOTES_MAX && !Object.hasOwn(this.reasons, name)) {
      this.#count('notes_above_limit')
      return
    }
    this.#notes++
    this.touched = true
    if (typeof value === 'string') this.reasons[name] = value.slice(0, NOTE_TEXT_MAX)
    else this.reasons[name] = typeof value === 'number' && !Number.isFinite(value) ? null : value
  }

  place(side: Side, slot: Slot, options: OrderOptions): string {
    checkOptions(options)
    const mark = Number.isNaN(slot.lastPrice) ? undefined : slot.lastPrice
    const asked = { side, quantity: options.quantity, price: options.price, stopPrice: options.stopPrice }
    const snapped = snapOrder(slot.details, asked, mark)
    if (!snapped.ok) return this.#refuse(snapped.code, `${side} ${slot.key}: ${snapped.text}`)
    if (this.#passing === 'none') return this.#drop()
    const quantity = Number(snapped.order.quantity)
    if (this.#passing === 'reducing' && !this.#reduces(side, slot.key, quantity, options.reduceOnly === true))
      return this.#refuse(NOT_WARM, `${side} ${quantity} ${slot.key} would not reduce the position`)
    if (this.#account.openCount >= OPEN_ORDERS_MAX)
      return this.#refuse('open_orders_above_limit', `${OPEN_ORDERS_MAX} orders are open`)
    const intent = this.#placeIntent(side, slot, options, snapped.order)
    this.#push(intent)
    this.#account.placed(intent)
    return intent.orderId
  }

  #placeIntent(
    side: Side,
    slot: Slot,
    options: OrderOptions,
    order: { quantity: string; price: string | undefined; stopPrice: string | undefined },
  ): PlaceIntent {
    const { price, stopPrice } = order
    // The order of these keys is the order of the bytes on the wire: a decision made again must equal the first.
    return {
      type: 'place',
      orderId: orderId(this.#strategy, this.#number, this.intents.length),
      venue: slot.venue as VenueId,
      instrument: slot.instrument as InstrumentId,
      side,
      quantity: order.quantity,
      orderType:
        stopPrice === undefined
          ? price === undefined
            ? 'market'
            : 'limit'
          : price === undefined
            ? 'stop'
            : 'stop_limit',
      ...(price !== undefined && { price }),
      ...(stopPrice !== undefined && { stopPrice }),
      timeInForce: options.timeInForce ?? 'GTC',
      ...(options.expireAtUs !== undefined && { expireAtUs: options.expireAtUs as Us }),
      postOnly: options.postOnly ?? false,
      reduceOnly: options.reduceOnly ?? false,
      ...(options.tag !== undefined && { tag: options.tag }),
    }
  }

  cancel(id: string): void {
    const order = this.#account.order(id)
    if (!order || TERMINAL_STATUSES.has(order.status) || order.status === 'pending_cancel') return
    if (this.#passing === 'none') {
      this.#drop()
      return
    }
    this.#push({ type: 'cancel', orderId: id as PlaceIntent['orderId'] })
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
    const snapped = snapOrder(
      slot.details,
      { side: order.side, quantity, price, stopPrice },
      slot.lastPrice || undefined,
    )
    if (!snapped.ok) {
      this.#refuse(snapped.code, `amend ${id}: ${snapped.text}`)
      return
    }
    if (this.#passing === 'none') {
      this.#drop()
      return
    }
    if (this.#passing === 'reducing' && Number(snapped.order.quantity) > order.quantity) {
      this.#refuse(NOT_WARM, `amend ${id} would enlarge the order`)
      return
    }
    this.#push({
      type: 'amend',
      orderId: id as PlaceIntent['orderId'],
      ...(change.quantity !== undefined && { quantity: snapped.order.quantity }),
      ...(change.price !== undefined && { price: snapped.order.price as string }),
      ...(change.stopPrice !== undefined && { stopPrice: snapped.order.stopPrice as string }),
    })
    this.#account.asked(id, 'pending_replace')
  }

  /** Whether an order can only bring the position nearer to zero, with all open orders of its side filled. */
  #reduces(side: Side, key: string, quantity: number, reduceOnly: boolean): boolean {
    const held = this.#account.position(key).quantity
    if (held === 0 || held > 0 === (side === 'buy') || quantity > Math.abs(held)) return false
    return reduceOnly || quantity + this.#account.leaves(key, side) <= Math.abs(held)
  }

  #push(intent: Intent): void {
    if (this.intents.length >= INTENTS_MAX)
      throw refuse('too_many_intents', 'intents', INTENTS_MAX + 1, `ask for at most ${INTENTS_MAX} in one decision`)
    this.intents.push(intent)
    this.touched = true
  }

  /** Not an error of the author's: it is told and counted, and the handler goes on. */
  #refuse(code: string, text: string): '' {
    if (this.#passing === 'none') return this.#drop()
    this.refusedNow.push(code)
    this.touched = true
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
