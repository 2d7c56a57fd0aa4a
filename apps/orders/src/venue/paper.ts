import { instrumentKey, ORDER_TYPES, stepsOf } from '@contrail/contracts'
import type { Instrument } from '@contrail/contracts'
import type { Database } from '@contrail/db'
import { crashPoint } from '@contrail/runtime'
import type { Logger } from '@contrail/runtime'
import * as simulated from '@contrail/trading'
import type { AmendRequest, Approved, CancelRequest, PaperMarket, PlaceRequest, Received } from '@contrail/trading'
import type { VenueOrder, VenueReport, VenueSettings } from '@contrail/trading'
import type { MarketData, MarketEvent, MarketListener } from '../market-data.ts'
import { loadEnded, loadOpen, PaperPositions, readAnswer, readFills, writeRequest, writeStep } from './paper-store.ts'
import type { PaperRequest, StepRows } from './paper-store.ts'
import type { Answer, Outcome, VenueFill, VenuePort, VenuePosition } from './port.ts'

type Options = {
  database: Database
  tenant: string
  account: string
  market: MarketData
  settings: VenueSettings
  instrumentOf: (key: string) => Instrument | undefined
  log: Logger
}

/**
 * The paper venue of one account: the pure venue around books of its own. It steps in memory, commits the step, and only
 * then answers or reports. A commit that fails makes the memory worthless: it is read anew.
 */
export class PaperVenue implements VenuePort, MarketListener {
  readonly name = 'paper'
  readonly absenceIsProof = true
  readonly takes = { orderTypes: new Set(ORDER_TYPES), links: true }
  readonly #options: Options
  readonly #markets = new Map<string, PaperMarket>()
  readonly #where = new Map<string, PaperMarket>()
  #lane: Promise<unknown> = Promise.resolve()
  /** Never fails. Requests that wait for the books will be in the lane: until then nobody is told that they are absent. */
  #arriving: Promise<unknown> = Promise.resolve()
  /** Steps of an older generation were made on a memory that is gone. */
  #generation = 0
  /** Under which the books in memory were read. */
  #epoch = 0
  #positions: PaperPositions
  #live = false
  #listener: (reports: readonly VenueReport[] | undefined) => void = () => undefined

  constructor(options: Options) {
    this.#options = options
    this.#positions = new PaperPositions(options)
    options.market.listen(this)
  }

  onReports(listener: (reports: readonly VenueReport[] | undefined) => void): void {
    this.#listener = listener
  }

  async place(clOrdId: string, approved: Approved<PlaceRequest>, epoch: number): Promise<Outcome> {
    const { venue, instrument, parent, oco } = approved.request
    const market = this.#market(instrumentKey(venue, instrument))
    // Of a group any order may have ended before the books were last read, whether or not its first is in memory.
    const isKnown = (id: string) => market.ended.has(id) || this.#where.has(id)
    const links = oco === undefined ? [] : [oco]
    if (parent !== undefined && !isKnown(parent)) links.push(parent)
    if (links.length > 0) {
      const recalled = this.#recall(market, links)
      this.#arriving = Promise.allSettled([this.#arriving, recalled]).then(() => undefined)
      await recalled
    }
    const request = { kind: 'place', clOrdId, origin: clOrdId, epoch, body: approved.request } as const
    return await this.#request(market, request, (nowUs) => simulated.placeOrder(market, clOrdId, approved, nowUs))
  }

