import { PriceGuard } from './price-guard.ts'
import type { PriceGuardOptions } from './price-guard.ts'
import { TradeIds } from './trade-ids.ts'

export const TICK_REFUSALS = [
  'not_a_number',
  'price_not_positive',
  'quantity_not_positive',
  'price_absurd',
  'duplicate_trade',
  'trade_out_of_order',
  'time_back',
] as const
export type TickRefusal = (typeof TICK_REFUSALS)[number]
export const QUOTE_REFUSALS = [
  'not_a_number',
  'price_not_positive',
  'quantity_negative',
  'crossed_quote',
  'price_absurd',
  'quote_out_of_order',
  'time_back',
] as const
export type QuoteRefusal = (typeof QUOTE_REFUSALS)[number]

export type FilterOptions = PriceGuardOptions & {
  /** How far the venue's time may run back from the latest one that was seen. */
  readonly timeBackMaxUs?: number
}
const TIME_BACK_MAX_US = 5_000_000

export type TickFilterOptions = FilterOptions & {
  /** Ids of this venue count up by one, so that a missing one is a gap. Otherwise ids only tell repeats. */
  readonly sequentialIds?: boolean
}
export type FilterTick = {
  readonly tradeId: string
  readonly price: number
  readonly quantity: number
  readonly venueTimeUs: number
}
/** `gap` trades are missing before an accepted one. */
export type TickVerdict =
  { readonly ok: true; readonly gap: number } | { readonly ok: false; readonly reason: TickRefusal }

const ACCEPTED: TickVerdict = { ok: true, gap: 0 }

/** Judges the trades of one instrument of one venue, in the order in which they come. */
export class TickFilter {
  readonly #guard: PriceGuard
  readonly #ids: TradeIds
  readonly #timeBackMaxUs: number
  readonly #refused: Partial<Record<TickRefusal, number>> = {}
  #latestUs = -Infinity
  #accepted = 0
  #missing = 0

  constructor(options: TickFilterOptions = {}) {
    this.#guard = new PriceGuard(options)
    this.#ids = new TradeIds(options.sequentialIds ?? false)
    this.#timeBackMaxUs = options.timeBackMaxUs ?? TIME_BACK_MAX_US
  }

  check(tick: FilterTick): TickVerdict {
    const reason = this.#judge(tick)
    if (reason) {
      this.#refused[reason] = (this.#refused[reason] ?? 0) + 1
      return { ok: false, reason }
    }
    const gap = this.#ids.take(tick.tradeId)
    this.#missing += gap
    this.#accepted++
    if (tick.venueTimeUs > this.#latestUs) this.#latestUs = tick.venueTimeUs
    return gap === 0 ? ACCEPTED : { ok: true, gap }
  }

  #judge({ price, quantity, venueTimeUs, tradeId }: FilterTick): TickRefusal | undefined {
    if (!Number.isFinite(price) || !Number.isFinite(quantity) || !Number.isFinite(venueTimeUs)) return 'not_a_number'
    if (price <= 0) return 'price_not_positive'
    if (quantity <= 0) return 'quantity_not_positive'
    const known = this.#ids.judge(tradeId)
    if (known) return known
    if (venueTimeUs < this.#latestUs - this.#timeBackMaxUs) return 'time_back'
    return this.#guard.accepts(price) ? undefined : 'price_absurd'
  }

  get accepted(): number {
    return this.#accepted
  }

  /** By reason. */
  get refused(): Readonly<Partial<Record<TickRefusal, number>>> {
    return this.#refused
  }

  /** Trades whose id was skipped by the venue's count. */
  get missing(): number {
    return this.#missing
  }
}

export type FilterQuote = {
  readonly bid: number
  readonly bidQuantity: number
  readonly ask: number
  readonly askQuantity: number
  readonly venueTimeUs: number
  /** Of the book, where the venue says it. */
  readonly updateId?: number | undefined
}
export type QuoteVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: QuoteRefusal }
const QUOTE_ACCEPTED: QuoteVerdict = { ok: true }

/** Judges the best bids and asks of one instrument of one venue. A quote whose sides meet is crossed too. */
export class QuoteFilter {
  readonly #guard: PriceGuard
  readonly #timeBackMaxUs: number
  readonly #refused: Partial<Record<QuoteRefusal, number>> = {}
  #latestUs = -Infinity
  #updateId = -Infinity
  #accepted = 0

  constructor(options: FilterOptions = {}) {
    this.#guard = new PriceGuard(options)
    this.#timeBackMaxUs = options.timeBackMaxUs ?? TIME_BACK_MAX_US
  }

  check(quote: FilterQuote): QuoteVerdict {
    const reason = this.#judge(quote)
    if (reason) {
      this.#refused[reason] = (this.#refused[reason] ?? 0) + 1
      return { ok: false, reason }
    }
    this.#accepted++
    if (quote.venueTimeUs > this.#latestUs) this.#latestUs = quote.venueTimeUs
    if (quote.updateId !== undefined) this.#updateId = quote.updateId
    return QUOTE_ACCEPTED
  }

  #judge({ bid, ask, bidQuantity, askQuantity, venueTimeUs, updateId }: FilterQuote): QuoteRefusal | undefined {
    const sum = bid + ask + bidQuantity + askQuantity + venueTimeUs + (updateId ?? 0)
    if (!Number.isFinite(sum)) return 'not_a_number'
    if (bid <= 0 || ask <= 0) return 'price_not_positive'
    if (bidQuantity < 0 || askQuantity < 0) return 'quantity_negative'
    if (bid >= ask) return 'crossed_quote'
    if (updateId !== undefined && updateId < this.#updateId) return 'quote_out_of_order'
    if (venueTimeUs < this.#latestUs - this.#timeBackMaxUs) return 'time_back'
    return this.#guard.accepts((bid + ask) / 2) ? undefined : 'price_absurd'
  }

  get accepted(): number {
    return this.#accepted
  }

  get refused(): Readonly<Partial<Record<QuoteRefusal, number>>> {
    return this.#refused
  }
}
