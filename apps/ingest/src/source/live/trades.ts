import type { Clock, Logger } from '@contrail/runtime'
import type { RawEvent, SourceSink } from '../port.ts'
import { symbolOf } from './client.ts'
import type { LiveClient, LiveTrade } from './client.ts'

/** Ids remembered, so that backfill and stream may overlap. More than any venue returns in one REST page. */
const SEEN_IDS_MAX = 5000
const PAGE_TRADES = 1000
/** Pages of a backfill; beyond, the hole stays and is said. */
const PAGES_MAX = 20

/** Trades of one instrument in order and once, whatever of stream and REST they came by. */
export class TradeFeed {
  readonly instrument: string
  readonly #client: LiveClient
  readonly #sink: SourceSink
  readonly #clock: Clock
  readonly #log: Logger
  readonly #seen = new Set<string>()
  #lastMs = 0

  constructor(instrument: string, client: LiveClient, sink: SourceSink, clock: Clock, log: Logger) {
    this.instrument = instrument
    this.#client = client
    this.#sink = sink
    this.#clock = clock
    this.#log = log
  }

  take(trades: readonly LiveTrade[]): number {
    let count = 0
    for (const trade of trades) {
      const event = this.#eventOf(trade)
      if (event.kind === 'trade' && this.#known(event.tradeId)) continue
      this.#lastMs = Math.max(this.#lastMs, trade.timestamp ?? 0)
      void this.#sink.event(event)
      count++
    }
    return count
  }

  /** Everything since the last trade, by REST; says `reconnected` when the hole is closed and `gap` when it is not. */
  async backfill(): Promise<void> {
    if (this.#lastMs === 0) return
    let filled = 0
    for (let page = 0; page < PAGES_MAX; page++) {
      const trades = await this.#client.fetchTrades(symbolOf(this.instrument), this.#lastMs, PAGE_TRADES)
      const ordered = [...trades].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0) || byId(a, b))
      const overlaps = ordered.some((trade) => this.#seen.has(idOf(trade)))
      const fresh = this.take(ordered)
      filled += fresh
      if (!overlaps && page === 0 && ordered.length > 0) {
        this.status('gap', `the venue no longer gives the trades since ${this.#lastMs}`)
        return
      }
      if (fresh === 0 || trades.length < PAGE_TRADES) {
        this.status('reconnected', `${filled} trades were fetched`)
        return
      }
    }
    this.status('gap', `more than ${PAGES_MAX * PAGE_TRADES} trades were missed`)
  }

  /** True when REST knows trades that the stream did not bring: silence is then a fault, not a quiet market. */
  async missed(): Promise<boolean> {
    if (this.#lastMs === 0) return true
    const trades = await this.#client.fetchTrades(symbolOf(this.instrument), this.#lastMs, PAGE_TRADES)
    return trades.some((trade) => !this.#seen.has(idOf(trade)))
  }

  status(status: 'gap' | 'reconnected', detail: string): void {
    this.#log.warn({ instrument: this.instrument, status, detail }, 'feed')
    const venueTimeUs = this.#clock.nowUs()
    void this.#sink.event({ kind: 'status', instrument: this.instrument, status, detail, venueTimeUs })
  }

  #eventOf(trade: LiveTrade): RawEvent {
    return {
      kind: 'trade',
      instrument: this.instrument,
      venueTimeUs: trade.timestamp === undefined ? this.#clock.nowUs() : trade.timestamp * 1000,
      tradeId: idOf(trade),
      side: trade.side === 'buy' || trade.side === 'sell' ? trade.side : 'unknown',
      price: trade.price ?? Number.NaN,
      quantity: trade.amount ?? Number.NaN,
    }
  }

  #known(id: string): boolean {
    if (this.#seen.has(id)) return true
    this.#seen.add(id)
    if (this.#seen.size > SEEN_IDS_MAX) for (const oldest of this.#seen) return !this.#seen.delete(oldest)
    return false
  }
}

/** A venue without ids (Kraken's stream): what makes the trade. */
const idOf = (trade: LiveTrade): string =>
  trade.id ?? `${trade.timestamp}-${trade.side}-${trade.price}-${trade.amount}`.slice(0, 64)

const byId = (a: LiveTrade, b: LiveTrade): number => Number(a.id ?? 0) - Number(b.id ?? 0) || 0