  cancel(clOrdId: string, approved: Approved<CancelRequest>, epoch: number): Promise<Outcome> {
    const { origin } = approved.request
    const market = this.#where.get(origin)
    const request = { kind: 'cancel', clOrdId, origin, epoch, body: approved.request } as const
    return this.#request(market, request, (nowUs) =>
      market ? simulated.cancelOrder(market, clOrdId, approved, nowUs) : gone(),
    )
  }

  amend(clOrdId: string, approved: Approved<AmendRequest>, epoch: number): Promise<Outcome> {
    const { origin } = approved.request
    const market = this.#where.get(origin)
    const request = { kind: 'amend', clOrdId, origin, epoch, body: approved.request } as const
    return this.#request(market, request, (nowUs) =>
      market ? simulated.amendOrder(market, clOrdId, approved, nowUs) : gone(),
    )
  }

  /** An order that ended before the books were last read is not in memory; one that comes now may hang on it. */
  async #recall(market: PaperMarket, links: readonly string[]): Promise<void> {
    for (const link of links) {
      const orders = await this.#inLane(() => loadEnded(this.#options, link))
      for (const order of orders) if (!this.#where.has(order.clOrdId)) simulated.rememberEnded(market, order)
    }
  }

  async query(clOrdId: string, origin: string): Promise<Answer> {
    await this.#arriving
    return await this.#inLane(() => readAnswer(this.#options, clOrdId, origin))
  }

  async openOrders(): Promise<string[]> {
    return await this.#inLane(async () => (await loadOpen(this.#options)).map((order) => order.clOrdId))
  }

  async fillsAfter(cursor: number, limit: number): Promise<VenueFill[]> {
    return await this.#inLane(() => readFills(this.#options, cursor, limit))
  }

  async positions(): Promise<VenuePosition[]> {
    return await this.#inLane(() => this.#positions.now())
  }

  async recover(epoch: number): Promise<void> {
    this.#live = false
    this.#generation++
    this.#epoch = epoch
    await this.#lane.catch(() => undefined)
    this.#lane = Promise.resolve()
    this.#markets.clear()
    this.#where.clear()
    this.#positions = new PaperPositions(this.#options)
    const orders = await this.#inLane(() => loadOpen(this.#options))
    for (const position of await this.positions()) {
      const market = this.#market(instrumentKey(position.venue, position.instrument))
      const lots = stepsOf(position.quantity, market.instrument.lotSize, 'nearest')
      market.positions.set(position.subAccount, lots)
    }
    for (const order of orders) {
      const market = this.#market(instrumentKey(order.venue, order.instrument))
      simulated.restoreOrder(market, order)
      this.#where.set(order.clOrdId, market)
    }
    this.#forget()
  }

  resume(): void {
    this.#live = true
    for (const [key, market] of this.#markets)
      for (const event of this.#options.market.known(key)) this.#feed(market, event)
  }

  async stop(): Promise<void> {
    this.#live = false
    await this.#lane.catch(() => undefined)
  }

  onMarket(key: string, event: MarketEvent): void {
    const market = this.#live ? this.#markets.get(key) : undefined
    if (market) this.#feed(market, event)
  }

  onTime(nowUs: number): void {
    if (!this.#live) return
    for (const market of this.#markets.values()) {
      simulated.advance(market, nowUs)
      this.#keep(market)
    }
  }

  #feed(market: PaperMarket, event: MarketEvent): void {
    if (event.kind === 'tick') simulated.onTick(market, event.tick)
    else if (event.kind === 'quote') simulated.onQuote(market, event.quote)
    else simulated.onBook(market, event.book)
    this.#keep(market)
  }

  /** Commits what a market step changed, then reports it. */
  #keep(market: PaperMarket): void {
    if (market.sink.changed.size === 0 && market.sink.reports.length === 0) return
    const rows = this.#take(market)
    this.#commit((generation) => this.#write(rows, undefined, generation)).then(
      () => this.#listener(rows.reports),
      (error: unknown) => this.#broken(error),
    )
  }

  #take(market: PaperMarket): StepRows {
    const touched = simulated.takeTouched(market)
    for (const order of touched)
      if (order.state === 'done') this.#where.delete(order.clOrdId)
      else this.#where.set(order.clOrdId, market)
    const orders = touched.map((order) => structuredClone(order) as VenueOrder)
    return { orders, reports: simulated.takeReports(market), nowUs: market.nowUs }
  }

  async #request(
    market: PaperMarket | undefined,
    head: Omit<PaperRequest, 'outcome' | 'reason'>,
    step: (nowUs: number) => Received,
  ): Promise<Outcome> {
    if (!this.#live) throw new Error('the paper venue reads its books; it takes no request now')
    const received = step(this.#options.market.nowUs())
    const rows = market ? this.#take(market) : { orders: [], reports: [], nowUs: this.#options.market.nowUs() }
    const accepted = received.outcome === 'accepted'
    const request = { ...head, outcome: received.outcome, ...(accepted ? {} : { reason: received.reason }) }
    try {
      const written = await this.#commit((generation) => this.#write(rows, request, generation))
      if (written === 'duplicate') {
        this.#broken(new Error(`${head.clOrdId} was sent twice`))
        return { outcome: 'duplicate' }
      }
    } catch (error) {
      this.#broken(error)
      throw error
    }
    this.#listener(rows.reports)
    if (received.outcome === 'rejected') return received
    return { outcome: 'accepted', venueOrderId: received.order.venueOrderId }
  }

  async #write(rows: StepRows, request: PaperRequest | undefined, generation: number) {
    if (generation !== this.#generation) throw new Error('the step was made on a memory that is gone')
    if (request) crashPoint('orders.paper_before_commit')
    const written = request
      ? await writeRequest(this.#options, request, rows)
      : await writeStep(this.#options, this.#epoch, rows).then(() => 'written' as const)
    crashPoint('orders.paper_after_commit')
    return written
  }

  #commit<T>(work: (generation: number) => Promise<T>): Promise<T> {
    const generation = this.#generation
    return this.#inLane(() => work(generation))
  }

  #inLane<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(work, work)
    this.#lane = done.catch(() => undefined)
    return done
  }

  #broken(error: unknown): void {
    if (!this.#live) return
    this.#options.log.warn({ err: error, account: this.#options.account }, 'the paper venue reads its books anew')
    this.#live = false
    this.#generation++
    this.#listener(undefined)
  }

  #market(key: string): PaperMarket {
    const known = this.#markets.get(key)
    if (known) return known
    const instrument = this.#options.instrumentOf(key)
    if (!instrument) throw new Error(`${key} is not a known instrument`)
    const market = simulated.newMarket(instrument, this.#options.settings)
    this.#markets.set(key, market)
    if (this.#live) for (const event of this.#options.market.known(key)) this.#feed(market, event)
    return market
  }

  /** What reading the books moved is not a change of them. */
  #forget(): void {
    for (const market of this.#markets.values()) {
      simulated.takeTouched(market)
      simulated.takeReports(market)
    }
  }
}

const gone = (): Received => ({
  outcome: 'rejected',
  reason: { code: 'UNKNOWN_ORDER', text: 'UNKNOWN_ORDER: it is not open here' },
})
