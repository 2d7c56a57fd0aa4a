import { INTENTS_MAX, orderId, refuse, TERMINAL_STATUSES } from '@contrail/contracts'
import type { Intent, Side, StrategyId } from '@contrail/contracts'
import type { AccountView } from './account.ts'
import type { OrderOptions } from './api.ts'
import { intentOf } from './ask.ts'
import type { Ask, PlaceAsk } from './ask.ts'
import type { Slot } from './mailbox.ts'
import { Notes } from './notes.ts'
import type { NoteValue, Reasons } from './notes.ts'
import { checkOptions, exitsOf, isBracket, isPlain, trailOf, typeOf, wrongExit } from './options.ts'
import { PlainOrder } from './plain.ts'
import { snapLots, snapSteps } from './snap.ts'
import { numberOfSteps, stepsOfInstrument } from '../venue/steps.ts'

/** Open orders one strategy may have (control C10): leaves room in one decision to cancel them all and do more. */
export const OPEN_ORDERS_MAX = 50
/** Expected after a gap: counted and noted, but no news. */
export const NOT_WARM = 'not_warm'
const NO_TRAIL = { trailTicks: 0, trailPercent: 0 } as const
/** Up to here an id of 20 + 1 + 9 + 1 + 1 characters is within its limit of 32. */
const PLAIN_NUMBER_MAX = 1e9
const PLAIN_INDEX_MAX = 10
const PLAIN_INDEXES = Array.from({ length: PLAIN_INDEX_MAX }, (_, index) => `-${index}`)

/** Which intents leave: `all`; `reducing` until warm; `none` when paused or in warm-up. */
export type Passing = 'all' | 'reducing' | 'none'

/** Collects what one handler call asks for, in whole lots and ticks. Emptied by `begin`. */
export class Collector {
  readonly #strategy: StrategyId
  readonly #prefix: string
  readonly #account: AccountView
  #number = 0
  #passing: Passing = 'none'
  /** Something was asked for, noted or refused since `begin`. */
  isUsed = false
  /** The host takes the one plain market order of a call as it is. */
  #takesPlain = false
  /** Asked for, and not among the asks: who looks at those or at open orders says `settle` first. */
  readonly plain: PlainOrder
  readonly asks: Ask[] = []
  readonly notes = new Notes()
  /** Codes of what was refused in this call. */
  refusedNow: string[] = []
  /** Since the start, by code. */
  refused: Record<string, number> = {}

