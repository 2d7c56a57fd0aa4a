import { refuse } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { Clock, Logger } from '@contrail/runtime'
import type { Level, Source, SourceSink } from '../port.ts'
import { dropSockets, instrumentOfMarket, LIVE_VENUES, loadClient, symbolOf } from './client.ts'
import type { LiveBook, LiveClient, LiveVenue } from './client.ts'
import { TradeFeed } from './trades.ts'

export type LiveOptions = {
  venue: LiveVenue
  instruments: readonly string[]
  clock: Clock
  log: Logger
  /** A stream that says nothing for this long is asked by REST whether it lives. */
  silenceMs: number
  pollMs: number
  client?: LiveClient
}

const BACKOFF_MS = { first: 250, most: 30_000 }
const BOOK_LEVELS = 50

/** One venue through ccxt: websockets with reconnect and backfill, or polling where there is no stream. */
export function createLiveSource(options: LiveOptions): Source {
  if (options.instruments.length === 0)
    throw refuse('no_instrument', 'instruments', 'none', 'name at least one, e.g. BTC-USDT')
  const live = new Live(options)
  return {
    venue: options.venue,
    time: 'wall',
    sequentialIds: options.venue === 'binance' && options.instruments.every((each) => !each.endsWith('-PERP')),
    ended: new Promise<void>(() => undefined),
    instruments: async () => await live.instruments(),
    start: async (sink) => await live.start(sink),
    stop: async () => await live.stop(),
  }
}

class Live {
  readonly #options: LiveOptions
  #client: LiveClient | undefined
  #stopped = false
  readonly #loops: Promise<void>[] = []
  readonly #wakes = new Set<() => void>()

  constructor(options: LiveOptions) {
    this.#options = options
  }

  async instruments(): Promise<Instrument[]> {
    const client = await this.#connected()
    return this.#options.instruments.map((instrument) => {
      const market = client.markets?.[symbolOf(instrument)]
      if (!market)
        throw refuse('unknown_instrument', 'instrument', instrument, `${this.#options.venue} does not list it`)
      return instrumentOfMarket(this.#options.venue, instrument, market)
    })
  }

  async start(sink: SourceSink): Promise<void> {
    const client = await this.#connected()
    const stream = LIVE_VENUES[this.#options.venue] === 'stream'
    for (const instrument of this.#options.instruments) {
      const trades = new TradeFeed(instrument, client, sink, this.#options.clock, this.#options.log)
      this.#loops.push(
        this.#loop(instrument, stream ? this.#tradeStream(trades, client) : this.#tradePoll(trades, client)),
      )
      this.#loops.push(this.#loop(instrument, this.#books(instrument, client, sink, stream)))
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const wake of this.#wakes) wake()
    const closing = this.#client?.close()
    if (this.#client) dropSockets(this.#client)
    await closing
    await Promise.allSettled(this.#loops)
  }

  async #connected(): Promise<LiveClient> {
    this.#client ??= this.#options.client ?? (await loadClient(this.#options.venue))
    await this.#client.loadMarkets()
    return this.#client
  }

  /** Runs `turn` for ever; a failure is followed by a wait that doubles and ends with the first success. */
  async #loop(instrument: string, turn: (failedBefore: boolean) => Promise<void>): Promise<void> {
    let pauseMs = 0
    while (!this.#stopped) {
      try {
        await turn(pauseMs > 0)
        pauseMs = 0
      } catch (error) {
        if (this.#stopped) return
        pauseMs = Math.min(BACKOFF_MS.most, Math.max(BACKOFF_MS.first, pauseMs * 2))
        const reason = (error as Error).message
        this.#options.log.warn({ reason, instrument, pauseMs }, 'the venue connection failed; it is tried again')
        await this.#pause(pauseMs)
      }
    }
  }

  #tradeStream(feed: TradeFeed, client: LiveClient): (failedBefore: boolean) => Promise<void> {
    const symbol = symbolOf(feed.instrument)
    return async (failedBefore) => {
      // Subscribe first, then fetch: what happens between the two comes by both ways and is taken once.
      const next = client.watchTrades(symbol)
      if (failedBefore) await Promise.all([feed.backfill(), next.then((trades) => feed.take(trades))])
      else {
        const trades = await this.#orSilence(next)
        if (trades) feed.take(trades)
        else if (await feed.missed()) {
          dropSockets(client)
          feed.status('gap', `no trade by stream in ${this.#options.silenceMs} ms, but REST has new ones`)
          throw new Error('the stream is silent')
        }
      }
    }
  }

  #tradePoll(feed: TradeFeed, client: LiveClient): (failedBefore: boolean) => Promise<void> {
    return async (failedBefore) => {
      if (failedBefore) await feed.backfill()
      const trades = await client.fetchTrades(symbolOf(feed.instrument))
      feed.take([...trades].sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0)))
      await this.#pause(this.#options.pollMs)
    }
  }

  #books(instrument: string, client: LiveClient, sink: SourceSink, stream: boolean): () => Promise<void> {
    const symbol = symbolOf(instrument)
    let turn = 0
    return async () => {
      const book = stream ? await client.watchOrderBook(symbol) : await client.fetchOrderBook(symbol, BOOK_LEVELS)
      this.#tellBook(instrument, book, book.nonce ?? ++turn, sink)
      if (!stream) await this.#pause(this.#options.pollMs)
    }
  }

  #tellBook(instrument: string, book: LiveBook, updateId: number, sink: SourceSink): void {
    const venueTimeUs = book.timestamp === undefined ? this.#options.clock.nowUs() : book.timestamp * 1000
    const [bids, asks] = [levelsOf(book.bids), levelsOf(book.asks)]
    const [bid, ask] = [bids[0], asks[0]]
    if (bid && ask)
      void sink.event({
        kind: 'quote',
        instrument,
        venueTimeUs,
        bid: bid[0],
        bidQuantity: bid[1],
        ask: ask[0],
        askQuantity: ask[1],
      })
    void sink.event({ kind: 'snapshot', instrument, venueTimeUs, updateId, bids, asks })
  }

  /** Undefined after `silenceMs`. The client gives the same pending promise again at the next call: nothing is lost. */
  async #orSilence<T>(next: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => undefined
    const silent = new Promise<undefined>((resolve) => {
      const timer = this.#options.clock.setTimer(this.#options.silenceMs, () => resolve(undefined))
      cancel = () => timer.cancel()
    })
    try {
      return await Promise.race([next, silent])
    } finally {
      cancel()
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel()
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = this.#options.clock.setTimer(ms, wake)
      this.#wakes.add(wake)
    })
  }
}

/** Plain arrays: ccxt's own are live objects that change under us. */
const levelsOf = (levels: LiveBook['bids']): Level[] =>
  Array.from(levels.slice(0, BOOK_LEVELS), ([price, quantity]): Level => [price ?? Number.NaN, quantity ?? Number.NaN])
