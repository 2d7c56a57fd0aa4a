import { Seen } from '../strategy/seen.ts'

/** Ids remembered where they are not numbers that count up. */
const REMEMBERED = 10_000
/** Digits of a whole number that is exact in a double. */
const NUMERIC = /^\d{1,15}$/

/**
 * Tells a repeated trade from a late one and counts missing ones. Ids that are numbers must grow; of others only the
 * repetition is known. A venue that sends none (`''`) is taken at its word.
 */
export class TradeIds {
  readonly #sequential: boolean
  readonly #seen = new Seen(REMEMBERED)
  #last = -1

  constructor(sequential: boolean) {
    this.#sequential = sequential
  }

  judge(tradeId: string): 'duplicate_trade' | 'trade_out_of_order' | undefined {
    if (tradeId === '') return undefined
    if (this.#seen.has(tradeId)) return 'duplicate_trade'
    return NUMERIC.test(tradeId) && Number(tradeId) <= this.#last ? 'trade_out_of_order' : undefined
  }

  /** Takes an id that `judge` has let through; returns how many are missing before it. */
  take(tradeId: string): number {
    if (tradeId === '') return 0
    this.#seen.add(tradeId)
    if (!NUMERIC.test(tradeId)) return 0
    const number = Number(tradeId)
    const missing = this.#sequential && this.#last >= 0 ? number - this.#last - 1 : 0
    this.#last = number
    return missing
  }
}
