import {
  decodeJson,
  decodeQuote,
  decodeTick,
  bookSchema,
  clockSchema,
  instrumentKey,
  parseSubject,
  Refusal,
  subjects,
} from '@contrail/contracts'
import type { Book, Quote, Tick } from '@contrail/contracts'
import type { Bus, Clock } from '@contrail/runtime'
import type { MarketView } from '@contrail/trading'

export type MarketEvent =
  | { readonly kind: 'tick'; readonly tick: Tick }
  | { readonly kind: 'quote'; readonly quote: Quote }
  | { readonly kind: 'book'; readonly book: Book }
type Known = { tick?: Tick; quote?: Quote; book?: Book }
/** Further back than this is another recording, not a late message. */
const ANEW_US = 60_000_000
export type MarketListener = {
  onMarket(key: string, event: MarketEvent): void
  onTime(nowUs: number): void
}

/** What is now known of each instrument. Live messages only: an order is filled by what comes, not by what was. */
export class MarketData {
  readonly #bus: Bus
  readonly #clock: Clock
  readonly #staleClock: 'wall' | 'market'
  readonly #known = new Map<string, Known>()
  readonly #seeding = new Map<string, Promise<void>>()
  readonly #seeded = new Set<string>()
  readonly #listeners: MarketListener[] = []
  readonly #subscriptions: { stop(): void }[] = []
  #marketUs = 0
  /** Messages that could not be read, by kind. */
  refused = 0

  constructor(bus: Bus, clock: Clock, staleClock: 'wall' | 'market') {
    this.#bus = bus
    this.#clock = clock
    this.#staleClock = staleClock
  }

  async start(): Promise<void> {
    for (const subject of ['md.ticks.>', 'md.quotes.>', 'md.book.>', subjects.clock()])
      this.#subscriptions.push(this.#bus.subscribe(subject, (name, data) => this.#arrived(name, data)))
    await this.#recall(subjects.clock())
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.stop()
  }

  listen(listener: MarketListener): void {
    this.#listeners.push(listener)
  }

  /** By which everything here is judged: the wall's, or that of the market that plays. */
  nowUs(): number {
    return this.#staleClock === 'wall' ? this.#clock.nowUs() : this.#marketUs
  }

  /** The last stored messages of an instrument that was not seen since the start. */
  async ensure(venue: string, instrument: string): Promise<void> {
    const key = instrumentKey(venue, instrument)
    if (this.#seeded.has(key)) return
    const seeding = this.#seeding.get(key) ?? this.#seed(venue, instrument)
    this.#seeding.set(key, seeding)
    await seeding.finally(() => this.#seeding.delete(key))
    this.#seeded.add(key)
  }

  /** `ensure` has nothing to wait for. */
  isSeeded(key: string): boolean {
    return this.#seeded.has(key)
  }

  async #seed(venue: string, instrument: string): Promise<void> {
    const known = this.#known.get(instrumentKey(venue, instrument)) ?? {}
    if (!known.tick) await this.#recall(subjects.tick(venue, instrument))
    if (!known.quote) await this.#recall(subjects.quote(venue, instrument))
  }

  /** Market data is kept in memory: after a restart of its server there may be no stream, and that is no fault here. */
  async #recall(subject: string): Promise<void> {
    if (!(await this.#bus.streamState('MD'))) return
    const message = await this.#bus.lastOnSubject('MD', subject)
    if (message) this.#arrived(message.subject, message.data)
  }

  known(key: string): readonly MarketEvent[] {
    const { tick, quote, book } = this.#known.get(key) ?? {}
    const events: MarketEvent[] = []
    if (book) events.push({ kind: 'book', book })
    if (quote) events.push({ kind: 'quote', quote })
    if (tick) events.push({ kind: 'tick', tick })
    return events
  }

  view(venue: string, instrument: string): MarketView {
    const { tick, quote } = this.#known.get(instrumentKey(venue, instrument)) ?? {}
    const timeUs = Math.max(tick?.receiveTimeUs ?? 0, quote?.receiveTimeUs ?? 0)
    return {
      bid: quote?.bid,
      ask: quote?.ask,
      last: tick?.price,
      timeUs: timeUs === 0 ? undefined : timeUs,
      volume: undefined,
    }
  }

  #arrived(subject: string, data: Uint8Array): void {
    try {
      this.#take(subject, data)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      // Bad market data is ingest's to tell of; here it must only not be traded on.
      this.refused++
    }
  }

  #take(subject: string, data: Uint8Array): void {
    const parsed = parseSubject(subject)
    if (parsed.kind === 'clock') return this.#time(decodeJson(clockSchema, data, 'clock').receiveTimeUs)
    if (parsed.kind === 'tick')
      return this.#event(instrumentKey(parsed.venue, parsed.instrument), { kind: 'tick', tick: decodeTick(data) })
    if (parsed.kind === 'quote')
      return this.#event(instrumentKey(parsed.venue, parsed.instrument), { kind: 'quote', quote: decodeQuote(data) })
    if (parsed.kind === 'book') {
      const book = decodeJson(bookSchema, data, 'book') as Book
      this.#event(instrumentKey(parsed.venue, parsed.instrument), { kind: 'book', book })
    }
  }

  #event(key: string, event: MarketEvent): void {
    const known = this.#known.get(key) ?? {}
    this.#known.set(key, known)
    const before = event.kind === 'tick' ? known.tick : event.kind === 'quote' ? known.quote : known.book
    const now = event.kind === 'tick' ? event.tick : event.kind === 'quote' ? event.quote : event.book
    if (before && now.receiveTimeUs < before.receiveTimeUs && !this.#anew(now.receiveTimeUs, before.receiveTimeUs))
      return
    Object.assign(known, { [event.kind]: now })
    if (now.receiveTimeUs > this.#marketUs) this.#marketUs = now.receiveTimeUs
    for (const listener of this.#listeners) listener.onMarket(key, event)
  }

  /** A recording that is played again begins in its past: then its time is the time. Less is only a late message. */
  #anew(nowUs: number, beforeUs: number): boolean {
    if (this.#staleClock === 'wall' || beforeUs - nowUs < ANEW_US) return false
    this.#marketUs = nowUs
    return true
  }

  #time(nowUs: number): void {
    if (nowUs > this.#marketUs) this.#marketUs = nowUs
    for (const listener of this.#listeners) listener.onTime(nowUs)
  }
}
