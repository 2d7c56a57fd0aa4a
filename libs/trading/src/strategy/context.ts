import { instrumentKey, refuse } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { AccountView } from './account.ts'
import type { Context, OrderOptions, OrderReadout, PositionReadout } from './api.ts'
import type { Collector } from './collector.ts'
import { late } from './late.ts'
import type { Slot } from './mailbox.ts'
import type { NoteValue } from './notes.ts'

/** What the context reads of its actor. */
export type ContextSource = {
  /** [now, price of the event at hand]: doubles in a column, so that an event boxes none. */
  readonly cells: Float64Array
  readonly warm: boolean
}

/** The one context object of an actor, handed to every handler call. Its insides are out of the author's reach. */
export class ActorContext<P> implements Context<P> {
  readonly parameters: P
  readonly #source: ContextSource
  readonly #slots: ReadonlyMap<string, Slot>
  readonly #first: Slot
  readonly #account: AccountView
  readonly #collector: Collector

  constructor(
    parameters: P,
    source: ContextSource,
    slots: ReadonlyMap<string, Slot>,
    account: AccountView,
    collector: Collector,
  ) {
    this.parameters = parameters
    this.#source = source
    this.#slots = slots
    this.#first = slots.values().next().value as Slot
    this.#account = account
    this.#collector = collector
  }

  get nowUs(): number {
    late.by?.write()
    return this.#source.cells[0]!
  }

  get warm(): boolean {
    return this.#source.warm
  }

  position(instrument?: string, venue?: string): PositionReadout {
    return this.#account.position(this.#slot(instrument, venue).key)
  }

  openOrders(instrument?: string, venue?: string): readonly OrderReadout[] {
    const slot = this.#slot(instrument, venue)
    this.#collector.settle()
    return this.#account.orders().filter((order) => order.instrument === slot.instrument && order.venue === slot.venue)
  }

  instrument(instrument?: string, venue?: string): Instrument {
    return this.#slot(instrument, venue).details
  }

  lastPrice(instrument?: string, venue?: string): number | undefined {
    const { lastPrice } = this.#slot(instrument, venue)
    return Number.isNaN(lastPrice) ? undefined : lastPrice
  }

  buy(options: OrderOptions): string {
    const slot = this.#slot(options.instrument, options.venue)
    return this.#collector.place('buy', slot, options) ?? this.#collector.plain.id
  }

  sell(options: OrderOptions): string {
    const slot = this.#slot(options.instrument, options.venue)
    return this.#collector.place('sell', slot, options) ?? this.#collector.plain.id
  }

  cancel(orderId: string): void {
    this.#collector.cancel(orderId)
  }

  cancelAll(instrument?: string): void {
    this.#collector.settle()
    for (const order of this.#account.orders())
      if (instrument === undefined || order.instrument === instrument) this.#collector.cancel(order.orderId)
  }

  amend(orderId: string, change: { quantity?: number; price?: number; stopPrice?: number }): void {
    this.#collector.settle()
    const order = this.#account.order(orderId)
    this.#collector.amend(orderId, order ? this.#slot(order.instrument, order.venue) : this.#first, change)
  }

  note(name: string, value: NoteValue): void {
    this.#collector.note(name, value)
  }

  #slot(instrument: string | undefined, venue: string | undefined): Slot {
    late.by?.write()
    return instrument === undefined && venue === undefined ? this.#first : this.#find(instrument, venue)
  }

  #find(instrument: string | undefined, venue: string | undefined): Slot {
    const name = instrument ?? this.#first.instrument
    if (venue !== undefined) {
      const slot = this.#slots.get(instrumentKey(venue, name))
      if (slot) return slot
      throw refuse('unknown_instrument', 'instrument', instrumentKey(venue, name), 'name an instrument of this venue')
    }
    if (name === this.#first.instrument) return this.#first
    for (const slot of this.#slots.values()) if (slot.instrument === name) return slot
    throw refuse('unknown_instrument', 'instrument', name, 'name an instrument that the venue has')
  }
}