  constructor(strategy: StrategyId, account: AccountView) {
    this.#strategy = strategy
    this.#prefix = `${strategy}-`
    this.#account = account
    this.plain = new PlainOrder(this.#prefix)
  }

  begin(number: number, passing: Passing, takesPlain = false): void {
    this.#number = number
    this.#passing = passing
    this.#takesPlain = takesPlain
    // Whatever leaves something here has said so.
    if (!this.isUsed) return
    this.plain.isAsked = false
    this.isUsed = false
    this.notes.begin()
    while (this.asks.length > 0) this.asks.pop()
    if (this.refusedNow.length > 0) this.refusedNow = []
  }

  /** Hands over what was collected: it is the caller's from now on, and never changes again. */
  take(): Ask[] {
    this.settle()
    const { asks } = this
    const taken = asks.length === 1 ? [asks[0]!] : asks.slice()
    while (asks.length > 0) asks.pop()
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
    this.isUsed = true
    if (!this.notes.add(name, value)) this.#count('notes_above_limit')
  }

  /** Undefined: it is `plain`, whose id is made where somebody wants it. */
  place(side: Side, slot: Slot, options: OrderOptions): string | undefined {
    if (this.#takesPlain && isPlain(options) && this.#plainly(side, slot, options)) return undefined
    this.settle()
    checkOptions(options)
    if (isBracket(options)) return this.#bracket(side, slot, options)
    const ask = this.#ask(side, slot, options)
    if (typeof ask === 'string') return ask
    return this.#add(ask)
  }

  /** As `#ask` for the only order there is, of which nobody sees an object. False: that has to say it. */
  #plainly(side: Side, slot: Slot, options: OrderOptions): boolean {
    const { plain } = this
    if (plain.isAsked || this.#passing !== 'all' || this.asks.length > 0 || this.#account.openCount > 0) return false
    const lots = snapLots(slot.details, options.quantity, slot.lastPrice)
    if (lots === 0 || this.#number >= PLAIN_NUMBER_MAX) return false
    plain.isAsked = true
    plain.number(this.#number)
    plain.slot = slot
    plain.side = side
    plain.lots = lots
    plain.tag = options.tag
    this.isUsed = true
    return true
  }

  /** A plain market order becomes an ask like any other, because somebody looks. */
  settle(): void {
    const { plain } = this
    if (!plain.isAsked) return
    plain.isAsked = false
    this.#add(plain.ask())
  }

  /** All of it or nothing: an entry whose exits cannot be placed is not placed. */
  #bracket(side: Side, slot: Slot, options: OrderOptions): string {
    const entry = options.price ?? options.stopPrice ?? options.touchPrice ?? slot.lastPrice
    const wrong = wrongExit(side, options, entry)
    if (wrong !== undefined) return this.#refuse('bracket_wrong_side', `${side} ${slot.key}: ${wrong}`)
    const parent = this.#ask(side, slot, options)
    if (typeof parent === 'string') return parent
    const exits: PlaceAsk[] = []
    for (const exit of exitsOf(options)) {
      const ask = this.#ask(side === 'buy' ? 'sell' : 'buy', slot, exit, exits.length + 1)
      if (typeof ask === 'string') return ask
      exits.push(ask)
    }
    const id = this.#add({ ...parent, linked: true })
    const group = exits[0]?.orderId ?? ''
    for (const exit of exits)
      this.#add({ ...exit, parent: id, oco: exit.orderId === group ? '' : group, linked: exits.length > 1 })
    return id
  }

  /** What the options mean, or `''` with the reason noted. `before`: asks that are to be added before it. */
  #ask(side: Side, slot: Slot, options: OrderOptions, before = 0): PlaceAsk | '' {
    const { price, trailing } = options
    const stopPrice = options.stopPrice ?? options.touchPrice
    const snapped = snapSteps(slot.details, side, options.quantity, price, stopPrice, slot.lastPrice)
    if ('ok' in snapped) return this.#refuse(snapped.code, `${side} ${slot.key}: ${snapped.text}`)
    const trail = trailing === undefined ? NO_TRAIL : trailOf(slot, trailing)
    if (this.#passing === 'none') return this.#drop()
    const reduceOnly = options.reduceOnly ?? false
    if (this.#passing === 'reducing') {
      const quantity = numberOfSteps(snapped.lots, stepsOfInstrument(slot.details).lot)
      if (!this.#reduces(side, slot.key, quantity, reduceOnly))
        return this.#refuse(NOT_WARM, `${side} ${quantity} ${slot.key} would not reduce the position`)
    }
    if (this.#account.openCount + before >= OPEN_ORDERS_MAX)
      return this.#refuse('open_orders_above_limit', `${OPEN_ORDERS_MAX} orders are open`)
    const stray = this.#stray(slot, options.parent, 'parent') ?? this.#stray(slot, options.oco, 'oco')
    if (stray !== undefined) return this.#refuse('link_not_open', `${side} ${slot.key}: ${stray}`)
    return {
      type: 'place',
      orderId: this.#orderId(before),
      slot,
      side,
      lots: snapped.lots,
      orderType: typeOf(options),
      price: snapped.price,
      stopPrice: snapped.stopPrice,
      timeInForce: options.timeInForce ?? 'GTC',
      expireAtUs: options.expireAtUs,
      postOnly: options.postOnly ?? false,
      reduceOnly,
      tag: options.tag,
      trailTicks: trail.trailTicks,
      trailPercent: trail.trailPercent,
      parent: options.parent ?? '',
      // A group is named after its first order.
      oco: (options.oco && (this.#account.order(options.oco)?.oco || options.oco)) ?? '',
      linked: options.oco !== undefined,
    }
  }

  #stray(slot: Slot, id: string | undefined, what: string): string | undefined {
    if (id === undefined) return undefined
    const order = this.#account.order(id)
    if (order?.instrument === slot.instrument && order.venue === slot.venue) return undefined
    return `${what} '${id}' is no open order of this instrument`
  }

  #add(ask: PlaceAsk): string {
    this.#push(ask)
    this.#account.placed(ask)
    return ask.orderId
  }

  #orderId(before: number): string {
    const index = this.asks.length + before
    return this.#number < PLAIN_NUMBER_MAX && index < PLAIN_INDEX_MAX
      ? this.#prefix + this.#number + PLAIN_INDEXES[index]!
      : orderId(this.#strategy, this.#number, index)
  }

  cancel(id: string): void {
    this.settle()
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
    this.settle()
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
    this.isUsed = true
    if (this.asks.length >= INTENTS_MAX)
      throw refuse('too_many_intents', 'intents', INTENTS_MAX + 1, `ask for at most ${INTENTS_MAX} in one decision`)
    this.asks.push(ask)
  }

  /** Not an error of the author's: it is told and counted, and the handler goes on. */
  #refuse(code: string, text: string): '' {
    if (this.#passing === 'none') return this.#drop()
    this.isUsed = true
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
