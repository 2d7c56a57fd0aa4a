import { parseDecimal } from '@contrail/contracts'
import type { Level, RawEvent } from '../port.ts'
import type { SyntheticInstrument } from './instruments.ts'
import { createRandom, seedOf } from './random.ts'
import type { Random } from './random.ts'

/** The market moves in steps of this length; a step is a pure function of the seed and the steps before it. */
export const STEP_MS = 100
const STEPS_PER_BOOK = 5
const BOOK_LEVELS = 10
/** Regimes last this long, seconds: long enough to be seen as a trend, short enough to change while one watches. */
const REGIME_S = { low: 25, high: 110 }

/** Swings around the fair price: without them an average of seconds would not cross another in a whole trend. */
const WAVE = { seconds: 8, size: 6e-4 }

export type MarketOptions = {
  seed: number
  /** Trades per second. */
  ratePerSecond: number
  startPrice: number
  /** Trade ids count on from here. */
  firstTradeId: number
}

type Regime = { kind: 'trend' | 'reverting'; driftPerSecond: number; anchor: number; steps: number }

/** One instrument: regimes of trend and reversion, a spread, trades that hit it, ten levels of depth. */
export class SyntheticMarket {
  readonly #instrument: SyntheticInstrument
  readonly #options: MarketOptions
  readonly #random: Random
  readonly #tick: Grid
  readonly #lot: Grid
  #fair: number
  /** Relative distance of the price from the fair one. */
  #wave = 0
  #price: number
  #regime: Regime
  #step = 0
  #tradeId: number
  #updateId = 0
  #bidTicks = 0
  #askTicks = 0

  constructor(instrument: SyntheticInstrument, options: MarketOptions) {
    this.#instrument = instrument
    this.#options = options
    this.#random = createRandom(seedOf(options.seed, instrument.instrument))
    this.#tick = grid(instrument.tickSize)
    this.#lot = grid(instrument.lotSize)
    this.#fair = options.startPrice
    this.#price = options.startPrice
    this.#tradeId = options.firstTradeId
    this.#regime = this.#nextRegime()
  }

  /** What happens in the step that ends at `endUs`. */
  next(endUs: number): RawEvent[] {
    const startUs = endUs - STEP_MS * 1000
    const events: RawEvent[] = []
    const moved = this.#move()
    this.#quote(startUs, moved, events)
    const count = this.#random.poisson((this.#options.ratePerSecond * STEP_MS) / 1000)
    for (let i = 0; i < count; i++) {
      const atUs = startUs + Math.floor(((i + 1) * STEP_MS * 1000) / (count + 1))
      events.push(this.#trade(atUs, moved))
    }
    if (this.#step % STEPS_PER_BOOK === 0) events.push(this.#book(endUs))
    this.#step++
    return events
  }

  /** Moves the fair price; the relative move. */
  #move(): number {
    if (--this.#regime.steps <= 0) this.#regime = this.#nextRegime()
    const seconds = STEP_MS / 1000
    const before = this.#fair
    const { kind, driftPerSecond, anchor } = this.#regime
    const noise = (kind === 'trend' ? 1e-4 : 2e-4) * Math.sqrt(seconds) * this.#random.normal()
    const pull = kind === 'trend' ? driftPerSecond : 0.12 * Math.log(anchor / before)
    // A weak pull to where the world began keeps a market that runs for weeks from wandering off the grid.
    const home = 5e-5 * Math.log(this.#instrument.startPrice / before)
    this.#fair = before * Math.exp((pull + home) * seconds + noise)
    const wave = this.#wave
    this.#wave +=
      -wave * (seconds / WAVE.seconds) + WAVE.size * Math.sqrt((2 * seconds) / WAVE.seconds) * this.#random.normal()
    const priceBefore = this.#price
    this.#price = this.#fair * Math.exp(this.#wave)
    return this.#price / priceBefore - 1
  }

  #nextRegime(): Regime {
    const kind = this.#random.next() < 0.55 ? 'trend' : 'reverting'
    const sign = this.#random.next() < 0.5 ? -1 : 1
    const steps = Math.round((this.#random.between(REGIME_S.low, REGIME_S.high) * 1000) / STEP_MS)
    const driftPerSecond = sign * this.#random.between(0.2e-4, 0.8e-4)
    return { kind, driftPerSecond, anchor: this.#fair * (1 + sign * this.#random.between(0, 0.002)), steps }
  }

  #quote(atUs: number, moved: number, events: RawEvent[]): void {
    const half = this.#price * (0.4e-4 + Math.abs(moved) * 0.5)
    const bidTicks = Math.max(1, Math.floor((this.#price - half) / this.#tick.step))
    const askTicks = Math.max(bidTicks + 1, Math.ceil((this.#price + half) / this.#tick.step))
    if (bidTicks === this.#bidTicks && askTicks === this.#askTicks) return
    this.#bidTicks = bidTicks
    this.#askTicks = askTicks
    events.push({
      kind: 'quote',
      instrument: this.#instrument.instrument,
      venueTimeUs: atUs,
      bid: this.#tick.at(bidTicks),
      bidQuantity: this.#quantity(4),
      ask: this.#tick.at(askTicks),
      askQuantity: this.#quantity(4),
      updateId: ++this.#updateId,
    })
  }

  #trade(atUs: number, moved: number): RawEvent {
    const buy = this.#random.next() < 0.5 + Math.max(-0.35, Math.min(0.35, moved * 4000))
    return {
      kind: 'trade',
      instrument: this.#instrument.instrument,
      venueTimeUs: atUs,
      tradeId: String(this.#tradeId++),
      side: buy ? 'buy' : 'sell',
      price: this.#tick.at(buy ? this.#askTicks : this.#bidTicks),
      quantity: this.#quantity(1),
    }
  }

  #book(atUs: number): RawEvent {
    const bids: Level[] = []
    const asks: Level[] = []
    for (let i = 0; i < BOOK_LEVELS; i++) {
      if (this.#bidTicks - i > 0) bids.push([this.#tick.at(this.#bidTicks - i), this.#quantity(4 + i)])
      asks.push([this.#tick.at(this.#askTicks + i), this.#quantity(4 + i)])
    }
    const updateId = ++this.#updateId
    return {
      kind: 'snapshot',
      instrument: this.#instrument.instrument,
      venueTimeUs: atUs,
      updateId,
      bids,
      asks,
    }
  }

  /** Log-normal around `times` usual trades, whole lots, never none. */
  #quantity(times: number): number {
    const base = ((this.#instrument.tradeNotional * times) / this.#price) * Math.exp(0.8 * this.#random.normal())
    return this.#lot.at(Math.max(1, Math.round(base / this.#lot.step)))
  }
}

type Grid = { step: number; at(count: number): number }

/** Whole steps as the double that the decimal text would read as: one rounding, not two. */
function grid(size: string): Grid {
  const { units, scale } = parseDecimal(size)
  const whole = Number(units)
  const divisor = 10 ** scale
  return { step: whole / divisor, at: (count) => (count * whole) / divisor }
}
